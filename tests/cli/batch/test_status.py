import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from stark_udfs.calls.batch_store import BatchCall, BatchPlan, BatchStore
from stark_udfs.calls.providers.batch import request_line
from stark_udfs.cli.batch.status import cancelled, statuses
from stark_udfs.cli.options import RunSelection
from stark_udfs.cli.run import wanted_of
from stark_udfs.core.errors import InputError, SettingsError
from stark_udfs.engine.batch.status import batch_api_of
from stark_udfs.settings.run import RunSettings
from stark_udfs.stages.pipeline import load_settings
from stark_udfs.testing.faults import Faults
from tests.engine import toy
from tests.engine.stubs import stubbed


def planned(settings: RunSettings, key: str) -> BatchPlan:
    model = settings.models["default"]
    plan = BatchPlan(
        key=key,
        stage="sights",
        model=model.name,
        base_url=model.base_url,
        calls=2,
        money=0.25,
        tokens=30,
        currency="USD",
        planned_at="2026-11-28T20:15:00.000+00:00",
    )
    calls = [BatchCall(key=str(n), unit_key="u", round=0, attempt=0, request="{}") for n in range(2)]
    BatchStore(settings.storage.files).write(plan, calls)
    return plan


async def send(settings: RunSettings, plan: BatchPlan, folder: Path) -> None:
    path = folder / "requests.jsonl"
    path.write_text("".join(request_line(str(n), '{"messages": []}') for n in range(2)))
    async with batch_api_of(settings.models["default"]) as api:
        file = await api.upload(path, "requests.jsonl")
        batch = await api.create(file, plan.key, plan.stage)
    BatchStore(settings.storage.files).note(plan, "batch", batch.id)


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[RunSettings]:
    with stubbed(Faults(batch_s=3600)) as (url, _):
        yield toy.settings_in(tmp_path, models={"default": toy.model(url)})


def describe_batches():
    def they_are_told_and_cancelled(settings: RunSettings, tmp_path: Path):
        asyncio.run(send(settings, planned(settings, "key-1"), tmp_path))
        planned(settings, "key-2")
        first, second = statuses(settings)
        assert first == (
            "sights: batch-2, 2 calls, at most 0.2500 USD, of 2026-11-28T20:15:00: in_progress, 0 of 2 answered"
        )
        assert "key-2" in second
        assert "never came to be" in second
        ended, _ = cancelled(settings, "sights")
        assert ended.startswith("batch-2: cancelled")
        assert "cancelled" in next(statuses(settings))

    def they_are_told_though_nobody_can_be_asked(settings: RunSettings):
        planned(settings, "key-1")
        (said,) = statuses(settings.model_copy(update={"models": {}}))
        assert "cannot be told" in said
        assert "stark batch cancel sights --forget" in said

    def it_says_that_there_are_none(settings: RunSettings):
        with pytest.raises(InputError, match="no batch with a vendor"):
            list(cancelled(settings, "sights"))


def describe_run_options():
    @pytest.mark.parametrize(
        ("order", "says"),
        [
            (RunSelection(wait=False), "--no-wait says not to wait for batches"),
            (RunSelection(batch=True, redraw=True, only="e"), "--redraw asks anew each time"),
        ],
    )
    def they_refuse_what_does_not_go_together(order: RunSelection, says: str):
        with pytest.raises(SettingsError, match=says):
            wanted_of(load_settings("demo"), (), order)
