from pathlib import Path

import pytest

from stark_udfs.calls.batch_store import FOLDER, BatchCall, BatchPlan, BatchStore, SentBatch
from stark_udfs.core.errors import StorageError

CALLS = [BatchCall(key=str(n), unit_key=f"u{n}", round=0, attempt=0, request="ü\n") for n in range(3)]


def plan(key: str = "k-1", stage: str = "personas", money: float = 1.5) -> BatchPlan:
    return BatchPlan(
        key=key,
        stage=stage,
        model="m",
        base_url=None,
        calls=3,
        money=money,
        tokens=30,
        currency="USD",
        planned_at="2026-11-28T00:00:00",
    )


def describe_batch_store():
    def it_gives_back_what_was_written_until_that_is_dropped(tmp_path: Path):
        store = BatchStore(str(tmp_path))
        assert store.sent() == []
        store.write(plan(), CALLS)
        assert store.sent("personas") == [SentBatch(plan())]
        store.note(plan(), "file", "file-1")
        store.note(plan(), "batch", "batch-2")
        assert store.sent() == [SentBatch(plan(), "file-1", "batch-2")]
        assert store.sent("sessions") == []
        assert list(store.calls(plan())) == CALLS
        store.drop(plan())
        store.drop(plan())
        assert store.sent() == []

    def it_tells_what_is_reserved_by_stage(tmp_path: Path):
        store = BatchStore(str(tmp_path))
        for one in (plan("a"), plan("b"), plan("c", "sessions")):
            store.write(one, CALLS)
        assert store.reserved() == {"personas": 3.0, "sessions": 1.5}

    @pytest.mark.parametrize(("name", "left"), [("plan.json", []), ("file", [SentBatch(plan())])])
    def it_takes_what_a_crash_tore_for_not_there(tmp_path: Path, name: str, left: list[SentBatch]):
        store = BatchStore(str(tmp_path))
        store.write(plan(), CALLS)
        store.note(plan(), "file", "file-12345")
        torn = tmp_path / FOLDER / "personas" / "k-1" / name
        torn.write_bytes(torn.read_bytes()[:6])
        assert store.sent() == left

    def it_says_where_it_cannot_write(tmp_path: Path):
        (tmp_path / FOLDER).write_text("a file in the way")
        with pytest.raises(StorageError, match="so it is not sent"):
            BatchStore(str(tmp_path)).write(plan(), CALLS)
