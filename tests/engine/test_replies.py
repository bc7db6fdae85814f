"""Journals into `replies`: what a crash leaves between append and removal is neither lost nor doubled."""

import asyncio
import shutil
from pathlib import Path

from pyspark.sql import SparkSession

from stark_udfs.calls.journal import JournalPlace, append_whole, list_segments, open_journal
from stark_udfs.calls.request import Reply
from stark_udfs.engine.replies import Absorbed, absorb
from stark_udfs.engine.system_tables import REPLIES
from stark_udfs.settings.run import StorageSettings
from stark_udfs.tables.tables import Tables
from tests.calls.test_journal import replies

RUN, STAGE, BUCKETS = "run-1", "loaves", 3


def write(files: str, said: list[Reply]) -> None:
    async def go() -> None:
        journal = open_journal(JournalPlace(files, RUN, STAGE), "0-1")
        for n, one in enumerate(said):
            await journal.append(n % BUCKETS, one)
        await journal.close()

    asyncio.run(go())


def describe_absorb():
    def it_can_be_repeated_after_a_crash_and_takes_what_came_since(spark: SparkSession, tmp_path: Path):
        tables = Tables(spark, StorageSettings(tables=f"{tmp_path}/tables"))
        files, journal, saved = f"{tmp_path}/files", tmp_path / "files" / "journal", tmp_path / "saved"
        *said, late = replies(10)
        write(files, said)
        shutil.copytree(journal, saved)
        first = absorb(tables, files, RUN, STAGE)
        assert (first.replies, first.tokens_in) == (9, sum(one.tokens_in for one in said))
        assert absorb(tables, files, RUN, STAGE) == Absorbed()

        shutil.copytree(saved, journal, dirs_exist_ok=True)  # killed before the journal was removed
        assert absorb(tables, files, RUN, STAGE).replies == 0

        shutil.copytree(saved, journal, dirs_exist_ok=True)  # and a task that lived on went on writing
        with open(list_segments(str(journal))[-1].removeprefix("file://"), "ab") as file:
            append_whole(file.fileno(), late.model_dump_json().encode() + b"\n")
            append_whole(file.fileno(), b'{"stage": "loa')
        last = absorb(tables, files, RUN, STAGE)
        assert (last.replies, last.torn, list(journal.rglob("*.jsonl"))) == (1, 1, [])
        keys = [row["key"] for row in tables.read(REPLIES).collect()]
        assert sorted(keys) == sorted(one.key for one in [*said, late])
