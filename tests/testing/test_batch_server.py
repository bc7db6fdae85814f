import json

from stark_udfs.core.ids import Json
from stark_udfs.testing.batch_server import A_TURN, BatchStub
from stark_udfs.testing.faults import Faults
from stark_udfs.testing.stub_server import StubServer

FORM = {"content-type": "multipart/form-data; boundary=b"}


def uploaded(server: BatchStub, count: int) -> str:
    line = {"method": "POST", "url": "/v1/chat/completions", "body": {"model": "m", "messages": []}}
    lines = "".join(json.dumps({**line, "custom_id": f"k{n}"}) + "\n" for n in range(count))
    parts = [("purpose", "batch"), ("file", lines)]
    body = "".join(f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n' for name, text in parts)
    return said(server, "POST", "/v1/files", f"{body}--b--\r\n".encode())["id"]


def said(server: BatchStub, method: str, path: str, body: bytes = b"", now: float = 0.0) -> dict[str, str]:
    response = server.answer(method, path, FORM, body, now)
    assert response.status == 200, response.body
    found: dict[str, str] = json.loads(response.body)
    return found


def made(server: BatchStub, count: int) -> str:
    asked: Json = {"input_file_id": uploaded(server, count), "endpoint": "/v1/chat/completions", "metadata": {}}
    return said(server, "POST", "/v1/batches", json.dumps(asked).encode())["id"]


def describe_batch_stub():
    def it_answers_as_much_of_a_batch_as_its_time_allows():
        server = BatchStub(StubServer(Faults(batch_s=10)))
        batch = made(server, 20)
        assert server.work(5.0)
        assert server.stub.counts["served"] == 10
        assert said(server, "POST", f"/v1/batches/{batch}/cancel")["status"] == "cancelled"
        assert not server.work(10.0)
        assert server.files[f"{batch}-out"].count(b"\n") == server.stub.counts["served"] == 10

    def it_answers_a_large_batch_in_turns():
        server = BatchStub(StubServer(Faults()))
        made(server, A_TURN + 1)
        assert server.work(0.0)
        assert not server.work(0.0)
        assert server.stub.counts["served"] == A_TURN + 1

    def it_has_no_time_for_a_request_once():
        server = BatchStub(StubServer(Faults(batch_expired=1.0)))
        for status in ("expired", "completed"):
            batch = made(server, 3)
            server.work(0.0)
            assert said(server, "GET", f"/v1/batches/{batch}")["status"] == status
        assert server.stub.counts["served"] == 3
