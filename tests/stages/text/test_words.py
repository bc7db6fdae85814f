from stark_udfs.core.english import jaccard, words_of
from stark_udfs.stages.text.words import clean, excerpt


def describe_clean():
    def it_makes_one_line_without_control_and_format_characters():
        assert clean(" a\tb\r\nc\x00d\u200b\u202ee \ud800f ") == "a b c de f"

    def it_keeps_what_belongs_to_writing():
        assert clean("👩\u200d🔬 – “çà”") == "👩\u200d🔬 – “çà”"

    def it_leaves_one_space_between_words():
        assert clean("  a   b\u00a0 c ") == "a b c"
        assert clean("  plain   text ") == "plain text"

    def it_composes_accents():
        assert clean("e\u0301") == "é"


def describe_excerpt():
    def it_bounds_the_text():
        assert excerpt("x" * 1000, 10) == "xxxxxxxxx…"
        assert excerpt("short") == "short"


def describe_jaccard():
    def it_counts_words_once_and_without_case():
        assert jaccard(words_of("The cat, the CAT!"), words_of("a cat")) == 1 / 3

    def it_holds_two_empty_texts_equal():
        assert jaccard(words_of(""), words_of("…")) == 1.0
