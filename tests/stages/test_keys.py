"""One golden key per chat stage: when one of these moves, users pay again. Say so in CHANGELOG."""

import json
from pathlib import Path
from typing import Any

import pytest

from stark_udfs.calls.sequence import ChatSequence, OpenCall, advance
from stark_udfs.engine.stage import AnyChatStage, ChatStage
from stark_udfs.stages.pipeline import load_settings, stages

FOLDER = Path(__file__).parent.parent / "replies"
OVERRIDES = [
    "models.default.provider=openai",
    "models.default.name=golden",
    "judgements.share=1",
    "probes.phrasing=model",
]
STAGES = {s.name: s for s in stages(load_settings("base", overrides=OVERRIDES)) if isinstance(s, ChatStage)}
GOLDEN = json.loads((FOLDER / "golden_keys.json").read_text())


def first_key(stage: AnyChatStage) -> str:
    """The key of a stage's first call about the first recorded row, or about its example where none is recorded."""
    row: Any = stage.example and stage.example.row
    if (path := FOLDER / f"{stage.name}.jsonl").exists():
        row = stage.each.model_validate(json.loads(path.read_text("utf-8").splitlines()[0])["row"])
    conversation = ChatSequence(stage.name, str(getattr(row, stage.unit)), row, stage.ask, stage.chat)
    end = advance(conversation, {})
    assert isinstance(end, OpenCall)
    return end.request.key


def describe_keys():
    @pytest.mark.parametrize("name", sorted(STAGES))
    def it_has_not_moved(name: str):
        assert first_key(STAGES[name]) == GOLDEN[name]

    def there_is_one_for_every_stage():
        assert GOLDEN.keys() == STAGES.keys()

    def they_do_not_depend_on_prices_limits_or_addresses():
        cheaper = [*OVERRIDES, "models.default.price.input=9", "models.default.in_flight=3"]
        cheaper.append("models.default.base_url=http://elsewhere/v1")
        moved = {s.name: s for s in stages(load_settings("base", overrides=cheaper)) if isinstance(s, ChatStage)}
        assert first_key(moved["personas"]) == GOLDEN["personas"]
