"""A stage's batches: sent so that none is ever paid twice, watched, and taken in through the journal.

What is sent is written down first (`calls.batch_store`). A batch whose making was cut off, by a kill or a lost answer,
is looked for at the vendor by our key; if it is not there, its file is removed, so that a request that is still on its
way comes to nothing, and it is looked for once more. Only then are its calls open again.
"""

import asyncio
import tempfile
import time
from collections.abc import Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from stark_udfs.calls.batch_store import BatchPlan, BatchStore, SentBatch
from stark_udfs.calls.clock import Clock
from stark_udfs.calls.errors import CallFailed
from stark_udfs.calls.journal import open_journal
from stark_udfs.calls.loop_thread import LoopThread
from stark_udfs.calls.providers.batch import read_answers
from stark_udfs.calls.providers.batch_api import BatchApi
from stark_udfs.calls.providers.remote_batch import RemoteBatch
from stark_udfs.calls.request import Reply
from stark_udfs.calls.retry import told, wait_after
from stark_udfs.core.errors import RunStopped
from stark_udfs.engine import replies
from stark_udfs.engine.ask.phase import journal_of
from stark_udfs.engine.ask.worker import BUCKETS
from stark_udfs.engine.batch.answers import Answers
from stark_udfs.engine.batch.drafts import Draft
from stark_udfs.engine.batch.status import batch_api_of, model_of, refused
from stark_udfs.engine.context import Context
from stark_udfs.engine.progress import StageProgress
from stark_udfs.engine.replies import Absorbed
from stark_udfs.engine.stage import AnyChatStage
from stark_udfs.settings.chat_models import ModelSettings

T = TypeVar("T")

LOOK_S = 0.25  # how often somebody may stop a run that waits
SLOWER = 1.5  # each look at the vendor comes so much later than the one before
SILENT_S = 1800.0  # of a vendor while a run waits, before the run ends; the batches go on
KEPT_A_TURN = 1000  # replies between two waits for the journal


@dataclass
class Collected:
    """What looking at a stage's batches gave.

    over: batches that came to their end. under_way: those that did not. failed: why one call got no answer.
    """

    kept: Absorbed = field(default_factory=Absorbed)
    over: int = 0
    under_way: list[SentBatch] = field(default_factory=list)
    failed: str = ""
    stopped: str = ""


