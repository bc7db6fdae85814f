"""Report and viewer in a real browser: they work by keyboard and on a phone, and no attack runs."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest

from stark_udfs.release.report.page import page as report_page
from stark_udfs.release.report.report import report_on
from stark_udfs.release.viewer import static
from stark_udfs.release.viewer.library import Library
from stark_udfs.release.viewer.server import Site, server
from stark_udfs.sql.duckdb import DuckSnapshot
from stark_udfs.stages.text.sessions import stage as sessions
from tests.cli import small
from tests.release import hostile
from tests.release.browser import needs_chromium, opened, serious

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hostile.write(tmp_path_factory.mktemp("attacked"))


@pytest.fixture(scope="module")
def site(attacked: Path) -> Iterator[str]:
    yield from serving(attacked)


def serving(tables: Path) -> Iterator[str]:
    listening = server(Site(Library(DuckSnapshot(str(tables))), None), "127.0.0.1", 0)
    thread = Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{listening.server_address[1]}"
    listening.shutdown()
    listening.server_close()
    thread.join()


def describe_attacks():
    def they_run_where_nothing_is_escaped(tmp_path: Path):
        """So that the tests below could fail."""
        file = tmp_path / "naive.html"
        file.write_text(f"<body>{hostile.PAYLOADS[7]}</body>", "utf-8")
        with opened() as watched:
            watched.page.goto(file.as_uri())
            watched.page.wait_for_function("() => window.__hit === 1")
            assert "ran" in watched.attacked()
            assert "onerror" in watched.attacked()

    def none_runs_in_the_report(attacked: Path, tmp_path: Path):
        file = tmp_path / "report.html"
        file.write_text(report_page(report_on(DuckSnapshot(str(attacked)), "warehouse", "today")), "utf-8")
        with opened() as watched:
            watched.page.goto(file.as_uri())
            watched.page.evaluate("() => document.querySelectorAll('details').forEach((one) => { one.open = true; })")
            assert "__hit" in watched.page.inner_text("main")
            assert watched.attacked() == []
            assert watched.said == []
            assert watched.asked == [file.as_uri()]

    def none_runs_in_the_viewer(site: str):
        with opened() as watched:
            watched.page.goto(site)
            watched.page.wait_for_selector(".card")
            assert watched.attacked() == []
            for place, payload in enumerate(hostile.PAYLOADS):
                watched.page.goto(f"{site}/episode/{hostile.episode(place)}")
                watched.page.wait_for_selector(".bubble")
                watched.page.evaluate(
                    "() => document.querySelectorAll('details').forEach((one) => { one.open = true; })"
                )
                watched.page.locator("button.behind").first.click()
                watched.page.wait_for_selector("dialog .message.reply")
                assert watched.page.locator(".bubble .text").first.text_content() == payload.replace("\x00", "\ufffd")
                assert watched.attacked() == [], payload
            assert watched.errors() == []
            assert {url.split("/")[2] for url in watched.asked} == {site.split("/")[2]}

    def none_runs_in_its_files(attacked: Path, tmp_path: Path):
        static.write(Library(DuckSnapshot(str(attacked))), None, tmp_path, most=3)
        with opened() as watched:
            pages = [tmp_path / "index.html", *sorted((tmp_path / "episode").iterdir())]
            for page in pages:
                watched.page.goto(page.as_uri())
                watched.page.wait_for_selector("h1")
                assert watched.attacked() == []
            assert watched.errors() == []
            assert all(url.startswith(tmp_path.as_uri()) for url in watched.asked)


@pytest.fixture(scope="module")
def ordinary(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root = tmp_path_factory.mktemp("ordinary")
    for table, rows in small.contents():
        if table is sessions.TABLE:
            turns = rows[0].turns
            odd = [
                "x" * 100_000,
                "\u202eabc\u2066 \U0001f469\u200d\U0001f469\u200d\U0001f467\U0001f3ff \x00 \u05e9\u05dc\u05d5\u05dd",
                "a\n\nb" * 50,
            ]
            turns += [turns[0].model_copy(update={"turn": 3 + at, "text": text}) for at, text in enumerate(odd)]
        small.write_table(root, table, rows)
    yield from serving(root)


def describe_viewer():
    def it_goes_by_keyboard_from_the_list_to_an_episode_and_back(ordinary: str):
        with opened() as watched:
            page = watched.page
            page.goto(ordinary)
            page.wait_for_selector(".card")
            page.keyboard.press("/")
            page.keyboard.type("ana")
            page.wait_for_function("() => document.querySelectorAll('.card').length === 1")
            page.keyboard.press("Escape")
            page.keyboard.press("j")
            page.keyboard.press("Enter")
            page.wait_for_selector(".session")
            page.keyboard.press("j")
            assert page.evaluate("() => document.activeElement.closest('.session').id").startswith("session-")
            page.keyboard.press("u")
            page.wait_for_selector(".card")
            assert watched.errors() == []

    @pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
    def it_fits_its_width_and_has_no_serious_finding(ordinary: str, width: int, dark: bool):
        with opened(width=width, dark=dark) as watched:
            for path in ("", f"/episode/{small.EPISODE}"):
                watched.page.goto(f"{ordinary}{path}")
                watched.page.wait_for_selector("h1")
                assert watched.page.evaluate("() => document.documentElement.scrollWidth") == width
                assert serious(watched.page) == []

    def it_shows_a_long_turn_when_asked_and_a_missing_picture_in_words(ordinary: str):
        with opened() as watched:
            page = watched.page
            page.goto(f"{ordinary}/episode/{small.EPISODE}")
            page.wait_for_selector(".bubble")
            assert page.locator(".bubble .text").nth(2).text_content() == "x" * 1500 + "…"
            page.locator("button.more").first.click()
            assert len(page.locator(".bubble .text").nth(2).text_content() or "") == 100_000
            page.wait_for_selector(".album .gone, .shared.gone")
            assert "the picture's file is missing" in page.inner_text("main")
            assert watched.errors() == []


def describe_report():
    @pytest.mark.parametrize(("width", "dark"), [(1280, True), (1000, False), (390, False)])
    def it_fits_its_width_and_has_no_serious_finding(tmp_path: Path, width: int, dark: bool):
        file = tmp_path / "report.html"
        tables = DuckSnapshot(str(small.write(tmp_path / "tables")))
        file.write_text(report_page(replace(report_on(tables, "warehouse", "today"))), "utf-8")
        with opened(width=width, dark=dark) as watched:
            watched.page.goto(file.as_uri())
            assert watched.page.evaluate("() => document.documentElement.scrollWidth") == width
            assert serious(watched.page) == []
            assert watched.said == []
