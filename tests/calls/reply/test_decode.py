import json
import random
import time

import pytest
from pydantic import Field

from stark_udfs.calls.reply.decode import decode
from stark_udfs.core.records import ReplySchema
from stark_udfs.core.rejects import Reject, RejectReason
from tests.calls.asks import GOOD, Basket, Loaf


class Weighed(ReplySchema):
    grams: float = 0.0
    count: int = 0
    note: str = Field("", max_length=50)


class Measured(ReplySchema):
    grams: float | None
    note: str = ""


def reason(text: str, shape: type[ReplySchema] = Basket) -> RejectReason:
    verdict = decode(text, shape)
    assert isinstance(verdict, Reject), verdict
    return verdict.reason


def describe_decode():
    @pytest.mark.parametrize(
        "text",
        [
            GOOD,
            f"```json\n{GOOD}\n```",
            f"```\n{GOOD}",
            f"Here is what you asked for:\n\n{GOOD}\n\nI hope [this] helps {{a lot}}!",
            f"The form {{flour, grams}} it is: {GOOD}",
            f'<think>maybe {{"loaves": []}}?</think>\n{GOOD}',
            GOOD.replace("}]", "},]"),
            GOOD.replace('"', "'"),
            GOOD.replace('"rye"', "\u201crye\u201d"),
            json.dumps(json.loads(GOOD)["loaves"]),
            "\ufeff" + GOOD,
        ],
    )
    def it_takes_what_models_make_of_json(text):
        basket = decode(text, Basket)
        assert isinstance(basket, Basket)
        assert basket.loaves == [Loaf(flour="rye", grams=500), Loaf(flour="spelt", grams=750)]

    def it_names_the_place_and_says_what_is_wrong():
        wrong = GOOD.replace("750", '"many"')
        assert decode(wrong, Basket) == Reject(
            reason=RejectReason.WRONG_SHAPE,
            detail="loaves.1.grams: Input should be a valid integer, unable to parse string as an integer",
        )

    def it_bounds_what_it_says():
        many = json.dumps({"loaves": [{"flour": "x" * 999}] * 100})
        verdict = decode(many, Basket)
        assert isinstance(verdict, Reject)
        assert len(verdict.detail) <= 500
        assert verdict.detail.endswith("and 95 more")

    @pytest.mark.parametrize(
        "text",
        [
            "I'm sorry, but I can't help with that.",
            "I\u2019m afraid I cannot write about this person.",
            "Unfortunately, I am not able to do so.",
            "As an AI language model, I do not bake.",
            "I apologize, but this goes too far.",
        ],
    )
    def it_knows_a_refusal(text):
        assert reason(text) is RejectReason.REFUSED

    def it_takes_no_answer_that_only_begins_sorry_for_a_refusal():
        assert isinstance(decode(f"I'm sorry for the delay! {GOOD}", Basket), Basket)

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("", RejectReason.EMPTY),
            (" \n", RejectReason.EMPTY),
            ("<!DOCTYPE html><html><body>502</body></html>", RejectReason.NOT_JSON),
            ("rye, spelt", RejectReason.NOT_JSON),
            (GOOD[:40], RejectReason.NOT_JSON),
            ("null", RejectReason.WRONG_SHAPE),
            ("[" * 50_000, RejectReason.NOT_JSON),
            ('{"a":' * 50_000, RejectReason.NOT_JSON),
            ("x" * 1_000_001, RejectReason.TOO_LONG),
        ],
    )
    def it_rejects_the_rest_with_a_reason(text, expected):
        assert reason(text) is expected

    @pytest.mark.parametrize(
        "text",
        [
            '{"count": 99999999999999999999}',
            '{"grams": 1e999}',
            '{"grams": NaN}',
            '{"grams": -Infinity}',
            '{"count": 1e400}',
        ],
    )
    def it_lets_no_number_through_that_a_column_cannot_hold(text):
        assert isinstance(decode(text, Weighed), Reject)

    def it_replaces_what_no_table_holds():
        weighed = decode(r'{"note": "a\u0000b\ud800c\\u0000"}', Weighed)
        assert weighed == Weighed(note="a\ufffdb\ufffdc\\u0000")
        assert decode('{"note": "a\x00b\ud800c"}', Weighed) == Weighed(note="a\ufffdb\ufffdc")

    def it_keeps_pairs_of_surrogates_that_are_a_character():
        assert decode(r'{"note": "\ud83d\ude00"}', Weighed) == Weighed(note="😀")

    def it_keeps_complete_items_only_when_told_to():
        text = f"```json\n{GOOD[:-5]}"
        assert reason(text) is RejectReason.NOT_JSON
        assert decode(text, Basket, keep_items=True) == Basket(loaves=[Loaf(flour="rye", grams=500)])

    def it_reads_nan_as_null():
        assert decode('{"grams": NaN, "note": "a"}', Measured) == Measured(grams=None, note="a")

    @pytest.mark.parametrize("colon", [":", " :", "\n:", "\t: ", "  : "])
    def it_loses_no_list_that_stands_twice_however_it_is_written(colon):
        one, two = '[{"flour": "rye", "grams": 1}]', '[{"flour": "oat", "grams": 2}]'
        basket = decode(f'{{"loaves"{colon}{one}, "lo\\u0061ves":{two}}}', Basket)
        assert isinstance(basket, Basket)
        assert [loaf.flour for loaf in basket.loaves] == ["rye", "oat"]

    def it_takes_an_unknown_name_that_holds_no_items():
        text = '{"loaves": [{"flour": "rye", "grams": 1, "why": "\\": {x}"}], "notes": ["a", {"b": 1}]}'
        assert decode(text, Basket) == Basket(loaves=[Loaf(flour="rye", grams=1)])

    def it_takes_nothing_of_other_names_for_a_shape_that_needs_none():
        assert reason('{"result": {"weight": 3}}', Weighed) is RejectReason.WRONG_SHAPE
        assert decode('{"result": {"Count": 3}}', Weighed) == Weighed(count=3)
        assert decode("```\n{}\n```", Weighed) == Weighed()

    def it_takes_the_last_of_two_values_of_one_name():
        assert decode('{"count": 1, "count": 2}', Weighed) == Weighed(count=2)


