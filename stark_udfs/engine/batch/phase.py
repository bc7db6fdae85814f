"""Asking a stage's open calls through a batch API: a trip for each round of calls, then the stage goes on as always.

open units → files of requests → batches → answers in the journal → `replies` → open units of the next round. What is
missing after a trip, because a batch expired or a line failed, is simply open still, and goes along with the next one.
"""

import tempfile
import time
from dataclasses import replace
from pathlib import Path

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from stark_udfs.calls.batch_store import BatchStore, SentBatch
from stark_udfs.calls.limits.broker import too_many_rejects
from stark_udfs.calls.limits.messages import AskCounts, CallLimits
from stark_udfs.engine import replies
from stark_udfs.engine.ask import phase as ask_phase
from stark_udfs.engine.ask.phase import Asked
from stark_udfs.engine.batch.courier import Collected, Courier
from stark_udfs.engine.batch.drafts import Filled, Room, drafts
from stark_udfs.engine.batch.requests import open_requests, request_type
from stark_udfs.engine.batch.status import under_way
from stark_udfs.engine.context import Context
from stark_udfs.engine.frames import checkpointed
from stark_udfs.engine.stage import AnyChatStage, ChatStage, UnitStage

BARREN = 2  # trips in a row without one answer, after which the run goes on without the rest


def gather(context: Context, stage: UnitStage) -> Asked:
    """Take in what vendors have answered of the stage's batches, without waiting; nothing is sent.

    Raises:
        SettingsError: the model that a batch was sent to is in the settings no more.
        CallFailed: the vendor refuses to tell.
    """
    if not isinstance(stage, ChatStage) or not BatchStore(context.settings.storage.files).sent(stage.name):
        return Asked()
    begun = time.monotonic()
    with Courier(context, stage) as courier:
        found = courier.collect(wait=False)
        if found.failed and found.under_way:
            context.progress.said(f"stage {stage.name}: {found.failed}")
        return _ended(_asked(found), begun)


def ask(context: Context, stage: AnyChatStage, units: DataFrame, total: int) -> Asked:
    """Ask until every unit has its replies, or the run has to end; all that was paid is in `replies` afterwards.

    Without `Wanted.wait` the run ends as soon as all that may be sent is.

    Args:
        context: the run.
        stage: whose model has a batch API.
        units: `unit_type`, the units that have an open call.
        total: how many they are.

    Raises:
        SettingsError: the model has no batch API.
        StorageError: journal or batches cannot be written down; what was taken in is kept.
    """
    begun, barren, asked = time.monotonic(), 0, Asked()
    context.progress.started(stage.name, total)
    with Courier(context, stage) as courier:
        while not asked.stopped:
            calls = checkpointed(
                replies.with_known(context.tables, stage.name, units).mapInArrow(
                    open_requests(stage.script()), request_type()
                )
            )
            limits = ask_phase.limits_of(context, stage.script())
            if stopped := rejected_too_often(stage.name, limits, calls):
                asked = replace(asked, stopped=stopped)
                break
            if stage.chat.model.batch.reasks == "live":
                again = calls.where("attempt > 0")
                if count := again.count():
                    some = units.join(again.select("unit_key"), "unit_key", "left_semi").select(*units.columns)
                    asked += ask_phase.ask(context, stage.script(), some, count)
                    continue
            filled = _send_open(courier, calls, limits)
            sent = courier.store.sent(stage.name)
            asked = replace(asked, stopped=filled.stopped, failed=filled.failed or asked.failed)
            if asked.stopped or not sent:
                asked = replace(asked, stopped=asked.stopped or filled.held)
                break
            if not context.wanted.wait:
                return _ended(replace(asked, stopped=_to_collect(stage.name, sent)), begun)
            found = courier.collect(wait=True, whole=not filled.held)
            asked += _asked(found)
            barren = 0 if found.kept.replies else barren + 1
            if barren == BARREN:
                break
    return _ended(asked, begun)


def _send_open(courier: Courier, calls: DataFrame, limits: CallLimits) -> Filled:
    """Send the open calls that nobody has sent yet, as many as there is room for, in files within the limits."""
    settings, found = courier.stage.chat.model.batch, Filled()
    sent = courier.store.sent()
    there = {call.key for one in sent if one.plan.stage == courier.stage.name for call in courier.store.calls(one.plan)}
    waiting = sum(one.plan.tokens for one in sent if one.plan.model == courier.stage.chat.model.name)
    room = Room(limits.money, None if settings.tokens is None else max(0, settings.tokens - waiting))
    rows = calls.where("key IS NOT NULL").orderBy("order", "unit_key").toLocalIterator()
    with tempfile.TemporaryDirectory(prefix="stark-batch-") as folder:
        open_rows = (row for row in rows if row["key"] not in there)
        for draft in drafts(open_rows, Path(folder), settings, room, found):
            found.stopped = courier.context.why_to_end() or courier.send(draft)
            draft.path.unlink()
            if found.stopped:
                break
    return found


def rejected_too_often(stage: str, limits: CallLimits, calls: DataFrame) -> str:
    """Why the stage should ask no further, or nothing: the same rule as for live calls."""
    ended = calls.where("key IS NULL").groupBy("reason").agg(F.count(F.lit(1)).alias("units")).collect()
    reasons = {row["reason"]: row["units"] for row in ended if row["reason"] is not None}
    done = sum(row["units"] for row in ended) - sum(reasons.values())
    counts = AskCounts(done=done, rejected=sum(reasons.values()), reasons=reasons)
    return too_many_rejects(stage, counts, limits)


def _to_collect(stage: str, sent: list[SentBatch]) -> str:
    return f"batch: {under_way(stage, sent)}. Run again with --batch to collect"


def _asked(found: Collected) -> Asked:
    return Asked.of(found.kept, stopped=found.stopped, failed=found.failed)


def _ended(asked: Asked, begun: float) -> Asked:
    return replace(asked, seconds=round(time.monotonic() - begun, 3))
