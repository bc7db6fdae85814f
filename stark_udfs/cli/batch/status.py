"""What is with batch APIs: where it stands, and its end."""

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING

from stark_udfs.calls.batch_store import BatchStore, SentBatch
from stark_udfs.calls.providers.batch_api import BatchApi
from stark_udfs.calls.providers.remote_batch import RemoteBatch
from stark_udfs.cli.summary import money
from stark_udfs.core.errors import InputError, StarkError
from stark_udfs.engine.batch.status import batch_api_of, model_of
from stark_udfs.settings.run import RunSettings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from stark_udfs.engine.stage import AnyChatStage


def statuses(settings: RunSettings) -> Iterator[str]:
    """One line for each batch that is not taken in yet, in the order of sending."""
    for sent in BatchStore(settings.storage.files).sent():
        try:
            told = _told(asyncio.run(_asked(settings, sent)))
        except StarkError as error:
            told = f"cannot be told: {error}"
        plan = sent.plan
        most = f"at most {money(plan.money, plan.currency)}"
        yield f"{plan.stage}: {sent.batch or plan.key}, {plan.calls:,} calls, {most}, of {plan.planned_at[:19]}: {told}"


def cancelled(settings: RunSettings, stage: str) -> Iterator[str]:
    """Cancel a stage's batches; one line for each.

    Raises:
        InputError: it has none.
    """
    found = BatchStore(settings.storage.files).sent(stage)
    if not found:
        raise InputError(f"stage {stage} has no batch with a vendor. `stark batch status` shows all.")
    for sent in found:
        told = _told(asyncio.run(_asked(settings, sent, cancel=True)))
        yield f"{sent.batch or sent.plan.key}: {told}. `stark run --batch` takes in what it answered."


def forgotten(settings: RunSettings, spark: "SparkSession", stage: "AnyChatStage") -> int:
    """Give a stage's batches up; how many there were.

    Raises:
        Locked: a run works on the stage.
    """
    from stark_udfs.engine.context import Wanted
    from stark_udfs.engine.progress import Quiet
    from stark_udfs.engine.try_stage import at_stage

    with at_stage(stage, settings, spark, Wanted(), Quiet()):
        store = BatchStore(settings.storage.files)
        found = store.sent(stage.name)
        for sent in found:
            store.drop(sent.plan)
        return len(found)


async def _asked(settings: RunSettings, sent: SentBatch, *, cancel: bool = False) -> RemoteBatch | None:
    async with batch_api_of(model_of(sent.plan, settings.models.values())) as api:
        remote = await _found(api, sent)
        return await api.cancel(remote.id) if cancel and remote is not None and not remote.over else remote


async def _found(api: BatchApi, sent: SentBatch) -> RemoteBatch | None:
    return await api.get(sent.batch) if sent.batch else await api.find(sent.plan.key, sent.file)


def _told(remote: RemoteBatch | None) -> str:
    if remote is None:
        return "never came to be: the next run sends its calls again"
    counted = f", {remote.done:,} of {remote.total:,} answered" if remote.total else ""
    failed = f", {remote.failed:,} failed" if remote.failed else ""
    return f"{remote.status}{counted}{failed}{f' ({remote.problem})' if remote.problem else ''}"
