"""The viewer finds and shows episodes, gives out pictures and nothing else, and takes nothing for code."""

import http.client
import json
import re
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from stark_udfs.cli.main import main
from stark_udfs.core.errors import NotFound, StorageError
from stark_udfs.release.viewer import static
from stark_udfs.release.viewer.files import picture
from stark_udfs.release.viewer.library import Library, Search, as_json
from stark_udfs.release.viewer.server import Site, server
from stark_udfs.sql.duckdb import DuckSnapshot
from tests.cli import small
from tests.release import hostile

PNG = b"\x89PNG\r\n\x1a\n"
PICTURE = f"images/00/{2:064x}.png"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("viewed")
    small.write(root / "tables")
    file = root / "files" / PICTURE
    file.parent.mkdir(parents=True)
    file.write_bytes(PNG)
    (root / "files" / "notes.txt").write_text("secret")
    (root / "secret.png").write_bytes(PNG)
    (root / "files" / "out.png").symlink_to(root / "secret.png")
    return root


@pytest.fixture(scope="module")
def library(folder: Path) -> Library:
    return Library(DuckSnapshot(str(folder / "tables")))


@pytest.fixture(scope="module")
def port(folder: Path, library: Library) -> Iterator[int]:
    listening = server(Site(library, folder / "files"), "127.0.0.1", 0)
    thread = Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield listening.server_address[1]
    listening.shutdown()
    listening.server_close()
    thread.join()


def got(port: int, path: str, *, method: str = "GET", host: str | None = None) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, headers={} if host is None else {"Host": host})
        reply = connection.getresponse()
        return reply.status, dict(reply.getheaders()), reply.read()
    finally:
        connection.close()


def describe_library():
    @pytest.mark.parametrize(
        ("search", "names"),
        [
            (Search(), ["Ana Lima", "Rui Costa"]),
            (Search(text="rui"), ["Rui Costa"]),
            (Search(text="what a pot"), ["Ana Lima"]),
            (Search(text="kimchi", country="Japan", band="30", gender="female"), ["Ana Lima", "Rui Costa"]),
            (Search(category="Preference > Food"), ["Ana Lima", "Rui Costa"]),
            (Search(country="Brazil"), []),
            (Search(band="40"), []),
            (Search(text="'); SELECT 1 --"), []),
            (Search(text="\\' OR 1=1"), []),
            (Search(page=2), []),
        ],
    )
    def it_finds_by_country_age_category_and_text(library: Library, search: Search, names: list[str]):
        assert [row["name"] for row in library.find(search)[0]] == names

    def it_gives_an_episode_with_all_around_it(library: Library):
        found = library.episode(small.EPISODE)
        assert [row["session_number"] for row in found["sessions"]] == [1, 2]
        assert found["lineage"]["inference"] == "buy cabbage at the market"
        assert [row["reason"] for row in found["rejects"]] == ["wrong_key"]
        assert found["after"] == small.OTHER

    def it_gives_the_calls_of_all_stages_behind_it(library: Library):
        assert [(row["stage"], row["round"]) for row in library.calls(small.EPISODE)] == [
            ("personas", 0),
            ("sessions", 0),
            ("sessions", 1),
        ]

    @pytest.mark.parametrize("given", ["", "nobody", "' OR '1'='1", "../e"])
    def it_knows_no_other_ids(library: Library, given: str):
        with pytest.raises(NotFound):
            library.episode(given)

    def it_shows_half_a_data_set(tmp_path: Path):
        for table, rows in small.contents()[:4]:
            small.write_table(tmp_path, table, rows)
        found = Library(DuckSnapshot(str(tmp_path))).episode(small.EPISODE)
        assert found["sessions"] == found["album"] == found["rejects"] == []
        assert "sessions" in found["missing"]

    def it_writes_json_that_ends_no_script():
        text = as_json({"a": "</script><!--\u2028\x00\ud800", "b": float("nan")})
        assert "<" not in text
        assert text.isascii()
        assert json.loads(text)["a"].startswith("</script>")


