from dataclasses import replace
from pathlib import Path

import deltalake
import pyarrow as pa
import pytest

from bench.faults.ledger import Contents, doubled, lost, read
from bench.faults.outcome import Outcome, table
from tests.cli import small
from tests.engine.toy import SIGHTS

WHOLE = Contents(
    rows={"sights": {("a",): "1", ("b",): "2"}, "replies": {("k",): "3"}},
    again=0,
    open=0,
    reasks=frozenset(),
    calls={"sights": 1},
    money=1.0,
)
GOOD = Outcome("f", "finished", 100, 100, 0, 0, 4, 4, 1.0)


def with_sights(**sights: str) -> Contents:
    return replace(WHOLE, rows={**WHOLE.rows, "sights": {(key,): digest for key, digest in sights.items()}})


def describe_the_comparison():
    def it_finds_nothing_where_nothing_differs():
        assert (lost(WHOLE, WHOLE), doubled(WHOLE, WHOLE)) == (0, 0)

    @pytest.mark.parametrize("found", [with_sights(a="1"), with_sights(a="1", b="other"), replace(WHOLE, open=1)])
    def it_counts_what_is_missing_other_or_open_as_lost(found: Contents):
        assert lost(WHOLE, found) == 1

    @pytest.mark.parametrize("found", [with_sights(a="1", b="2", c="3"), replace(WHOLE, again=1)])
    def it_counts_what_is_there_twice_or_too_much_as_doubled(found: Contents):
        assert doubled(WHOLE, found) == 1

    def it_takes_replies_to_further_asks_for_no_double():
        found = replace(WHOLE, rows={**WHOLE.rows, "replies": {("k",): "3", ("r",): "4"}}, reasks=frozenset({("r",)}))
        assert doubled(WHOLE, found) == 0

    def it_sees_keys_that_stand_twice_in_a_table(tmp_path: Path):
        row = {"sight_id": "a", "town_id": "t", "kind": "motto", "text": "x"}
        deltalake.write_deltalake(str(tmp_path / "sights"), pa.Table.from_pylist([row, row]))
        assert read(tmp_path, (SIGHTS,), ()).again == 1

    def it_reads_a_whole_warehouse(tmp_path: Path):
        found = read(small.write(tmp_path), (), ("personas", "sessions"))
        assert found.calls == {"personas": 1, "sessions": 2}
        assert found.money == 0.75


def describe_an_outcome():
    @pytest.mark.parametrize(
        "change",
        [
            *({"lost": 1}, {"doubled": 1}, {"paid": 101}, {"paid": 99}, {"logical": 0, "paid": 0}),
            *({"vacuous": "no"}, {"most_in_flight": 5}),
        ],
    )
    def it_fails_where_a_promise_is_broken(change):
        assert GOOD.ok
        failed = replace(GOOD, **change)
        assert not failed.ok
        assert "FAILED" in table([failed])

    def it_allows_so_many_calls_twice_and_no_more():
        assert replace(GOOD, paid=104, allowed=4).ok
        assert not replace(GOOD, paid=105, allowed=4).ok
