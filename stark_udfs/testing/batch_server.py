"""The stub server's batch API: files up and down, batches that take their time, fail in part, expire, are cancelled.

What a request of a batch is answered, and that it is paid, is the stub's own (`StubServer.in_batch`).
"""

import json
import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from stark_udfs.core.errors import StarkError
from stark_udfs.core.ids import Json, rng_of
from stark_udfs.testing.stub_server import StubResponse, StubServer

RESET = 0  # in place of a status: the connection is reset
A_TURN = 200  # requests that are answered between two looks at the network
PAGE = 20
FILE = re.compile(r"/files/([\w-]+)(/content)?$")
BATCH = re.compile(r"/batches/([\w-]+)(/cancel)?$")


@dataclass
class StubBatch:
    """A batch: `lines` are the requests that are left; `answers` and `errors` what its files will hold."""

    id: str
    input_file: str
    metadata: Mapping[str, Json]
    made: float
    lines: deque[dict[str, Json]]
    total: int
    status: str = "in_progress"
    problem: str = ""
    expired: bool = False
    answers: list[bytes] = field(default_factory=list)
    errors: list[bytes] = field(default_factory=list)

    @property
    def open(self) -> bool:
        """Whether something further will come of it."""
        return self.status == "in_progress"


class BatchStub:
    """The batch API of one stub server. Time is passed in."""

    def __init__(self, stub: StubServer) -> None:
        """No file, no batch."""
        self.stub = stub
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, StubBatch] = {}
        self.resets = stub.faults.batch_reset
        self.refusals = stub.faults.batch_refused
        self._number = 0

    def takes(self, path: str) -> bool:
        """Whether a path is one of a batch API's."""
        return path.endswith(("/files", "/batches")) or bool(FILE.search(path) or BATCH.search(path))

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes, now: float) -> StubResponse:
        """The response to one request."""
        path, _, query = target.partition("?")
        latency = self.stub.faults.latency_ms / 1000.0
        self.stub.counts["batch_requests"] += 1
        file, batch = FILE.search(path), BATCH.search(path)
        said = self._refused(f"{method} {path}", headers)
        if said is None and (file or batch):
            said = self._file(method, file, latency) if file else self._batch(batch, latency)
        if said is None and method == "POST":
            files = path.endswith("/files")
            said = self._upload(headers, body, latency) if files else self._create(body, now, latency)
        return said or self._list(query, latency)

    def work(self, now: float) -> bool:
        """Answer some requests of the batches whose time has come; whether there is more to do."""
        left = A_TURN
        for batch in [one for one in self.batches.values() if one.open]:
            seconds = self.stub.faults.batch_s
            due = batch.total if not seconds else int(batch.total * min(1.0, (now - batch.made) / seconds))
            while left and batch.lines and batch.total - len(batch.lines) < due:
                left -= 1
                self._line(batch, batch.lines.popleft())
            if not batch.lines and now - batch.made >= seconds:
                batch.status = "expired" if batch.expired else "completed"
                self._file_away(batch)
        return any(one.open for one in self.batches.values())

    def _refused(self, what: str, headers: Mapping[str, str]) -> StubResponse | None:
        faults = self.stub.faults
        if faults.no_batches:
            return _error(404, f"Invalid URL ({what})")
        if faults.unauthorised and rng_of(faults.seed, what).random() < faults.unauthorised:
            echoed = f" You sent {headers.get('authorization', '')}." if faults.echo_auth else ""
            return _error(401, "Incorrect API key." + echoed)
        return None

    def _batch(self, named: re.Match[str] | None, latency: float) -> StubResponse:
        found = None if named is None else self.batches.get(named.group(1))
        if named is None or found is None:
            return _error(404, "No such batch")
        if named.group(2) and found.open:
            found.status = "cancelled"
            self._file_away(found)
        return _page(_told(found), latency)

    def _upload(self, headers: Mapping[str, str], body: bytes, latency: float) -> StubResponse:
        found = re.search(r'boundary="?([^";]+)', headers.get("content-type", ""))
        if not found:
            return _error(400, "no form data")
        fields = dict(_fields(body, found.group(1).encode()))
        if fields.get("purpose") != b"batch" or "file" not in fields:
            return _error(400, "no file, or not for a batch")
        name = self._id("file")
        self.files[name] = fields["file"]
        self.stub.counts["uploads"] += 1
        return _page({"id": name, "object": "file", "bytes": len(fields["file"]), "purpose": "batch"}, latency)

    def _file(self, method: str, found: re.Match[str], latency: float) -> StubResponse:
        name = found.group(1)
        if name not in self.files:
            return _error(404, "No such file")
        if method == "DELETE":
            del self.files[name]
            return _page({"id": name, "deleted": True}, latency)
        self.stub.counts["downloads"] += 1
        return StubResponse(latency, 200, self.files[name], kind="application/octet-stream")

    def _create(self, body: bytes, now: float, latency: float) -> StubResponse:
        said = json.loads(body)
        file, metadata = str(said.get("input_file_id")), said.get("metadata") or {}
        if file not in self.files:
            return _error(400, "No such file")
        lines = [json.loads(line) for line in self.files[file].splitlines() if line.strip()]
        batch = StubBatch(self._id("batch"), file, metadata, now, deque(lines), len(lines))
        self.batches[batch.id] = batch
        self.stub.counts["batches"] += 1
        problem = self._problem(lines, str(said.get("endpoint")))
        if problem:
            batch.status, batch.problem = "failed", problem
        if self.resets:
            self.resets -= 1
            return StubResponse(latency, RESET, b"")
        return _page(_told(batch), latency)

    def _problem(self, lines: list[dict[str, Json]], endpoint: str) -> str:
        """Why a batch is not even begun."""
        if self.refusals:
            self.refusals -= 1
            return "Enqueued token limit reached"
        keys = [str(line.get("custom_id")) for line in lines]
        if len(set(keys)) < len(keys):
            return "a custom_id stands twice"
        return "" if all(line.get("url") == endpoint for line in lines) else "a url is not that of the batch"

    def _list(self, query: str, latency: float) -> StubResponse:
        asked = parse_qs(query)
        after, limit = asked.get("after", [""])[0], int(asked.get("limit", [str(PAGE)])[0])
        newest = list(reversed(self.batches.values()))
        begin = next((at + 1 for at, one in enumerate(newest) if one.id == after), 0)
        some = newest[begin : begin + limit]
        more = begin + limit < len(newest)
        return _page({"object": "list", "data": [_told(one) for one in some], "has_more": more}, latency)

    def _line(self, batch: StubBatch, line: dict[str, Json]) -> None:
        key, faults = str(line["custom_id"]), self.stub.faults
        head = {"id": f"req-{len(batch.answers)}", "custom_id": key}
        first = self.stub.tries(key) == 0
        if faults.batch_expired and first and rng_of(faults.seed, "expired", key).random() < faults.batch_expired:
            batch.expired = True
            self.stub.in_vain(key)
            gone: Json = {"code": "batch_expired", "message": "This request could not be executed in time."}
            batch.errors.append(_line({**head, "response": None, "error": gone}))
            return
        try:
            said = self.stub.in_batch(key, line["body"])
        except (ValueError, LookupError, TypeError, StarkError) as error:
            said = _error(400, repr(error))
        try:
            body = json.loads(said.body)
        except ValueError:
            body = {"error": {"message": "no JSON", "code": "server_error"}}
            said = _error(502, "no JSON")
        wrapped = _line({**head, "response": {"status_code": said.status, "body": body}, "error": None})
        (batch.answers if said.status == 200 else batch.errors).append(wrapped)

    def _file_away(self, batch: StubBatch) -> None:
        """The files of answers, once nothing further comes."""
        answers = batch.answers
        if self.stub.faults.batch_strange and answers:
            unknown = answers[0].replace(json.loads(answers[0])["custom_id"].encode(), b"0" * 64)
            answers = [b'{"custom_id": "torn\n', unknown, *answers, answers[0]]
        for name, lines in (("out", answers), ("err", batch.errors)):
            if lines:
                self.files[f"{batch.id}-{name}"] = b"".join(lines)

    def _id(self, kind: str) -> str:
        self._number += 1
        return f"{kind}-{self._number}"