def describe_pictures():
    def it_finds_those_of_the_warehouse(folder: Path):
        assert picture(folder / "files", PICTURE) is not None

    @pytest.mark.parametrize(
        "path",
        [
            "../secret.png",
            "images/../../secret.png",
            "/etc/passwd",
            "out.png",
            "notes.txt",
            "images",
            "images//x.png",
            "gone.png",
            "x\x00.png",
            ".hidden.png",
            "C:\\x.png",
            "a" * 400 + ".png",
        ],
    )
    def it_gives_out_nothing_else(folder: Path, path: str):
        assert picture(folder / "files", path) is None


def describe_server():
    def it_serves_pages_data_and_pictures(port: int):
        assert got(port, "/")[0] == got(port, f"/episode/{small.EPISODE}")[0] == 200
        listed = json.loads(got(port, "/api/episodes?text=ana")[2])
        assert [row["name"] for row in listed["episodes"]] == ["Ana Lima"]
        assert json.loads(got(port, f"/api/episode/{small.EPISODE}")[2])["id"] == small.EPISODE
        status, headers, body = got(port, f"/files/{PICTURE}")
        assert (status, headers["Content-Type"], body) == (200, "image/png", PNG)

    @pytest.mark.parametrize(
        "path",
        [
            "/files/%2e%2e/secret.png",
            "/files/../secret.png",
            "/files/notes.txt",
            "/files/out.png",
            "/viewer.py",
            "/api/x",
            "/api/episode/%27%20OR%201%3D1",
            "/api/episode/nobody",
        ],
    )
    def it_answers_404_to_all_else(port: int, path: str):
        assert got(port, path)[0] == 404

    def it_sends_a_strict_policy_with_everything(port: int):
        for path in ("/", "/api/episodes", f"/files/{PICTURE}", "/nothing"):
            headers = got(port, path)[1]
            assert headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self';")
            assert "unsafe" not in headers["Content-Security-Policy"]
            assert headers["X-Content-Type-Options"] == "nosniff"

    def it_only_reads(port: int):
        assert {got(port, "/api/episodes", method=method)[0] for method in ("POST", "PUT", "DELETE")} == {501}

    def it_refuses_a_page_that_names_this_machine_otherwise(port: int):
        assert got(port, "/api/episodes", host="evil.example")[0] == 403
        assert got(port, "/api/episodes", host=f"localhost:{port}")[0] == 200

    def it_takes_odd_queries(port: int):
        for query in ("page=99999999999", "page=-1", "page=x", "text=%00%ff", "band=x", "&&==", "text=reflect("):
            assert got(port, f"/api/episodes?{query}")[0] == 200


def describe_static():
    def it_writes_pages_that_hold_their_data(library: Library, folder: Path, tmp_path: Path):
        assert static.write(library, folder / "files", tmp_path, most=10) == 2
        page = (tmp_path / "episode" / f"{small.EPISODE}.html").read_text("utf-8")
        stored = re.search(r'<script type="application/json" id="data">(.*?)</script>', page)
        assert stored is not None
        assert json.loads(stored[1])["episode"]["id"] == small.EPISODE
        assert (tmp_path / "files" / PICTURE).read_bytes() == PNG
        assert static.write(library, folder / "files", tmp_path, most=1) == 1  # its own folder may be written again

    def it_refuses_a_folder_that_holds_something_else(library: Library, tmp_path: Path):
        (tmp_path / "thesis.txt").write_text("mine")
        with pytest.raises(StorageError, match="something else"):
            static.write(library, None, tmp_path, most=10)

    def it_holds_no_text_outside_its_data(tmp_path: Path):
        hostile.write(tmp_path / "tables", hostile.PAYLOADS[:3])
        library = Library(DuckSnapshot(str(tmp_path / "tables")))
        static.write(library, None, tmp_path / "out", most=10)
        for page in (tmp_path / "out").rglob("*.html"):
            assert page.read_text("utf-8").count("<script") == 2

    def the_command_says_what_it_wrote(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
        assert main(["view", "--warehouse", str(folder), "--out", str(tmp_path / "view"), "--most", "1"]) == 0
        said = capsys.readouterr().out
        assert "1 written" in said
        assert "1 more" in said
