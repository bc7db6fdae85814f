"""Asks a chat stage's model in this process: real requests, replies and parser, without Spark and without a journal.

For models that cost nothing: nothing is kept, and a second time asks again.
"""

from collections.abc import Sequence
from typing import Any

from stark_udfs.calls.loop_thread import LoopThread
from stark_udfs.calls.providers.client import ChatClient, connect
from stark_udfs.calls.request import ChatRequest
from stark_udfs.calls.retry import AnsweredCall
from stark_udfs.calls.sequence import ChatSequence, SequenceEnd
from stark_udfs.calls.unit import CallUnit, reply_of
from stark_udfs.core.records import Record
from stark_udfs.core.rejects import Reject
from stark_udfs.engine.stage import AnyChatStage

ONCE = "1970-01-01T00:00:00Z"  # replies are not kept


def ask_inside(stage: AnyChatStage, rows: Sequence[Record]) -> list[dict[str, Any]]:
    """The stage's outputs for rows of its record, as dicts; what is rejected is left out."""
    with LoopThread() as loop:
        return loop.run(_all(stage, rows))


async def _all(stage: AnyChatStage, rows: Sequence[Record]) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    async with connect(stage.chat.model) as client:
        for row in rows:
            unit = CallUnit(ChatSequence(stage.name, getattr(row, stage.unit), row, stage.ask, stage.chat), bucket=0)
            end = await _asked(client, unit)
            outs = stage.parse(row, end.accepted)
            made += [one.model_dump() for one in outs if not isinstance(one, Reject)]
    return made


async def _asked(client: ChatClient, unit: CallUnit) -> SequenceEnd:
    talk = unit.conversation.talk()
    try:
        step = next(talk)
        while True:
            assert isinstance(step.request, ChatRequest)
            answer = await client.complete(step.request)
            step = talk.send(reply_of(unit, step, AnsweredCall(answer, 0.0, 1), run_id="", replied_at=ONCE))
    except StopIteration as end:
        done: SequenceEnd = end.value
        return done
