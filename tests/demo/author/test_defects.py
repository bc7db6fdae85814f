import json
import random

import pytest

from stark_udfs.demo.author.defects import REFUSALS, spoil
from stark_udfs.settings.chat_models import Defects

TEXT = json.dumps({"personas": [{"sentence": "It's tea I like.", "key": "drink", "value": "tea"} for _ in range(5)]})


def spoiled(**shares: float) -> str:
    return spoil(TEXT, Defects(**shares), random.Random(1), "u1").text


def describe_spoil():
    def it_leaves_a_reply_alone_without_shares():
        assert spoiled() == TEXT

    def it_fences():
        assert spoiled(fenced=1).startswith("```")
        assert spoiled(fenced=1).endswith("```")

    def it_adds_prose_around_the_whole_reply():
        assert TEXT in spoiled(prose=1)
        assert spoiled(prose=1) != TEXT

    def it_drops_a_key_of_one_item():
        items = json.loads(spoiled(missing_key=1))["personas"]
        assert sorted(len(item) for item in items) == [2, 3, 3, 3, 3]

    def it_cuts_off_and_says_so():
        said = spoil(TEXT, Defects(truncated=1), random.Random(1), "u1")
        assert said.finish_reason == "length"
        assert TEXT.startswith(said.text)
        with pytest.raises(json.JSONDecodeError):
            json.loads(said.text)

    def it_renames_a_key_of_every_item():
        items = json.loads(spoiled(wrong_key=1))["personas"]
        assert all(len(item) == 3 and set(item) != {"sentence", "key", "value"} for item in items)

    def it_spoils_replies_without_items():
        text = json.dumps({"inference": "sing"})
        assert "inference" not in json.loads(spoil(text, Defects(wrong_key=1), random.Random(1), "u1").text)
        assert json.loads(spoil(text, Defects(missing_key=1), random.Random(1), "u1").text) == {}

    def it_refuses_a_unit_at_every_attempt():
        said = {spoil(TEXT, Defects(refusal=1), random.Random(attempt), "u1").text for attempt in range(5)}
        assert len(said) == 1
        assert said <= set(REFUSALS)

    def it_keeps_to_the_shares():
        shares = Defects(fenced=0.1, prose=0.1, truncated=0.1)
        rng = random.Random(1)
        touched = sum(spoil(TEXT, shares, rng, f"u{n}").text != TEXT for n in range(2000))
        assert 500 < touched < 700
