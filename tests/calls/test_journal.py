import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from stark_udfs.calls.journal import (
    JournalPlace,
    append_whole,
    by_unit,
    list_segments,
    open_journal,
    parse_lines,
    read_buckets,
    runs_with_segments,
)
from stark_udfs.calls.request import Reply
from stark_udfs.core.errors import StorageError
from tests.calls.asks import chat, conversation, reply


def replies(count: int, run_id: str = "run-1") -> list[Reply]:
    from stark_udfs.calls.sequence import OpenCall, advance

    found = []
    for n in range(count):
        step = advance(conversation(name=f"Ana-{n}", chat=chat()), {})
        assert isinstance(step, OpenCall)
        found.append(reply(step.request, unit_key=f"unit-Ana-{n}", run_id=run_id))
    return found


def place(files: object, **changes) -> JournalPlace:
    return JournalPlace(**{"files": str(files), "run_id": "run-1", "stage": "loaves", "flush_s": 0.02, **changes})


def written(where: JournalPlace, attempt: str, said: list[Reply]) -> None:
    async def write() -> None:
        journal = open_journal(where, attempt)
        durable = [journal.append(n % 2, one) for n, one in enumerate(said)]
        await asyncio.gather(*durable)
        await journal.close()

    asyncio.run(write())


@pytest.fixture(params=["local", "local-as-object", "memory"])
def where(request, tmp_path: Path) -> JournalPlace:
    match request.param:
        case "local":
            return place(tmp_path / "files")
        case "local-as-object":
            return place(tmp_path / "files", append=False)
    return place(f"memory://{tmp_path.name}/files")


def describe_journal():
    def it_gives_back_what_was_written(where):
        said = replies(6)
        written(where, "0-1", said)
        segment = read_buckets(where, [0, 1])
        assert by_unit(segment.replies) == by_unit(said)
        assert segment.torn == 0
        assert len(read_buckets(where, [1]).replies) == 3
        assert read_buckets(where, [9]).replies == ()

    def it_never_writes_into_what_another_attempt_wrote(where):
        said = replies(4)
        written(where, "0-1", said[:2])
        written(where, "0-2", said[2:])
        written(where, "0-1", said[:2])
        assert len(read_buckets(where, [0, 1]).replies) == 6
        assert len(list_segments(where.bucket(0))) == 3

    def it_lists_and_removes_segments_of_older_runs(where):
        written(where, "0-1", replies(2))
        assert runs_with_segments(where.files) == ["run-1"]
        segments = list_segments(where.bucket(0)) + list_segments(where.bucket(1))
        assert len(segments) == 2

    def it_has_no_runs_where_there_is_no_journal(where):
        assert runs_with_segments(where.files) == []


def describe_objects():
    def it_writes_several_replies_as_one(tmp_path):
        where = place(tmp_path, append=False)
        written(where, "0-1", replies(20))
        assert len(list_segments(where.bucket(0))) == 1

    def it_calls_a_reply_durable_only_when_it_is(tmp_path):
        async def write() -> None:
            where = place(tmp_path, append=False, flush_s=0.2)
            journal = open_journal(where, "0-1")
            durable = journal.append(0, replies(1)[0])
            await asyncio.sleep(0.02)
            assert not durable.done()
            assert read_buckets(where, [0]).replies == ()
            await durable
            assert len(read_buckets(where, [0]).replies) == 1
            await journal.close()

        asyncio.run(write())

    def it_says_so_when_it_cannot_write(tmp_path):
        async def write() -> None:
            (tmp_path / "journal").write_text("a file where a folder should be")
            journal = open_journal(place(tmp_path, append=False), "0-1")
            durable = journal.append(0, replies(1)[0])
            with pytest.raises(StorageError, match="journal cannot be written"):
                await durable

        asyncio.run(write())


def describe_a_full_disk():
    def it_is_said_and_loses_nothing_that_was_acknowledged(tmp_path):
        async def write() -> None:
            where = place(tmp_path)
            journal = open_journal(where, "0-1")
            first, second = replies(2)
            journal.append(0, first).result()
            (tmp_path / "journal/run-1/loaves/1").write_text("a file where a folder should be")
            with pytest.raises(StorageError, match="Make room"):
                journal.append(1, second).result()
            await journal.close()
            assert read_buckets(where, [0]).replies == (first,)

        asyncio.run(write())

    def it_takes_back_the_half_of_a_line(tmp_path):
        def writes_half(file: int, content: bytes) -> int:
            if len(content) < 8:
                raise OSError(28, "No space left on device")
            return os.write(file, content[: len(content) // 2])

        path = tmp_path / "segment.jsonl"
        path.write_bytes(b"whole\n")
        file = os.open(path, os.O_WRONLY | os.O_APPEND)
        with pytest.raises(OSError, match="No space left"):
            append_whole(file, b"a line that does not fit\n", write=writes_half)
        os.close(file)
        assert path.read_bytes() == b"whole\n"


def describe_a_killed_process():
    def it_loses_no_acknowledged_reply(tmp_path):
        script = f"""
import asyncio, os, signal
from tests.calls.test_journal import place, replies
from stark_udfs.calls.journal import open_journal
async def write():
    journal = open_journal(place({str(tmp_path)!r}), "0-1")
    for one in replies(5):
        journal.append(0, one).result()
    os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(write())
"""
        ended = subprocess.run([sys.executable, "-c", script], check=False, cwd=Path(__file__).parents[2])
        assert ended.returncode == -9
        assert len(read_buckets(place(tmp_path), [0]).replies) == 5


def describe_parse_lines():
    def it_counts_torn_lines_and_runs_of_nuls():
        one, two = (said.model_dump_json().encode() for said in replies(2))
        segment = parse_lines([one, b"", b"\0" * 4096, two[:-9], b"\0\0" + two, b"[]", b"\xff\xfe"])
        assert [said.unit_key for said in segment.replies] == ["unit-Ana-0", "unit-Ana-1"]
        assert segment.torn == 4


def describe_place():
    def it_does_not_append_on_volumes():
        assert not place("/Volumes/main/stark/files").local
        assert not place("s3://bucket/files").local
        assert place("warehouse/files").local
        assert place("file:///tmp/files").local
