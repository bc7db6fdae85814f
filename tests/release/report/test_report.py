"""The report says what the tables hold, with what is not there told in words, and nothing in it is obeyed."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from stark_udfs.cli.main import main
from stark_udfs.release.report.blocks import SET
from stark_udfs.release.report.page import page
from stark_udfs.release.report.report import Report, report_on
from stark_udfs.release.report.words import log_odds
from stark_udfs.sql.duckdb import DuckSnapshot
from tests.cli import small
from tests.release import hostile


class Tags(HTMLParser):
    """Names of elements and attributes as a browser would read them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.attributes: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(tag)
        self.attributes.update(name for name, _ in attrs)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return report_on(DuckSnapshot(str(small.write(tmp_path_factory.mktemp("small")))), "warehouse", "today")


@pytest.fixture(scope="module")
def text(report: Report) -> str:
    return page(report)


def describe_report():
    def it_says_at_the_top_that_the_offline_author_wrote_it(report: Report, text: str):
        assert report.warning is not None
        assert text.index("offline author") < text.index("What to look at first")

    def it_marks_what_the_offline_author_was_told_to_hit(report: Report):
        (checks,) = (section for section in report.sections if section.id == "checks")
        marks = [cell.text for block in checks.blocks for row in block.rows for cell in row if hasattr(cell, "level")]
        assert marks.count(SET) >= 2

    def it_names_a_failed_check_first(report: Report):
        assert report.findings[0].level == "bad"
        assert "turns" in report.findings[0].text

    def it_counts_rejects_by_reason(text: str):
        assert "wrong key" in text
        assert "its code&#x27;s" in text

    def it_tells_of_tables_that_are_not_there(text: str):
        assert "Not made in this warehouse: <code>judgements</code>" in text

    def it_loads_nothing_and_runs_no_script(text: str):
        tags = Tags(text)
        assert not {"script", "link", "iframe", "object", "img"} & set(tags.found)
        assert not [name for name in tags.attributes if name.startswith("on")]
        assert not re.findall(r"(?:src|href)=\"(?!#)", re.sub(r'xmlns(:xlink)?="[^"]*"', "", text))

    def it_describes_each_chart(text: str):
        assert text.count("<svg") == text.count("<title id=") == text.count("<desc id=") > 10

    def it_gives_each_id_once(text: str):
        ids = re.findall(r'\bid="([^"]+)"', text)
        assert len(ids) == len(set(ids))

    @pytest.mark.parametrize("tables", [1, 4, 8])
    def it_reports_on_half_a_data_set(tables: int, tmp_path: Path):
        for table, rows in small.contents()[:tables]:
            small.write_table(tmp_path, table, rows)
        assert "</html>" in page(report_on(DuckSnapshot(str(tmp_path)), "half", "today"))

    def it_escapes_whatever_the_tables_hold(tmp_path: Path):
        text = page(report_on(DuckSnapshot(str(hostile.write(tmp_path))), "</title><script>", "today"))
        assert hostile.HIT in text
        assert not {"script", "iframe", "object", "img", "input", "animate"} & set(Tags(text).found)
        assert not re.search("[\x00\u202e\u2066]", text)


def describe_the_command():
    def it_writes_one_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
        small.write(tmp_path / "tables")
        out = tmp_path / "new" / "report.html"
        assert main(["report", "--warehouse", str(tmp_path), "--out", str(out)]) == 0
        assert out.stat().st_size < 2_000_000
        assert "report.html" in capsys.readouterr().out
        assert str(tmp_path) not in out.read_text("utf-8")


def describe_log_odds():
    def it_finds_the_word_that_one_group_says():
        found = log_odds({"a": {"tea": 9, "the": 10}, "b": {"tea": 1, "the": 10}}, prior=5)
        assert found["a"][0].word == "tea"
        assert found["a"][0].z > 1
        assert "tea" not in [one.word for one in found["b"]]

    def it_is_less_sure_of_a_rare_word_than_of_a_frequent_one():
        found = log_odds({"a": {"rare": 2, "often": 40, "x": 100}, "b": {"often": 10, "x": 100, "y": 9}}, prior=50)
        z = {one.word: one.z for one in found["a"]}
        assert z["often"] > z["rare"] > 0

    def it_finds_nothing_where_groups_say_the_same():
        found = log_odds({"a": {"x": 10, "y": 20}, "b": {"x": 10, "y": 20}})
        assert found == {"a": [], "b": []}
