import pytest

from stark_udfs.calls.reply.lenient import CutOff, LenientReader, NotLenientJson


def read(text: str):
    return LenientReader(text).read()


def describe_lenient_reader():
    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ('{"a": [1, 2.5, -3e2]}', {"a": [1, 2.5, -300.0]}),
            ("{'a': 'it is', }", {"a": "it is"}),
            ('{\u201ca\u201d: \u201csaid "yes"\u201d}', {"a": 'said "yes"'}),
            ('{"a": True, "b": None, "c": false}', {"a": True, "b": None, "c": False}),
            ('{"a": "two\nlines"}', {"a": "two\nlines"}),
            ("[1, // first\n 2]", [1, 2]),
            (r'["\u00e9\ud83d\ude00\u0000\ud800\n\/"]', ["é😀\ufffd\ufffd\n/"]),
            ('{"a": 1, "a": 2}', {"a": 2}),
            ("[[], {}]", [[], {}]),
            ("[NaN, nan]", [None, None]),
            (
                '{\u201cname": 1, \u201dn\u201d: \u201dx\u201d, \u201eo\u201c: \u201ex\u201c}',
                {"name": 1, "n": "x", "o": "x"},
            ),
            ('{"a": [1], "b": 2, "a": [3]}', {"a": [1, 3], "b": 2}),
            ('{"a": [1], "b": 2, "a": [1, 3]}', {"a": [1, 3], "b": 2}),
        ],
    )
    def it_reads_almost_json(text, value):
        assert read(text) == value

    def it_says_where_the_value_ended():
        reader = LenientReader('so: {"a": 1} and more', 4)
        reader.read()
        assert reader.at == 12

    @pytest.mark.parametrize(
        "text",
        [
            "[1 2]",
            '["a" "b"]',
            "{a: 1}",
            '{"a" 1}',
            "[Infinity]",
            "[1e9999]",
            "[12345678901234567890]",
            "[os]",
            "[-NaN]",
            '{\u201ca\u201d: \u201cx", "b": \u201cy\u201d}',
        ],
    )
    def it_guesses_nothing(text):
        with pytest.raises(NotLenientJson):
            read(text)

    def it_goes_no_deeper_than_it_must():
        with pytest.raises(NotLenientJson, match="deeper than 64"):
            read("[" * 100_000)

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ('{"loaves": [{"a": 1}, {"a": ', {"loaves": [{"a": 1}]}),
            ('{"loaves": [{"a": 1}, {"a": 2}', {"loaves": [{"a": 1}, {"a": 2}]}),
            ('{"loaves": ["rye", "spe', {"loaves": ["rye"]}),
            ('{"loaves": [{"a": [1, 2', {"loaves": []}),
            ('{"name": "An', {}),
            ('{"n": 12', {}),
            ('["a\\', []),
        ],
    )
    def it_keeps_complete_items_of_a_text_that_ends_early(text, value):
        reader = LenientReader(text)
        assert reader.read() == value
        assert reader.cut

    def it_has_nothing_where_nothing_began():
        with pytest.raises(CutOff):
            read("   ")