class Courier:
    """Sends and collects the batches of one stage; the calling thread waits."""

    def __init__(self, context: Context, stage: AnyChatStage) -> None:
        """Nothing is opened before it is needed."""
        self.context = context
        self.stage = stage
        self.store = BatchStore(context.settings.storage.files)
        self._loop = LoopThread("stark-batches")
        self._apis: dict[tuple[str, str | None], BatchApi] = {}
        self._number = 0
        self._replies = Absorbed()  # taken in by this courier

    def __enter__(self) -> Self:
        """Start the loop."""
        self._loop.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        try:
            for api in self._apis.values():
                self._run(api.__aexit__(None, None, None))
        finally:
            self._loop.__exit__(kind, error, trace)

    def send(self, draft: Draft) -> str:
        """Have a file answered; why that cannot be, and the run has to end, or nothing."""
        model, tries = self.stage.chat.model, 0
        while True:
            tries += 1
            try:
                self._send_once(draft)
                return ""
            except RunStopped as unsettled:
                return str(unsettled)
            except CallFailed as error:
                if not error.kind.again or tries >= model.attempts:
                    return told(model.name, error)
                if why := self._sleep(error.retry_after or wait_after(tries)):
                    return why

    def collect(self, *, wait: bool, whole: bool = True) -> Collected:
        """Take in the batches that are over.

        Args:
            wait: until all are, or the run has to end.
            whole: False: until one more is.
        """
        found, batch = Collected(under_way=self.store.sent(self.stage.name)), self.stage.chat.model.batch
        delay, heard = batch.poll_s, time.monotonic()
        while found.under_way:
            if self._look(found):
                heard = time.monotonic()
            elif time.monotonic() - heard > SILENT_S and not found.stopped:
                found.stopped = f"batch: the vendor has not answered for {SILENT_S / 60:.0f} minutes: {found.failed}"
            if found.stopped or not wait or (found.over and not whole) or not found.under_way:
                break
            self._tell(found.under_way)
            found.stopped = self._sleep(delay)
            if found.stopped:
                break
            delay = min(delay * SLOWER, batch.longest_poll_s)
        return found

    def _send_once(self, draft: Draft) -> None:
        plan = self._plan(draft)
        api = self._api(plan)
        self.store.write(plan, draft.calls)
        try:
            file = self._run(api.upload(draft.path, f"{plan.key}.jsonl"))
        except CallFailed:
            self.store.drop(plan)
            raise
        self.store.note(plan, "file", file)
        try:
            batch = self._run(api.create(file, plan.key, plan.stage)).id
        except CallFailed as error:
            found = self._settled(SentBatch(plan, file), error) if error.kind.again else None
            if found is None:
                self.store.drop(plan)
                raise
            batch = found.id
        self.store.note(plan, "batch", batch)

    def _plan(self, draft: Draft) -> BatchPlan:
        self._number += 1
        model = self.stage.chat.model
        return BatchPlan(
            key=f"{self.context.run_id}-{self.stage.name}-{self._number:04}",
            stage=self.stage.name,
            model=model.name,
            base_url=model.base_url,
            calls=len(draft.calls),
            money=draft.money,
            tokens=draft.tokens,
            currency=model.price.currency,
            planned_at=Clock().stamp(),
        )

    def _look(self, found: Collected) -> bool:
        """Look at all batches that are under way once; whether the vendor answered."""
        left: list[SentBatch] = []
        heard = False
        for sent in found.under_way:
            try:
                remote = self._remote(sent)
                heard = True
                if remote is None:
                    self.store.drop(sent.plan)
                    found.over += 1
                elif remote.over:
                    self._take_in(sent, remote, found)
                else:
                    left.append(sent)
            except CallFailed as error:
                left.append(sent)
                found.failed = told(sent.plan.model, error)
                if not error.kind.again:
                    found.stopped = found.failed
        found.under_way = left
        return heard

    def _remote(self, sent: SentBatch) -> RemoteBatch | None:
        if sent.batch:
            return self._run(self._api(sent.plan).get(sent.batch))
        remote = self._traced(sent)
        if remote is not None:
            self.store.note(sent.plan, "batch", remote.id)
        return remote

    def _settled(self, sent: SentBatch, lost: CallFailed) -> RemoteBatch | None:
        """As `_traced`, where the answer to the making of a batch was lost.

        Raises:
            RunStopped: that cannot be found out now. The plan stays: the next run finds it out.
        """
        try:
            return self._traced(sent)
        except CallFailed as error:
            model = sent.plan.model
            raise RunStopped(
                f"{told(model, lost)}. Whether the batch was made is not known yet ({error.detail}): the next run asks."
            ) from None

    def _traced(self, sent: SentBatch) -> RemoteBatch | None:
        """The batch of which only the plan is known; None: there is none, and will be none."""
        if not sent.file:
            return None
        api = self._api(sent.plan)
        found = self._run(api.find(sent.plan.key, sent.file))
        if found is None:
            self._run(api.remove(sent.file))
            found = self._run(api.find(sent.plan.key, sent.file))
        return None if found is None or found.status == "failed" else found

    def _take_in(self, sent: SentBatch, remote: RemoteBatch, found: Collected) -> None:
        """Answers into the journal, the journal into `replies`; then the batch is forgotten."""
        found.over += 1
        if remote.status == "failed":
            self.store.drop(sent.plan)
            found.stopped = refused(sent.plan, remote)
            return
        calls = {call.key: call for call in self.store.calls(sent.plan)}
        answers = Answers(calls, self._model(sent.plan), self.stage, self.context.run_id, Clock().stamp())
        with tempfile.TemporaryDirectory(prefix="stark-batch-") as folder:
            files = self._saved(sent.plan, remote, Path(folder))
            self._run(self._kept(answers.replies(read_answers(files)), sent.plan.key))
        storage = self.context.settings.storage
        kept = replies.absorb(self.context.tables, storage.files, self.context.run_id, self.stage.name)
        self.store.drop(sent.plan)
        found.kept, self._replies = found.kept + kept, self._replies + kept
        found.failed = answers.failed or found.failed
        found.stopped = answers.stopped or found.stopped
        if remote.status == "cancelled" and not found.stopped:
            found.stopped = f"batch {remote.id} was cancelled; what it answered is kept"
        self.context.progress.said(f"stage {self.stage.name}: batch {remote.id} {remote.status}: {answers.summary}")

    def _saved(self, plan: BatchPlan, remote: RemoteBatch, folder: Path) -> list[Path]:
        """The vendor's files of answers, those with answers first."""
        saved: list[Path] = []
        longest = max(1, plan.calls) * self._model(plan).reply_bytes
        for name in (remote.output_file, remote.error_file):
            if name:
                path = folder / f"{len(saved)}.jsonl"
                self._run(self._api(plan).save(name, path, longest))
                saved.append(path)
        return saved

    async def _kept(self, found: Iterator[Reply], name: str) -> None:
        journal = open_journal(journal_of(self.context, self.stage.name), name)
        durable: set[asyncio.Future[None]] = set()
        try:
            for number, reply in enumerate(found):
                one = journal.append(int(reply.key[:8], 16) % BUCKETS, reply)
                durable.add(one)
                if one.done() or number % KEPT_A_TURN == 0:
                    await one
        finally:
            await journal.close()
        await asyncio.gather(*durable)

    def _tell(self, under_way: Sequence[SentBatch]) -> None:
        calls = sum(sent.plan.calls for sent in under_way)
        self.context.progress.counted(
            StageProgress(
                stage=self.stage.name,
                units=self._replies.replies + calls,
                units_done=self._replies.replies,
                calls=self._replies.replies,
                in_flight=calls,
                tokens=self._replies.tokens_in + self._replies.tokens_out,
                money=self._replies.money,
                note=f"{len(under_way)} batches with the vendor",
            )
        )

    def _sleep(self, seconds: float) -> str:
        """Wait; why the run has to end, if it has to."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if why := self.context.why_to_end():
                return why
            time.sleep(min(left, LOOK_S))
        return ""

    def _api(self, plan: BatchPlan) -> BatchApi:
        place = (plan.model, plan.base_url)
        if place not in self._apis:
            self._apis[place] = batch_api_of(self._model(plan))
        return self._apis[place]

    def _model(self, plan: BatchPlan) -> ModelSettings:
        return model_of(plan, (self.stage.chat.model, *self.context.settings.models.values()))

    def _run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self._loop.run(coroutine)