def _told(batch: StubBatch) -> dict[str, Json]:
    over = not batch.open
    return {
        "id": batch.id,
        "object": "batch",
        "status": batch.status,
        "input_file_id": batch.input_file,
        "output_file_id": f"{batch.id}-out" if over and batch.answers else None,
        "error_file_id": f"{batch.id}-err" if over and batch.errors else None,
        "metadata": dict(batch.metadata),
        "request_counts": {"total": batch.total, "completed": len(batch.answers), "failed": len(batch.errors)},
        "errors": {"data": [{"code": "token_limit_exceeded", "message": batch.problem}]} if batch.problem else None,
    }


def _fields(body: bytes, boundary: bytes) -> Iterator[tuple[str, bytes]]:
    """The fields of multipart form data."""
    for part in body.split(b"--" + boundary)[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        named = re.search(rb'name="([^"]+)"', head)
        if named:
            yield named.group(1).decode(), content.removesuffix(b"\r\n")


def _line(content: dict[str, Json]) -> bytes:
    return json.dumps(content).encode() + b"\n"


def _page(content: dict[str, Json], latency: float) -> StubResponse:
    return StubResponse(latency, 200, json.dumps(content).encode())


def _error(status: int, message: str) -> StubResponse:
    return StubResponse(0.0, status, json.dumps({"error": {"message": message, "code": str(status)}}).encode())
