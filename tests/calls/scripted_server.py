"""A chat server over real HTTP that answers as a function of the request says; it counts what is sent to it."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.calls.asks import GOOD

USAGE = {"prompt_tokens": "100", "completion_tokens": 50.0}


@dataclass(frozen=True)
class Said:
    """A response."""

    status: int
    body: object
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Sent:
    """A request: which one it is, from 1, the token it came with, and its last message."""

    number: int
    token: str
    asked: str


def fine() -> Said:
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": GOOD}}
    return Said(200, {"id": "x", "model": "baker-1", "choices": [choice], "usage": USAGE})


@contextmanager
def scripted(answer: Callable[[Sent], Said]) -> Iterator[tuple[str, list[Sent]]]:
    """(base URL, what was sent so far) of a server that runs as long as the block."""
    sent: list[Sent] = []
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.rest(Said(200, {"object": "list", "data": []}))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            with lock:
                one = Sent(len(sent) + 1, token, body["messages"][-1]["content"])
                sent.append(one)
            self.rest(answer(one))

        def rest(self, said: Said) -> None:
            data = json.dumps(said.body).encode()
            self.send_response(said.status)
            for name, value in {"Content-Type": "application/json", **said.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1", sent
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
