"""Image servers that answer what none should: what is said of it, and where the way out is."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from stark_udfs.images.requests import Candidates
from tests.engine.images.test_painting import of_a_town, painted_by
from tests.engine.images.test_worker import script, task

INSIDE = (
    "http://169.254.169.254/latest/meta-data/",
    "file:///etc/passwd",
    "http://127.0.0.1:22/a",
    "http://localhost/a",
)


@contextmanager
def answering(status: int, kind: str, body: bytes) -> Iterator[tuple[str, list[str]]]:
    """A server that answers every request alike; its URL, and the paths that were asked for."""
    asked: list[str] = []

    class Alike(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            asked.append(self.path)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Location", "http://127.0.0.1:1/")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Alike)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def refusal(message: str, code: str, parameter: str = "") -> bytes:
    return json.dumps({"error": {"message": message, "code": code, "param": parameter}}).encode()


def describe_a_server_whose_every_answer_is_bad():
    @pytest.mark.parametrize(
        ("status", "body", "words"),
        [
            (
                404,
                refusal("The model `x` does not exist", "model_not_found"),
                ("not_found (HTTP 404)", "Set its `model`"),
            ),
            (400, refusal("Invalid size", "invalid_value", "size"), ("settings (HTTP 400)", "pictures.image_size")),
            (302, b"", ("sends on to another address", "base_url")),
            (401, refusal("Incorrect API key", "invalid_api_key"), ("auth (HTTP 401)", "Its `secret` in `pictures`")),
            (429, refusal("You exceeded your quota", "insufficient_quota"), ("quota (HTTP 429)",)),
        ],
    )
    def the_run_stops_with_the_way_out(tmp_path: Path, status: int, body: bytes, words: tuple[str, ...]):
        with (
            answering(status, "application/json", body) as (url, asked),
            task(tmp_path, script(painted_by(url, tmp_path), of_a_town)) as ours,
        ):
            ends = ours.run("Bonn", "Kiel")
            said = ours.server.served.stopped
            assert (ours.replies, len(asked) <= 4) == ([], True)
        assert {end.state for end in ends} == {"open"}
        assert all(word in said for word in words), said

    def html_leaves_the_unit_open_and_costs_nothing(tmp_path: Path):
        with (
            answering(200, "text/html", b"<!doctype html><p>Please log in.") as (url, asked),
            task(tmp_path, script(painted_by(url, tmp_path, attempts=2), of_a_town)) as ours,
        ):
            (end,) = ours.run("Bonn")
            assert (ours.replies, len(asked)) == ([], 4)
        assert end.state == "open"
        assert end.detail == "transient: HTTP 200: 32 bytes of text/html that hold no picture"

    @pytest.mark.parametrize("address", INSIDE)
    def an_address_that_points_inside_is_paid_and_never_fetched(tmp_path: Path, address: str):
        body = json.dumps({"data": [{"url": address}]}).encode()
        with (
            answering(200, "application/json", body) as (url, _),
            task(tmp_path, script(painted_by(url, tmp_path), of_a_town)) as ours,
        ):
            (end,) = ours.run("Bonn")
            found = [Candidates.model_validate_json(one.reply) for one in ours.replies if one.model_returned == "t2i"]
        assert end.state == "done"
        assert {one.fault for answer in found for one in answer.candidates} <= {"address", "scheme", "port"}
