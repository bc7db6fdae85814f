"""What checks of the long run found is told in words, and each example leads to them."""

import re
from pathlib import Path

import pytest

from stark_udfs.engine import system_tables
from stark_udfs.release.report.blocks import Link, Place, Section
from stark_udfs.release.report.consistency import SAYS, section
from stark_udfs.release.report.page import page
from stark_udfs.release.report.report import Report
from stark_udfs.release.report.source import Source
from stark_udfs.sql.duckdb import DuckSnapshot
from stark_udfs.stages.consistency.checks import CHECKERS
from stark_udfs.stages.consistency.stage import TABLE, ConsistencyResult
from tests.cli import small

SAID = "I never ate stew.</td><script>__hit</script>"


def measured(name: str, value: float, examples: str | None, *, ok: bool) -> system_tables.CheckResult:
    return system_tables.CheckResult(
        run_id=small.RUN,
        stage="consistency",
        name=name,
        value=value,
        low=None,
        high=0.05,
        kind="expected",
        ok=ok,
        state="passed" if ok else "failed",
        n=12,
        interval_low=0.1,
        interval_high=0.4,
        examples=examples,
    )


def found(root: Path, checks: list[system_tables.CheckResult]) -> Section:
    for table, rows in small.contents():
        if table.name == "narratives":
            small.write_table(root, table, rows)
    small.write_table(root, system_tables.CHECKS, checks)
    fault = ConsistencyResult(
        episode_id=small.EPISODE,
        session_number=2,
        check_name="persona",
        found=True,
        turn_ids=[f"{small.EPISODE}:2:4"],
        words=[SAID],
        against=["I eat kimchi stew every Sunday."],
    )
    small.write_table(root, TABLE, [fault])
    return section(Source(DuckSnapshot(str(root))))


@pytest.fixture
def told(tmp_path: Path) -> Section:
    checks = [
        measured("profile", 0.0, None, ok=True),
        measured("persona", 0.25, f"{small.EPISODE}:2, e1b0000000000009:7", ok=False),
    ]
    return found(tmp_path, checks)


def describe_section():
    def every_check_is_told_in_words():
        assert set(SAYS) == set(CHECKERS)

    def it_gives_rate_and_interval_and_leads_from_an_example_to_what_was_said(told: Section):
        checks, examples = told.blocks
        profile, persona = checks.rows
        assert profile[1] == "0.0%"
        assert persona[1:4] == ("25.0%", "10.0% – 40.0%", 12)
        first, gone = persona[-1]
        assert isinstance(first, Link)
        assert first.text == "Ana Lima, session 2"
        where, said, against, command = examples.rows[0]
        assert isinstance(where, Place)
        assert where.id == first.to
        assert where.text == "persona: Ana Lima, session 2, turn 4"
        assert (said, against) == (SAID, "I eat kimchi stew every Sunday.")
        assert command.text == f"stark view {small.EPISODE}"
        assert examples.rows[1][1] == "no longer found"
        assert gone.text == "e1b0000000000009, session 7"

    def a_failed_check_is_among_what_to_look_at_first(told: Section):
        (finding,) = told.findings
        assert (finding.level, finding.section) == ("bad", told.id)
        assert "25.0% of sessions" in finding.text

    def it_is_obeyed_nowhere_and_its_links_lead_somewhere(told: Section):
        text = page(Report("warehouse", "today", None, (), told.findings, (told,)))
        assert "<script" not in text
        assert "__hit" in text
        targets = re.findall(r'<a class="to" href="#([^"]+)"', text)
        assert len(targets) == 2
        assert all(f'id="{one}"' in text for one in targets)

    def it_asks_no_query_with_a_name_that_is_none(tmp_path: Path):
        told = found(tmp_path, [measured("x' OR true --", 0.5, f"{small.EPISODE}:2", ok=True)])
        assert told.blocks[0].columns[-1] == "what has to agree"

    def it_says_how_to_look_where_nobody_has(tmp_path: Path):
        small.write_table(tmp_path, *small.contents()[0])
        (words,) = section(Source(DuckSnapshot(str(tmp_path)))).blocks
        assert "stark run --until consistency" in words.text
