"""The stub server over HTTP: `python -m stark_udfs.testing.serve --port 8000 --latency-ms 500 --errors 0.1`.

POST /v1/chat/completions, /v1/moderations, /v1/images/generations and /v1/images/edits, GET /v1/models, /stats, /calls;
/v1/files and /v1/batches as OpenAI has them.
For tests and benchmarks on this machine; it has no model.
"""

import argparse
import asyncio
import json
import signal
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import fields

from stark_udfs.calls.moderation import ModerationRequest
from stark_udfs.calls.providers.offline import embedded
from stark_udfs.calls.providers.transport import Author
from stark_udfs.calls.request import ChatRequest
from stark_udfs.core.errors import StarkError
from stark_udfs.core.ids import Json
from stark_udfs.settings.chat_models import Defects
from stark_udfs.testing.batch_server import RESET, BatchStub
from stark_udfs.testing.faults import Faults
from stark_udfs.testing.stub_server import StubResponse, StubServer

PICTURES = ("/images/generations", "/images/edits")
LONGEST_HEAD = 65_536  # bytes
LONGEST_BODY = 250_000_000
BUSY_S, IDLE_S = 0.01, 0.1  # between two looks at the batches
PHRASES = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 429: "Too Many Requests"}


class Connection(asyncio.Protocol):
    """One client's connection: HTTP/1.1, keep-alive, bodies with a length; no more than a client of ours needs."""

    def __init__(self, stub: StubServer, batches: BatchStub, loop: asyncio.AbstractEventLoop) -> None:
        """One per connection."""
        self.stub = stub
        self.batches = batches
        self.loop = loop
        self.buffer = bytearray()
        self.transport: asyncio.Transport | None = None
        self.pending: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is there."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        if self.stub.down(self.loop.time()):
            transport.abort()

    def connection_lost(self, error: Exception | None) -> None:
        """The client is gone; its request is over."""
        if self.pending is not None:
            self.pending.cancel()
            self.pending = None
            self.stub.counts["abandoned"] += 1
            self.stub.end()

    def data_received(self, data: bytes) -> None:
        """Read on; answer when a request is whole."""
        self.buffer += data
        if self.pending is not None:
            return
        head, mark, rest = self.buffer.partition(b"\r\n\r\n")
        if not mark:
            if len(head) > LONGEST_HEAD:
                self._abort()
            return
        line, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (one.partition(":") for one in lines)}
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > LONGEST_BODY:
            self._abort()
            return
        if len(rest) < int(length):
            return
        self.buffer = rest[int(length) :]
        self._answer(line, headers, bytes(rest[: int(length)]))

    def _answer(self, line: str, headers: dict[str, str], body: bytes) -> None:
        method, _, path = line.partition(" ")
        target = path.partition(" ")[0]
        path = target.partition("?")[0]
        now = self.loop.time()
        if path == "/stats":
            self._send(_page({**self.stub.stats(), "cpu_s": round(time.process_time(), 3)}))
        elif path == "/calls":
            self._send(_page(self.stub.calls()))
        elif self.stub.down(now):
            self._abort()
        elif self.batches.takes(path):
            self.stub.in_flight += 1
            self.pending = self._later(self._of_batches(method, target, headers, body))
        elif path.endswith("/models"):
            self._send(_page({"object": "list", "data": [{"id": "stub", "object": "model"}]}))
        elif method == "POST" and path.endswith((ChatRequest.path, ModerationRequest.path, *PICTURES)):
            try:
                said = self.stub.begin(body, headers, now, picture=path.endswith(PICTURES))
            except (ValueError, LookupError, TypeError, StarkError) as error:
                said = StubResponse(0.0, 400, json.dumps({"error": {"message": repr(error)}}).encode())
            self.pending = self._later(said)
        else:
            self._send(StubResponse(0.0, 404, b'{"error": {"message": "no such path"}}'))

    def _later(self, said: StubResponse) -> asyncio.TimerHandle:
        return self.loop.call_later(said.delay_s, self._finish, said)

    def _of_batches(self, method: str, target: str, headers: dict[str, str], body: bytes) -> StubResponse:
        try:
            return self.batches.answer(method, target, headers, body, self.loop.time())
        except (ValueError, LookupError, TypeError) as error:
            return StubResponse(0.0, 400, json.dumps({"error": {"message": repr(error)}}).encode())

    def _finish(self, said: StubResponse) -> None:
        self.pending = None
        self.stub.end()
        if said.status == RESET:
            self._abort()
        elif self.stub.down(self.loop.time()):
            self.stub.withheld(said)
            self._abort()
        else:
            self.stub.out(said)
            self._send(said)

    def _send(self, said: StubResponse) -> None:
        assert self.transport is not None
        extra = "".join(f"{name}: {value}\r\n" for name, value in said.headers.items())
        head = (
            f"HTTP/1.1 {said.status} {PHRASES.get(said.status, 'Error')}\r\n"
            f"Content-Type: {said.kind}\r\nContent-Length: {len(said.body)}\r\n{extra}\r\n"
        )
        if said.cut:
            self.transport.write(head.encode() + said.body[: len(said.body) // 2])
            self.transport.close()
        else:
            self.transport.write(head.encode() + said.body)

    def _abort(self) -> None:
        if self.transport is not None:
            self.transport.abort()


@asynccontextmanager
async def served(stub: StubServer, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """Serve on the running loop; gives the base URL."""
    loop = asyncio.get_running_loop()
    batches = BatchStub(stub)
    server = await loop.create_server(lambda: Connection(stub, batches, loop), host, port, backlog=1024)
    working = asyncio.create_task(_work(batches, loop))
    try:
        yield f"http://{host}:{server.sockets[0].getsockname()[1]}/v1"
    finally:
        working.cancel()
        server.close()


async def _work(batches: BatchStub, loop: asyncio.AbstractEventLoop) -> None:
    """Answer batches until cancelled."""
    while True:
        await asyncio.sleep(BUSY_S if batches.work(loop.time()) else IDLE_S)


async def serve_offline(host: str, port: int, faults: Faults, author: Author | None = None) -> None:
    """Serve until SIGINT or SIGTERM; says on standard output where."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):
            loop.add_signal_handler(number, stop.set)
    async with served(StubServer(faults, author), host, port) as url:
        sys.stdout.write(f"listening on {url}\n")
        sys.stdout.flush()
        await stop.wait()


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line: one option per field of `Faults`."""
    parser = argparse.ArgumentParser(prog="python -m stark_udfs.testing.serve", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000, help="0 takes a free one")
    for one in fields(Faults):
        option = "--" + one.name.replace("_", "-")
        if isinstance(one.default, bool):
            parser.add_argument(option, action="store_true")
        else:
            parser.add_argument(option, type=type(one.default), default=one.default)
    options = vars(parser.parse_args(arguments))
    host, port = options.pop("host"), options.pop("port")
    asyncio.run(serve_offline(host, port, Faults(**options), embedded(Defects())))


def _page(content: dict[str, Json]) -> StubResponse:
    return StubResponse(0.0, 200, json.dumps(content).encode())


if __name__ == "__main__":
    main()
