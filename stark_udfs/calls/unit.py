"""One unit of a partition: what is asked of it, what that used, and what became of it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from stark_udfs.calls.errors import CallFailed
from stark_udfs.calls.request import Reply
from stark_udfs.calls.retry import AnsweredCall
from stark_udfs.calls.sequence import CallSequence, OpenCall
from stark_udfs.core.records import ReplySchema
from stark_udfs.core.rejects import Reject

STOPPED = "stopped"  # why a unit or an image task stays open when nothing further may be sent

UnitState = Literal["done", "rejected", "open"]


@dataclass(frozen=True)
class CallUnit:
    """A conversation to be had, its bucket of the journal, and the replies that are there already, by key."""

    conversation: CallSequence
    bucket: int
    known: Mapping[str, Reply] = field(default_factory=dict)


@dataclass(frozen=True)
class UnitEnd:
    """What became of one unit in this run.

    state: done and rejected are verdicts; open: no verdict, ask again another time.
    reason: of a rejected unit, one of `Reason`; of an open one, `stopped` or the kind of the failure.
    asked, tokens, money: of the replies paid now. reused: replies that were there.
    accepted: what the accepted replies say, round by round; used: the replies it rests on, whoever paid them.
    """

    unit_key: str
    bucket: int
    state: UnitState
    reason: str = ""
    detail: str = ""
    asked: int = 0
    reused: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    money: float = 0.0
    accepted: tuple[ReplySchema, ...] = ()
    used: tuple[Reply, ...] = ()


@dataclass
class UnitTally:
    """What one unit has used so far, and the future of its last reply's durability."""

    asked: int = 0
    reused: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    money: float = 0.0
    accepted: tuple[ReplySchema, ...] = ()
    used: list[Reply] = field(default_factory=list)
    durable: "asyncio.Future[None] | None" = None


def reply_of(unit: CallUnit, step: OpenCall, answered: AnsweredCall, *, run_id: str, replied_at: str) -> Reply:
    """The stored form of an answer to the unit's open call."""
    sequence, request, answer = unit.conversation, step.request, answered.answer
    return Reply(
        stage=sequence.stage,
        unit_key=sequence.unit_key,
        round=step.round,
        attempt=request.attempt,
        key=request.key,
        request=request.written,
        reply=answer.text,
        finish_reason=answer.finish_reason,
        model_returned=answer.model_returned,
        provider=request.provider,
        tokens_in=answer.tokens_in,
        tokens_out=answer.tokens_out,
        money=sequence.terms.cost(answer.tokens_in, answer.tokens_out),
        seconds=round(answered.seconds, 4),
        tries=answered.tries,
        run_id=run_id,
        replied_at=replied_at,
    )


def unit_end(unit: CallUnit, state: UnitState, tally: UnitTally, why: Reject | Exception | None) -> UnitEnd:
    """The end of a unit with what it used; `why` it is rejected or open."""
    if isinstance(why, Reject):
        reason, detail = why.reason.value, why.detail
    elif isinstance(why, CallFailed):
        reason, detail = why.kind.value, why.detail
    else:
        reason, detail = (STOPPED, str(why)) if why else ("", "")
    return UnitEnd(
        unit_key=unit.conversation.unit_key,
        bucket=unit.bucket,
        state=state,
        reason=reason,
        detail=detail,
        asked=tally.asked,
        reused=tally.reused,
        tokens_in=tally.tokens_in,
        tokens_out=tally.tokens_out,
        money=tally.money,
        accepted=tally.accepted,
        used=tuple(tally.used),
    )
