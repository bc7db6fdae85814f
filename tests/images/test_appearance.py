import re

import pytest

from stark_udfs.core.english import article, listed
from stark_udfs.core.rejects import Reject, RejectReason
from stark_udfs.images.appearance import Face, country, draw_face
from stark_udfs.images.wardrobe import piece_of, pool
from stark_udfs.settings.people import Gender

WOMAN = Gender(
    word="woman", noun="woman", child_noun="girl", subject="she", object="her", possessive="her", counts_as="female"
)
MAN = Gender(word="man", noun="man", child_noun="boy", subject="he", object="him", possessive="his", counts_as="male")
NEITHER = Gender(
    word="non-binary person",
    noun="person",
    child_noun="child",
    subject="they",
    object="them",
    possessive="their",
    counts_as="both",
)


def face(seed: int, age: int = 30, gender: Gender = WOMAN, birthplace: str = "Japan") -> Face:
    drawn = draw_face(age=age, gender=gender, birthplace=birthplace, seed=seed, min_age=18)
    assert isinstance(drawn, Face)
    return drawn


def faces(count: int = 400, **person: object) -> list[Face]:
    return [face(seed, **person) for seed in range(count)]  # type: ignore[arg-type]


def describe_draw_face():
    @pytest.mark.parametrize("age", [0, 10, 14, 17])
    def nobody_under_age_gets_one(age: int):
        refused = draw_face(age=age, gender=WOMAN, birthplace="Japan", seed=1, min_age=18)
        assert isinstance(refused, Reject)
        assert refused.reason is RejectReason.WITHHELD_MINOR

    def the_age_is_the_settings():
        assert isinstance(draw_face(age=20, gender=WOMAN, birthplace="Japan", seed=1, min_age=21), Reject)
        assert isinstance(draw_face(age=18, gender=WOMAN, birthplace="Japan", seed=1, min_age=18), Face)

    def it_depends_on_the_seed_alone():
        assert face(5) == face(5)
        assert len({drawn.description for drawn in faces(100)}) == 100

    def its_sentence_opens_as_the_papers_does():
        opening = re.compile(r"An? (full-body shot|nearly full-body shot|upper body shot|portrait shot|headshot), (.*)")
        for drawn in faces(60):
            found = opening.match(drawn.description)
            assert found
            assert found[2].startswith("a 30-year-old woman from Japan, with ")
            assert drawn.description.endswith(f", in front of {drawn.background}.")
            assert "  " not in drawn.description

    def it_speaks_of_every_gender_as_the_settings_do():
        assert (
            "a 40-year-old non-binary person from the United States"
            in face(1, 40, NEITHER, "United States").description
        )
        assert "an 80-year-old man from Egypt" in face(1, 80, MAN, "Egypt").description

    def it_says_every_fixed_trait_and_every_piece():
        for drawn in faces(60, gender=MAN):
            assert drawn.traits.phrase() in drawn.description
            assert drawn.traits.hair in drawn.traits.phrase()
            assert all(piece in drawn.description for piece in drawn.clothing.worn)

    def skin_is_drawn_apart_from_birthplace_and_never_said():
        assert {drawn.traits.tone for drawn in faces(200)} == set(range(8))
        assert [face(n, birthplace="Japan").traits for n in range(50)] == [
            face(n, birthplace="Brazil").traits for n in range(50)
        ]
        assert not any("skin" in drawn.description for drawn in faces(200))


def describe_traits_that_fit():
    def hair_turns_grey_with_age():
        grey = set(pool().hair.grey)
        young = sum(drawn.traits.hair_colour in grey for drawn in faces(age=25))
        old = sum(drawn.traits.hair_colour in grey for drawn in faces(age=80))
        assert young == 0
        assert old > 250

    def a_shaved_head_has_no_colour_and_none_is_shaved_young():
        shaved = [drawn.traits for drawn in faces(gender=MAN, age=50) if drawn.traits.hair_style == "bald"]
        assert shaved
        assert all(traits.hair_colour == "" for traits in shaved)
        assert not any(drawn.traits.hair_style in ("bald", "balding") for drawn in faces(gender=MAN, age=19))

    def lengths_belong_to_their_style():
        lengths = {style.name: style.lengths for style in pool().hair.styles}
        for drawn in faces(gender=NEITHER):
            assert drawn.traits.hair_length in lengths[drawn.traits.hair_style]

    def beards_go_with_the_gender():
        assert not any(drawn.traits.facial_hair for drawn in faces(gender=WOMAN))
        assert 100 < sum(bool(drawn.traits.facial_hair) for drawn in faces(gender=MAN)) < 260

    def all_may_wear_all_who_are_neither():
        kinds = {drawn.clothing.worn[0].split(" with ")[0].split()[-1] for drawn in faces(gender=NEITHER)}
        assert {"dress", "shirt"} <= kinds
        assert not any(" dress" in drawn.description for drawn in faces(gender=MAN))


def describe_clothing_that_is_seen():
    def shoes_and_bottoms_are_in_full_shots_alone():
        shoes = re.compile("|".join(shoe.type for shoe in pool().shoes))
        for drawn in faces(gender=MAN):
            full = drawn.style in ("full-body", "nearly full-body")
            assert bool(shoes.search(drawn.description)) == full

    def a_tie_goes_with_a_shirt():
        ties = [drawn.clothing for drawn in faces(2000, gender=MAN) if drawn.clothing.small == "tie"]
        assert ties
        assert all(" shirt with" in clothing.worn[0] for clothing in ties)


def describe_pool():
    def every_group_offers_enough():
        words = pool()
        for group in (
            words.builds,
            words.face_shapes,
            words.eye_colours,
            words.features,
            words.glasses,
            words.facial_hair,
        ):
            assert len(set(group)) >= 6
        for group in (words.backgrounds, words.colours, words.patterns, words.graphics, words.hair.colours):
            assert len(set(group)) >= 8
        for entries in (
            words.tops,
            words.coats,
            words.bottoms,
            words.one_pieces,
            words.specials,
            words.shoes,
            words.bags,
            words.hats,
        ):
            assert len({entry.type for entry in entries}) >= 8

    def every_gender_finds_something_everywhere():
        for gender in (WOMAN, MAN, NEITHER):
            assert len(faces(300, gender=gender)) == 300


def describe_grammar():
    @pytest.mark.parametrize(
        ("words", "expected"),
        {
            "oval": "an",
            "upper body": "an",
            "8": "an",
            "18": "an",
            "80": "an",
            "11": "an",
            "81": "an",
            "30": "a",
            "uniform": "a",
        }.items(),
    )
    def articles_follow_the_sound(words: str, expected: str):
        assert article(words) == expected

    def plurals_have_no_article():
        assert piece_of("plain", "navy", "denim", "jeans") == "navy denim jeans"
        assert piece_of("striped", "red", "cotton", "dress") == "a striped red cotton dress"

    def lists_end_in_and():
        assert [listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])] == ["a", "a and b", "a, b and c"]

    def countries_have_their_article():
        assert [country("United Kingdom"), country("Japan"), country("Netherlands")] == [
            "the United Kingdom",
            "Japan",
            "the Netherlands",
        ]
