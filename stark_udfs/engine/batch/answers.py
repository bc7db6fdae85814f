"""From lines of a batch's files to replies: what answers no call of the batch, or one a second time, is left out."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from stark_udfs.calls.batch_store import BatchCall
from stark_udfs.calls.errors import CallError, CallFailed
from stark_udfs.calls.providers.batch import NoAnswer
from stark_udfs.calls.providers.client import Completion
from stark_udfs.calls.request import Reply
from stark_udfs.calls.retry import NONE_ANSWERED, told
from stark_udfs.calls.sequence import ENDS
from stark_udfs.engine.stage import AnyChatStage
from stark_udfs.settings.chat_models import ModelSettings

Line = tuple[str, Completion] | NoAnswer


@dataclass
class Answers:
    """The answers to the calls of one batch, read once; the counts are those of what was read so far.

    answered: replies for money. refused: calls that never work, whose units are rejected. unanswered: calls that stay
    open. strange, doubled, torn: lines that answer no call of the batch, or one that is answered, or nothing at all.
    """

    calls: Mapping[str, BatchCall]
    model: ModelSettings
    stage: AnyChatStage
    run_id: str
    replied_at: str
    answered: int = 0
    refused: int = 0
    strange: int = 0
    doubled: int = 0
    torn: int = 0
    failed: str = ""
    stopped: str = ""
    _seen: set[str] = field(default_factory=set)

    def replies(self, lines: Iterable[Line]) -> Iterator[Reply]:
        """One reply for each call that has its answer; the first of several holds."""
        without: list[NoAnswer] = []
        for line in lines:
            key = line.key if isinstance(line, NoAnswer) else line[0]
            if key not in self.calls:
                self.torn += not key
                self.strange += bool(key)
            elif isinstance(line, NoAnswer):
                without.append(line)
            elif key in self._seen:
                self.doubled += 1
            else:
                self._seen.add(key)
                self.answered += 1
                yield self._reply(self.calls[key], line[1])
        yield from self._without(without)

    @property
    def unanswered(self) -> int:
        """Calls that stay open."""
        return len(self.calls) - len(self._seen)

    @property
    def summary(self) -> str:
        """The counts in words, those that are not zero."""
        told_of = {
            "answered": self.answered,
            "refused": self.refused,
            "without an answer": self.unanswered,
            "lines of other calls": self.strange,
            "answers to a call that has one": self.doubled,
            "lines that cannot be read": self.torn,
        }
        return ", ".join(f"{count:,} {what}" for what, count in told_of.items() if count) or "no line"

    def _without(self, lines: Iterable[NoAnswer]) -> Iterator[Reply]:
        """Refusals that are for good count as replies, as they do live; the rest stays open."""
        for line in lines:
            if line.key in self._seen:
                self.doubled += 1
                continue
            self.failed = f"{line.kind.value}: {line.detail}"
            hopeless = line.kind is CallError.BAD_REQUEST and not self.answered
            if line.kind.stops or hopeless:
                kind, out = (CallError.SETTINGS, NONE_ANSWERED) if hopeless else (line.kind, "")
                self.stopped = told(self.model.name, CallFailed(kind, line.detail, way_out=out))
            elif line.kind.value in ENDS:
                self._seen.add(line.key)
                self.refused += 1
                refusal = Completion(line.detail, line.kind.value, self.model.name, 0, 0)
                yield self._reply(self.calls[line.key], refusal)

    def _reply(self, call: BatchCall, answer: Completion) -> Reply:
        money = self.model.price.of_tokens(answer.tokens_in, answer.tokens_out)
        return Reply(
            stage=self.stage.name,
            unit_key=call.unit_key,
            round=call.round,
            attempt=call.attempt,
            key=call.key,
            request=call.request,
            reply=answer.text,
            finish_reason=answer.finish_reason,
            model_returned=answer.model_returned or self.model.name,
            provider=self.model.provider,
            tokens_in=answer.tokens_in,
            tokens_out=answer.tokens_out,
            money=money * self.model.batch.price_share,
            seconds=0.0,
            tries=1,
            run_id=self.run_id,
            replied_at=self.replied_at,
        )
