"""A chat server over real HTTP, for tests that count what is asked of it."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[[str, int], "dict[str, Any] | str | int | Refused"]


@dataclass(frozen=True)
class Refused:
    """An error of a server: status and body."""

    status: int
    body: dict[str, Any]


class Guide:
    """Answers the toy stage: `answer(prompt, call number)` gives an object, a raw text, an HTTP status, or an error."""

    def __init__(self, answer: Answer | None = None, delay_s: float = 0.0) -> None:
        self.answer = answer if answer is not None else sights
        self.delay_s = delay_s
        self.calls = 0
        self.prompts: Counter[str] = Counter()
        self.lock = threading.Lock()

    def reply(self, prompt: str) -> dict[str, Any] | str | int | Refused:
        with self.lock:
            self.calls += 1
            self.prompts[prompt] += 1
            number = self.calls
        time.sleep(self.delay_s)
        return self.answer(prompt, number)


def sights(prompt: str, number: int) -> dict[str, Any]:
    town = prompt.rsplit(" of ", maxsplit=1)[-1].split(":", maxsplit=1)[0]
    if prompt.endswith("motto"):
        return {"sights": [], "motto": f"{town} is never late"}
    return {"sights": [f"the {thing} of {town}" for thing in ("old bridge", "market", "tower")], "motto": ""}


@contextmanager
def serving(guide: Guide) -> Iterator[str]:
    """The base URL of a server that runs as long as the block."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send(200, {"object": "list", "data": []})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            said = guide.reply(body["messages"][-1]["content"])
            if isinstance(said, int):
                self.send(said, {"error": {"message": "planted", "code": "planted"}})
                return
            if isinstance(said, Refused):
                self.send(said.status, said.body)
                return
            text = said if isinstance(said, str) else json.dumps(said)
            choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
            usage = {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150}
            self.send(200, {"id": "x", "model": "toy-1", "choices": [choice], "usage": usage})

        def send(self, status: int, body: dict[str, Any]) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
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
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
