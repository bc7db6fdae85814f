"""A journal of numbered objects, as on a store that cannot append: nothing is lost or doubled by a kill."""

import shutil
import threading
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
from pyspark.sql import SparkSession

from stark_udfs.engine.run import run
from stark_udfs.engine.system_tables import REPLIES
from stark_udfs.stages.pipeline import Settings, load_settings
from stark_udfs.tables.tables import Tables
from tests.engine.conftest import Settle
from tests.engine.servers import Guide, serving, sights
from tests.engine.toy import SIGHTS, Toy, stages

TOY = Toy(towns=40)
CALLS = 2 * TOY.towns
IN_FLIGHT = 8
FLUSH_S = 0.1
DELAY_S = 0.2


def settings_in(folder: Path) -> Settings:
    objects = ["storage.journal_append=false", f"storage.journal_flush_s={FLUSH_S}"]
    return load_settings(
        "demo", overrides=[f"storage.tables={folder}/tables", f"storage.files={folder}/files", *objects]
    )


def all_is_there_once(spark: SparkSession, settings: Settings) -> bool:
    tables = Tables(spark, settings.storage)
    keys = [row["key"] for row in tables.read(REPLIES).select("key").collect()]
    left = list(Path(settings.storage.files).rglob("*.jsonl"))
    return len(keys) == len(set(keys)) == CALLS and tables.read(SIGHTS).count() == 4 * TOY.towns and not left


def kill_python_workers() -> None:
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # one that ended by itself while it was looked at
            parent = process.parent()
            if parent is not None and all("pyspark.daemon" in one.cmdline() for one in (process, parent)):
                process.kill()


def describe_a_store_that_cannot_append():
    def it_keeps_what_a_killed_run_had_flushed(spark: SparkSession, settle: Settle, tmp_path: Path):
        killed, after = tmp_path / "killed", tmp_path / "after"
        settle(killed, TOY.towns)
        settle(after, TOY.towns)

        def answer(prompt: str, number: int) -> dict[str, Any]:
            if number == CALLS - IN_FLIGHT:  # what a kill at this moment would leave behind
                shutil.copytree(killed / "files" / "journal", after / "files" / "journal")
            return sights(prompt, number)

        guide = Guide(answer, delay_s=DELAY_S)
        with serving(guide) as url:
            run(stages(TOY, url), settings_in(killed), spark)
            objects = sorted(after.rglob("*.jsonl"))
            kept = sum(path.read_bytes().count(b"\n") for path in objects)
            report = run(stages(TOY, url), settings_in(after), spark)
        numbers = Counter(path.stem.rpartition("-")[2] for path in objects)
        assert set(numbers) == {"000000", "000001"} or numbers["000001"] > 1
        assert CALLS // 2 < kept < CALLS
        assert report.stages[1].calls == CALLS - kept
        assert guide.calls == CALLS + CALLS - kept
        assert all_is_there_once(spark, settings_in(after))

    def it_lets_a_retried_task_go_on_from_the_objects(spark: SparkSession, settle: Settle, tmp_path: Path):
        settle(tmp_path, TOY.towns)
        killed = threading.Event()  # until then later calls stay in flight, however long it takes to find the workers

        def answer(prompt: str, number: int) -> dict[str, Any]:
            if number == CALLS - 2 * IN_FLIGHT:
                kill_python_workers()
                killed.set()
            elif number > CALLS - 2 * IN_FLIGHT:
                killed.wait(timeout=60)
            return sights(prompt, number)

        guide = Guide(answer, delay_s=DELAY_S)
        with serving(guide) as url:
            report = run(stages(TOY, url), settings_in(tmp_path), spark)
        assert report.stages[1].calls == CALLS
        assert IN_FLIGHT <= guide.calls - CALLS <= 4 * IN_FLIGHT  # in flight, and what waited for a flush
        assert all_is_there_once(spark, settings_in(tmp_path))
