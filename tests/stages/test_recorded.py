"""Replies of a real model, served over HTTP to the real client, decoded and parsed by the stages."""

import asyncio
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from stark_udfs.calls.policy import ChatPolicy
from stark_udfs.calls.providers.client import Completion, connect
from stark_udfs.calls.reply.decode import decode
from stark_udfs.calls.request import ChatRequest
from stark_udfs.core.records import ReplySchema
from stark_udfs.core.rejects import Reject
from stark_udfs.engine.stage import AnyChatStage, ChatStage
from stark_udfs.stages.pipeline import load_settings, stages
from tests.engine.servers import Guide, serving
from tests.engine.toy import model

FOLDER = Path(__file__).parent.parent / "replies"
STAGES = {stage.name: stage for stage in stages(load_settings("demo")) if isinstance(stage, ChatStage)}
RECORDED = sorted(path.stem for path in FOLDER.glob("*.jsonl"))
NO_FAULT = {"too_few_sessions", "withheld_minor", "real_person"}  # an unfinished episode; a picture rightly held back


def asked(
    stage: AnyChatStage, url: str, record: dict[str, Any]
) -> tuple[Any, tuple[ReplySchema, ...], ReplySchema | Reject]:
    """The row, the shapes of the rounds before, and what the decoder makes of the recorded reply."""
    row = stage.each.model_validate(record["row"])
    earlier: tuple[ReplySchema, ...] = ()
    for said in record["earlier"]:
        earlier += (stage.ask(row, earlier).shape.model_validate(said),)
    prompt = stage.ask(row, earlier)
    chat = ChatPolicy(model=model(url), parameters={}, reply_tokens=4096, reasks=0, seed=1)
    answer = asyncio.run(once(chat, chat.request(prompt, unit_key="recorded", round=len(earlier))))
    return row, earlier, decode(answer.text, prompt.shape)


async def once(chat: ChatPolicy, request: ChatRequest) -> Completion:
    async with connect(chat.model) as client:
        return await client.complete(request)


def verdict(
    stage: AnyChatStage, row: Any, earlier: tuple[ReplySchema, ...], said: ReplySchema | Reject
) -> Counter[str]:
    """Of one reply: "accepted", or the reasons of its rejects that are its own fault."""
    if isinstance(said, Reject):
        return Counter({said.reason.value: 1})
    before = [item.reason for item in stage.parse(row, earlier) if isinstance(item, Reject)] if earlier else []
    items = stage.parse(row, (*earlier, said))
    reasons = Counter(
        item.reason.value
        for item in items
        if isinstance(item, Reject) and item.reason not in before and item.reason.value not in NO_FAULT
    )
    rows = len([item for item in items if not isinstance(item, Reject)])
    return reasons + Counter({"accepted": rows if stage.name == "personas" else int(not reasons)})


def describe_recorded_replies():
    @pytest.mark.parametrize("name", RECORDED)
    def it_accepts_nine_of_ten_at_first_parse(name: str, record_property: Any):
        records = [json.loads(line) for line in (FOLDER / f"{name}.jsonl").read_text("utf-8").splitlines()]
        found: Counter[str] = Counter()
        guide = Guide()
        with serving(guide) as url:
            for record in records:
                guide.answer = lambda prompt, number, text=record["reply"]: text
                found += verdict(STAGES[name], *asked(STAGES[name], url, record))
        record_property("verdicts", dict(found))
        assert len(records) >= 20
        assert found["accepted"] / found.total() >= 0.9, dict(found)
