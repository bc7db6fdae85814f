"""Upkeep changes no row, removes nothing that somebody may still read, and makes no stage run again."""

import json
import os
import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from stark_udfs.core.errors import Locked
from stark_udfs.core.records import Record
from stark_udfs.engine.lock import StageLock
from stark_udfs.engine.maintain import MaintenanceOptions, Needs, TableCare, maintain
from stark_udfs.settings.run import StorageSettings
from stark_udfs.tables.schema import struct_type
from stark_udfs.tables.table import Table
from stark_udfs.tables.tables import Tables, last_change, last_commit
from stark_udfs.tables.upkeep import ended, hours_to_keep, retention_of

NOW = datetime(2026, 11, 28, tzinfo=UTC)
OLD_DAYS = 20


class Note(Record):
    note_id: str
    text: str


NOTES = Table("notes", Note, key=("note_id",))


def tables_at(spark: SparkSession, folder: Path) -> Tables:
    return Tables(spark, StorageSettings(tables=str(folder / "tables"), files=str(folder / "files")))


@pytest.fixture(scope="module")
def three_files(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse whose table `notes` has three files, in versions 0 to 2."""
    folder = tmp_path_factory.mktemp("notes")
    tables = tables_at(spark, folder)
    for number in range(3):
        rows = spark.createDataFrame([(f"n{number}", "words")], struct_type(Note))
        tables.append(NOTES, rows.coalesce(1))
    return folder


def care(tables: Tables, trained: Needs | None = None, **wanted: object) -> TableCare:
    (one,) = maintain(tables, [NOTES], ["notes"], trained or {}, MaintenanceOptions(**wanted))  # type: ignore[arg-type]
    return one


def vacuum_by_others(tables: Tables) -> None:
    """What a colleague, or a platform by itself, may do at any time."""
    name = "spark.sql.sources.parallelPartitionDiscovery.parallelism"
    tables.spark.conf.set(name, "4")
    tables.spark.sql(f"VACUUM delta.`{tables.address(NOTES)}`").collect()
    tables.spark.conf.unset(name)


def aged(folder: Path, to: Path) -> Path:
    """A copy in which all that there is was written, and removed, `OLD_DAYS` ago."""
    shutil.copytree(folder, to)
    at = time.time() - OLD_DAYS * 86_400
    for path in (to / "tables" / "notes").rglob("*"):
        if path.suffix == ".crc":
            path.unlink()
        elif path.suffix == ".json":
            lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
            for line in lines:
                if "remove" in line:
                    line["remove"]["deletionTimestamp"] = int(at * 1000)
            path.write_text("\n".join(map(json.dumps, lines)) + "\n", encoding="utf-8")
    for path in (to / "tables" / "notes").rglob("*"):
        version = int(path.stem) if path.suffix == ".json" else 0
        os.utime(path, (at + version, at + version))
    return to


def describe_maintain():
    def it_compacts_and_leaves_rows_and_versions_as_they_are(spark: SparkSession, three_files: Path, tmp_path: Path):
        tables = tables_at(spark, Path(shutil.copytree(three_files, tmp_path / "copy")))
        before = tables.version(NOTES), sorted(tables.read(NOTES).collect())
        told = care(tables)
        assert (told.before.files, told.after, tables.version(NOTES)) == (3, None, before[0])
        done = care(tables, apply=True)
        assert (done.before.files, done.after and done.after.files) == (3, 1)
        assert (tables.version(NOTES), sorted(tables.read(NOTES).collect())) == before
        path = tables.address(NOTES)
        assert (last_change(path), last_commit(path)) == (2, 3)
        again = care(tables, apply=True)
        assert (again.before.files, last_commit(path)) == (1, 3)

    def it_refuses_to_begin_while_a_run_is_at_work(spark: SparkSession, three_files: Path, tmp_path: Path):
        tables = tables_at(spark, Path(shutil.copytree(three_files, tmp_path / "copy")))
        with StageLock(tables, ["notes"], "run-1"), pytest.raises(Locked, match="stage notes is being worked on"):
            care(tables, apply=True)

    def it_removes_the_files_of_old_versions_but_of_those_that_a_training_read(
        spark: SparkSession, three_files: Path, tmp_path: Path
    ):
        young = tables_at(spark, Path(shutil.copytree(three_files, tmp_path / "young")))
        assert care(young, apply=True).removed == 0
        tables = tables_at(spark, aged(tmp_path / "young", tmp_path / "old"))
        rows = sorted(tables.read(NOTES).collect())
        trained = care(tables, {"notes": {2: "version 2 trained ultron/a"}}, apply=True)
        assert (trained.removed, trained.kept_for) == (0, "version 2 trained ultron/a")
        assert trained.hours >= OLD_DAYS * 24
        vacuum_by_others(tables)
        assert sorted(spark.read.option("versionAsOf", 2).format("delta").load(tables.address(NOTES)).collect()) == rows
        asked = care(tables, hours=(OLD_DAYS + 1) * 24, apply=True)
        assert (asked.removed, asked.kept_for, asked.hours) == (0, "", (OLD_DAYS + 1) * 24)
        done = care(tables, apply=True)
        assert (done.hours, done.removed) == (168, 3)
        assert len(list(Path(tables.address(NOTES)).glob("*.parquet"))) == 1
        assert sorted(tables.read(NOTES).collect()) == rows

    def it_lays_rows_together_by_key_where_it_is_asked_to(spark: SparkSession, three_files: Path, tmp_path: Path):
        tables = tables_at(spark, Path(shutil.copytree(three_files, tmp_path / "copy")))
        done = care(tables, apply=True, cluster=True)
        assert done.after is not None
        assert (done.after.clustered_by, done.after.files) == (("note_id",), 1)
        assert tables.version(NOTES) == 2
        rows = spark.createDataFrame([("n3", "more", "insert")], "note_id string, text string, op string")
        tables.merge(NOTES, rows)
        assert tables.read(NOTES).count() == 4
        assert care(tables, cluster=True).clustered == ()


def describe_what_is_kept():
    def it_is_never_less_than_delta_s_limit_the_table_s_own_and_what_is_needed():
        assert hours_to_keep(1, 168, [], NOW) == 168
        assert hours_to_keep(200, 168, [], NOW) == 200
        assert (
            hours_to_keep(168, retention_of({"delta.deletedFileRetentionDuration": "interval 30 days"}), [], NOW) == 720
        )
        needed = [NOW - timedelta(hours=300, minutes=1), NOW - timedelta(hours=5)]
        assert hours_to_keep(168, 168, needed, NOW) == 302

    @pytest.mark.parametrize(
        ("text", "hours"),
        [("interval 2 weeks", 336), ("240 hours", 240), ("interval 1 day", 168), ("forever", 168), ("", 168)],
    )
    def it_reads_the_property_of_a_table(text: str, hours: int):
        assert retention_of({"delta.deletedFileRetentionDuration": text}) == hours

    def it_knows_when_a_version_ended_and_whether_a_compacted_one_will_do():
        history = {0: (NOW, False), 1: (NOW + timedelta(hours=1), True), 2: (NOW + timedelta(hours=2), False)}
        assert ended(history, 0, rows_alone=False) == NOW + timedelta(hours=1)
        assert ended(history, 0, rows_alone=True) == NOW + timedelta(hours=2)
        assert ended(history, 2, rows_alone=True) is None
        assert ended(history, 9, rows_alone=True) is None
