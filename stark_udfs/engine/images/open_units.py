"""A unit whose image orders are being answered: what it waits for, and how an answer becomes a row of `replies`."""

from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import TypeAdapter

from stark_udfs.calls.request import Reply
from stark_udfs.calls.retry import AnsweredCall
from stark_udfs.calls.sequence import CallSteps, OpenCall
from stark_udfs.engine.images.replay import ImageSequence
from stark_udfs.engine.images.requests import PaidRequest, PictureRequest

REPLIES: TypeAdapter[list[Reply]] = TypeAdapter(list[Reply])


@dataclass(eq=False)
class OpenUnit:
    """A unit that is under way, the order that it has open, and when its last answer is durable."""

    conversation: ImageSequence
    talk: CallSteps
    bucket: int
    known: Mapping[str, Reply]
    step: OpenCall | None = None
    durable: "Future[None] | None" = None

    @property
    def request(self) -> PictureRequest:
        """The open order."""
        assert self.step is not None
        assert isinstance(self.step.request, PictureRequest)
        return self.step.request

    def paid_for(self, request: PaidRequest) -> Reply | None:
        """The reply to a paid request of this unit, if it was paid before."""
        return self.known.get(request.key)

    def reply(
        self, told: AnsweredCall, request: PictureRequest | PaidRequest, run_id: str, *, money: float = 0.0
    ) -> Reply:
        """The answer to a request of this unit's round, as it is kept."""
        assert self.step is not None
        return Reply(
            stage=self.conversation.stage,
            unit_key=self.conversation.unit_key,
            round=self.step.round,
            attempt=request.attempt,
            key=request.key,
            request=request.written,
            reply=told.answer.text,
            finish_reason=told.answer.finish_reason,
            model_returned=told.answer.model_returned,
            provider=request.provider,
            tokens_in=told.answer.tokens_in,
            tokens_out=told.answer.tokens_out,
            money=money,
            seconds=round(told.seconds, 4),
            tries=told.tries,
            run_id=run_id,
            replied_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
        )


def known_replies(said: object) -> dict[str, Reply]:
    """A unit's replies from their JSON, by key; null: it has none."""
    return {reply.key: reply for reply in REPLIES.validate_json(said)} if isinstance(said, str) else {}
