import json
from pathlib import Path

import pytest
from pyspark.sql import Row

from stark_udfs.engine.batch.drafts import Filled, Room, drafts
from stark_udfs.settings.chat_models import BatchSettings

SMALL = BatchSettings(requests=2, bytes=10_000)


def call(number: int, *, size: int = 10, body: str | None = "", money: float = 1.0) -> Row:
    text = None if body is None else json.dumps({"x": "y" * size})
    return Row(
        key=str(number),
        unit_key="u",
        round=0,
        attempt=0,
        request="{}",
        body=text,
        reason="no picture" if body is None else None,
        money=money,
        tokens=100,
    )


def filled(rows: list[Row], folder: Path, room: Room | None = None) -> tuple[list[list[str]], Filled]:
    found = Filled()
    some = drafts(iter(rows), folder, SMALL, room or Room(None, None), found)
    return [[one.key for one in draft.calls] for draft in some], found


def describe_drafts():
    def they_keep_the_lines_and_bytes_of_a_file(tmp_path: Path):
        assert filled([call(n) for n in range(5)], tmp_path)[0] == [["0", "1"], ["2", "3"], ["4"]]
        assert filled([call(n, size=6_000) for n in range(2)], tmp_path / "..")[0] == [["0"], ["1"]]

    def they_hold_what_is_sent_and_what_it_can_cost(tmp_path: Path):
        (draft,) = drafts(iter([call(7, money=3.0)]), tmp_path, SMALL, Room(None, None), Filled())
        (line,) = draft.path.read_text().splitlines()
        assert json.loads(line)["custom_id"] == "7"
        assert (draft.money, draft.tokens, draft.size) == (1.5, 100, len(line) + 1)

    @pytest.mark.parametrize(
        ("room", "says"),
        [(Room(1.2, None), "budget: 0.2000 left"), (Room(None, 250), "batch: 50 of the tokens")],
    )
    def they_end_where_there_is_no_room(tmp_path: Path, room: Room, says: str):
        files, found = filled([call(n) for n in range(5)], tmp_path, room)
        assert files == [["0", "1"]]
        assert found.held.startswith(says)

    def they_leave_out_what_cannot_be_sent_and_say_why(tmp_path: Path):
        files, found = filled([call(0), call(1, body=None), call(2)], tmp_path)
        assert (files, found.failed) == ([["0", "2"]], "no picture")
        files, found = filled([call(0, size=20_000), call(1)], tmp_path / "..")
        assert files == [["1"]]
        assert "more than a file may have" in found.failed
