"""One unit's conversation with a model: which call is open, given the replies that are there. Pure and replayable.

A round is asked until its reply has the shape. A bad reply is asked again with the error, at most `chat.reasks` times;
a refusal once; one that its limit cuts off once more with twice the limit, whatever `reasks` says.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from stark_udfs.calls.errors import OVERSIZE, CallError
from stark_udfs.calls.policy import CallPolicy, ChatPolicy
from stark_udfs.calls.providers.client import provider_of
from stark_udfs.calls.reply.decode import answered, decode, free_text
from stark_udfs.calls.reply.thoughts import TURN_OFF
from stark_udfs.calls.request import ChatRequest, FreeText, Message, Prompt, Reply, Request
from stark_udfs.core.ids import Json, digest
from stark_udfs.core.records import Record, ReplySchema
from stark_udfs.core.rejects import Reject, RejectReason

LONGEST_QUOTE = 4_000  # characters of a bad reply that are sent back with the error
ENDS: Mapping[str, RejectReason] = {  # reasons to finish that no further ask can mend
    "content_filter": RejectReason.CONTENT_FILTER,
    OVERSIZE: RejectReason.TOO_LONG,
    CallError.CONTEXT_LENGTH.value: RejectReason.CONTEXT_LENGTH,
    CallError.BAD_REQUEST.value: RejectReason.BAD_REQUEST,
}


@dataclass(frozen=True)
class ChatSequence:
    """One unit of work: its row, and how its stage asks about it. `redraw` n is the n-th new set of answers."""

    stage: str
    unit_key: str
    row: Record
    ask: Callable[[Any, Sequence[Any]], Prompt | None]  # the stage's; its row and shapes are of the stage's own types
    chat: ChatPolicy
    redraw: int = 0

    @property
    def terms(self) -> CallPolicy[Any]:
        """Those of the chat."""
        return self.chat

    def talk(self) -> "CallSteps":
        """The conversation from its beginning."""
        return chat_steps(self)


class CallSequence(Protocol):
    """One unit of work that is a matter of requests and replies, of whatever kind."""

    @property
    def stage(self) -> str:
        """The stage's name."""
        ...

    @property
    def unit_key(self) -> str:
        """The unit's key."""
        ...

    @property
    def row(self) -> Record:
        """The unit's row."""
        ...

    @property
    def terms(self) -> CallPolicy[Any]:
        """On what terms its requests are answered."""
        ...

    def talk(self) -> "CallSteps":
        """From the beginning: yields open calls, is sent their replies, returns the end."""
        ...


@dataclass(frozen=True)
class OpenCall:
    """The next call of a conversation: nobody has answered it yet."""

    request: Request
    round: int


@dataclass(frozen=True)
class SequenceEnd:
    """A conversation's end: what was accepted, round by round, and why it went no further, if something was wrong.

    used: the keys of all replies that it rests on, bad ones included, in order.
    """

    accepted: tuple[ReplySchema, ...]
    reject: Reject | None
    used: tuple[str, ...]


CallSteps = Generator[OpenCall, Reply, SequenceEnd]


def chat_steps(conversation: ChatSequence) -> CallSteps:
    """The conversation as a generator: yields open calls, is sent their replies, returns its end."""
    accepted: list[ReplySchema] = []
    used: list[str] = []
    while (prompt := conversation.ask(conversation.row, tuple(accepted))) is not None:
        first = _first(conversation, prompt, accepted)
        verdict = yield from _one_round(conversation.chat, prompt, first, len(accepted), used)
        if isinstance(verdict, Reject):
            return SequenceEnd(tuple(accepted), verdict.model_copy(update={"key": conversation.unit_key}), tuple(used))
        accepted.append(verdict)
    return SequenceEnd(tuple(accepted), None, tuple(used))


def advance(conversation: CallSequence, known: Mapping[str, Reply]) -> OpenCall | SequenceEnd:
    """The next open call, given the replies that are known by key; or the end."""
    talk = conversation.talk()
    try:
        step = next(talk)
        while (reply := known.get(step.request.key)) is not None:
            step = talk.send(reply)
    except StopIteration as end:
        done: SequenceEnd = end.value
        return done
    return step