def describe_hostile_text():
    def it_never_raises():
        draw = random.Random(42)
        pieces = [
            *GOOD,
            "```",
            "\\u",
            "\\",
            "\ud800",
            "\x00",
            "“",
            "'",
            "{",
            "[",
            "NaN",
            "9" * 30,
            "<html>",
            "//",
            "I'm sorry",
        ]
        for _ in range(4_000):
            text = list(GOOD)
            for _ in range(draw.randrange(1, 12)):
                place = draw.randrange(len(text))
                text[place : place + draw.randrange(3)] = draw.choice(pieces)
            text = "".join(text)[: draw.randrange(1, 200)]
            verdict = decode(text, Basket, keep_items=draw.random() < 0.5)
            assert isinstance(verdict, Basket | Reject), text
            verdict.model_dump_json()

    def it_never_raises_for_noise():
        draw = random.Random(7)
        for _ in range(2_000):
            text = "".join(chr(draw.choice((draw.randrange(128), draw.randrange(0x11000)))) for _ in range(60))
            assert isinstance(decode(text, Basket), Basket | Reject)

    @pytest.mark.parametrize(
        "text",
        [
            "{" * 900_000,
            '{"loaves": [' + '{"flour": "rye", ' * 50_000,
            "```json\n" * 100_000,
            '"' * 900_000,
            "[" + "//" * 400_000,
            '{"loaves": ["' + "\\" * 900_001,
            "I'm sorry " * 90_000,
            "<think>" * 100_000,
        ],
    )
    def it_is_done_soon(text):
        begun = time.process_time()
        assert isinstance(decode(text, Basket), Reject)
        assert time.process_time() - begun < 3.0
