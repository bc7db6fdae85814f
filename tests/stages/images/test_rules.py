import re

import pytest

from stark_udfs.stages.images.image_plans.rules import (
    PROMPT_LIMIT,
    QUERY_LIMIT,
    class_word,
    cut,
    named,
    others_hidden,
    personal,
    plain,
    query_of,
)

LONG = "a wooden bridge over a green river with boats, lanterns and a market on both banks " * 20


def describe_named():
    def it_takes_a_name():
        assert named(" Frida  Kahlo ", "Hana Mori") == "Frida Kahlo"

    @pytest.mark.parametrize("said", ["", "none", "None", "N/A", "no", "Hana", "Hana Mori", "mori hana"])
    def it_takes_neither_a_no_nor_the_user(said: str):
        assert named(said, "Hana Mori") is None

    def it_is_bounded():
        assert len(named("Anna " * 100, "Hana Mori") or "") <= 80


def describe_personal():
    def _said(prompt: str, append: bool = False) -> str:
        made = personal(prompt, "woman", name="Hana Mori", append=append)
        assert len(re.findall(r"\bimg\b", made)) == 1
        assert re.search(r"[a-z]+ img\b", made)
        assert len(made) <= PROMPT_LIMIT
        assert len(made.split(" img")[0].split()) <= 31
        return made

    @pytest.mark.parametrize(
        ("prompt", "made"),
        [
            ("A photo of a woman img, reading", "A photo of a woman img, reading"),
            ("A photo of a woman [img], reading", "A photo of a woman img, reading"),
            ("A photo of a lady img in a boat", "A photo of a lady img in a boat"),
            ("A woman img near a woman img", "A woman img near a woman"),
            ("A photo of a woman, img, reading", "A photo of a woman img, reading"),
            ("A photo of a woman, reading", "A photo of a woman img, reading"),
            ("A bench by a canal", "a woman img, A bench by a canal"),
            ("img on a bench", "a woman img on a bench"),
            ("A photo of Hana img on a bench", "A photo of a woman img on a bench"),
            ("Hana Mori img on a bench", "a woman img on a bench"),
            ("A selfie img on a bench", "A selfie, a woman img on a bench"),
        ],
    )
    def it_has_one_trigger_after_a_class_word(prompt: str, made: str):
        assert _said(prompt) == made

    def it_appends_a_missing_trigger_as_the_paper_does():
        assert _said("A bench by a canal.", append=True) == "A bench by a canal, a woman img"

    def it_keeps_the_trigger_where_the_painter_reads():
        assert _said(f"{LONG} a woman img").startswith("a woman img, a wooden bridge")
        assert _said(LONG, append=True).startswith("a woman img, a wooden bridge")

    def it_does_without_a_name():
        assert personal("woman img", "woman", name="", append=False) == "woman img"


def describe_plain():
    def it_has_no_trigger_and_is_bounded():
        assert plain("A bench [img] by a canal img") == "A bench by a canal"
        assert len(plain(LONG)) <= PROMPT_LIMIT


def describe_class_word():
    def it_is_what_the_trigger_follows():
        assert class_word("a photo of a Woman img, reading") == "woman"
        assert class_word("a photo of a woman") is None


def describe_query_of():
    def _of(wanted: str, keywords: tuple[str, ...] = (), description: str = "A red tram on a hill.") -> str:
        return query_of(wanted, keywords, description, name="Hana Mori")

    def it_is_what_the_model_wants_else_the_keywords_else_the_description():
        assert _of("red tram Lisbon", ("tram",)) == "red tram Lisbon"
        assert _of(" ", ("tram", "hill")) == "tram hill"
        assert _of("") == "A red tram on a hill"

    def it_never_has_the_users_name():
        assert _of("Hana Mori at the harbour") == "at the harbour"
        assert _of("hana mori's boat") == "boat"
        assert _of("Hana's boat in the harbour") == "boat in the harbour"
        assert _of("Hana Mori") == "A red tram on a hill"

    @pytest.mark.parametrize(
        ("wanted", "query"),
        [
            ("https://evil.example/x?y=1 tram", "tram"),
            ("site:evil.example tram", "tram"),
            ("tram\u201d OR -hill <b>", "tram OR hill b"),
            ("a@b.example tram", "tram"),
            ("well-known tram & hill's top", "well-known tram & hill's top"),
        ],
    )
    def it_is_words_alone(wanted: str, query: str):
        assert _of(wanted) == query

    def it_is_bounded():
        assert len(_of(LONG)) <= QUERY_LIMIT


def describe_others_hidden():
    def it_reads_how_faces_are_hidden():
        assert others_hidden("a woman img, her friends seen from behind")
        assert others_hidden("a woman img beside somebody out of focus")
        assert not others_hidden("a woman img and her laughing friends")


def describe_cut():
    def it_ends_with_a_word():
        assert cut("one two three", 9) == "one two"
        assert cut("one two three", 13) == "one two three"
        assert cut("x" * 20, 5) == "xxxxx"