def judge(reply: Reply, prompt: Prompt, *, last: bool) -> ReplySchema | Reject:
    """What a reply is worth; `last` where its limit cannot be raised again."""
    reason = ENDS.get(reply.finish_reason)
    if reason is not None:
        return Reject(reason=reason, detail=reply.reply[:500])
    if reply.finish_reason == "refusal":
        return Reject(reason=RejectReason.REFUSED, detail=reply.reply[:500])
    if reply.finish_reason == "length":
        kept = decode(reply.reply, prompt.shape, keep_items=True) if last and not prompt.whole else None
        if isinstance(kept, ReplySchema):
            return kept
        cut = f"cut off after {reply.tokens_out} tokens"
        if not answered(reply.reply):
            cut = f"{cut}, before the model answered: {TURN_OFF}"
        return Reject(reason=RejectReason.TOO_LONG, detail=cut)
    return free_text(reply.reply) if prompt.shape is FreeText else decode(reply.reply, prompt.shape)


def _one_round(
    chat: ChatPolicy, prompt: Prompt, first: ChatRequest, round: int, used: list[str]
) -> Generator[OpenCall, Reply, ReplySchema | Reject]:
    request = first
    reasks = chat.reasks
    raised = refused = False
    while True:
        reply = yield OpenCall(request, round)
        used.append(request.key)
        verdict = judge(reply, prompt, last=raised)
        if not isinstance(verdict, Reject):
            return verdict
        if reply.finish_reason == "length" and not raised:
            raised = True
            request = _with_twice_the_limit(request, chat)
            continue
        if reply.finish_reason in ENDS or reply.finish_reason == "length" or reasks == 0:
            return verdict
        if verdict.reason is RejectReason.REFUSED and refused:
            return verdict
        reasks -= 1
        refused = verdict.reason is RejectReason.REFUSED
        request = _again(first, request, reply, verdict)


def _first(conversation: ChatSequence, prompt: Prompt, accepted: Sequence[ReplySchema]) -> ChatRequest:
    reads_rows = provider_of(conversation.chat.model).reads_rows
    return conversation.chat.request(
        prompt,
        unit_key=conversation.unit_key,
        round=len(accepted),
        redraw=conversation.redraw,
        block=_block(conversation, prompt, accepted) if reads_rows else None,
    )


def _block(conversation: ChatSequence, prompt: Prompt, accepted: Sequence[ReplySchema]) -> dict[str, Json]:
    """What the offline author needs; draw and attempt are those of the request."""
    return {
        "stage": conversation.stage,
        "unit_key": conversation.unit_key,
        "round": len(accepted),
        "row": conversation.row.model_dump(mode="json"),
        "replies": [shape.model_dump(mode="json") for shape in accepted],
        "facts": dict(prompt.facts),
    }


def _with_twice_the_limit(request: ChatRequest, chat: ChatPolicy) -> ChatRequest:
    name = chat.model.token_limit
    limit = request.parameters.get(name)
    doubled = 2 * limit if isinstance(limit, int) else 2 * chat.reply_tokens
    return replace(request, parameters={**request.parameters, name: doubled}, attempt=request.attempt + 1)


def _again(first: ChatRequest, request: ChatRequest, reply: Reply, verdict: Reject) -> ChatRequest:
    """The next ask of a round: the same words after a refusal or an empty reply, else with the error added."""
    request = replace(request, attempt=request.attempt + 1)
    if verdict.reason in {RejectReason.REFUSED, RejectReason.EMPTY}:
        return replace(request, messages=first.messages, after="")
    told = (
        f"That reply cannot be used: {verdict.detail}.\n"
        "Send the whole answer again, as one JSON object of the form that was asked for and with nothing else."
    )
    messages = (*first.messages, Message("assistant", reply.reply[:LONGEST_QUOTE]), Message("user", told))
    return replace(request, messages=messages, after=digest(first.key, reply.reply))
