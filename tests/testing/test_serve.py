import asyncio
import json
import subprocess
import sys
import urllib.request

import pytest

from stark_udfs.testing.faults import Faults
from stark_udfs.testing.serve import main, served
from stark_udfs.testing.stub_server import StubServer


def ask_raw(request: bytes, faults: Faults | None = None) -> bytes:
    async def go() -> bytes:
        async with served(StubServer(faults or Faults())) as url:
            host, _, port = url.removeprefix("http://").removesuffix("/v1").partition(":")
            reader, writer = await asyncio.open_connection(host, int(port))
            for place in range(0, len(request), 7):  # in small pieces, as a network may
                writer.write(request[place : place + 7])
                await asyncio.sleep(0)
            try:
                async with asyncio.timeout(0.5):
                    head = await reader.readuntil(b"\r\n\r\n")
                    length = int(head.partition(b"Content-Length: ")[2].split()[0])
                    return head + await reader.readexactly(length)
            except (ConnectionError, EOFError, TimeoutError):
                return b""
            finally:
                writer.close()

    return asyncio.run(go())


def post(body: bytes) -> bytes:
    return b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


def describe_served():
    def it_lists_models_and_counts():
        assert b'"id": "stub"' in ask_raw(b"GET /v1/models HTTP/1.1\r\n\r\n")
        assert b'"max_in_flight": 0' in ask_raw(b"GET /stats HTTP/1.1\r\n\r\n")
        assert b'"latency_s": []' in ask_raw(b"GET /calls HTTP/1.1\r\n\r\n")

    def it_answers_a_request_that_comes_in_pieces():
        said = ask_raw(post(json.dumps({"model": "m", "messages": []}).encode()))
        assert said.startswith(b"HTTP/1.1 200 OK")
        assert json.loads(said.partition(b"\r\n\r\n")[2])["object"] == "chat.completion"

    @pytest.mark.parametrize(
        ("request_", "status"),
        [
            (post(b"not json"), b"400"),
            (post(b"[]"), b"400"),
            (b"GET /elsewhere HTTP/1.1\r\n\r\n", b"404"),
        ],
    )
    def it_says_what_it_does_not_take(request_, status):
        assert ask_raw(request_).split()[1] == status

    @pytest.mark.parametrize(
        "request_", [b"x" * 80_000, b"POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n", b"\r\n\r\n"]
    )
    def it_survives_what_is_no_request(request_):
        ask_raw(request_)

    def it_is_not_there_while_it_is_down():
        assert ask_raw(post(b"{}"), Faults(down_until_s=60)) == b""


def describe_the_command():
    def it_has_an_option_per_fault(capsys):
        with pytest.raises(SystemExit):
            main(["--help"])
        said = capsys.readouterr().out
        assert "--latency-ms" in said
        assert "--down-until-s" in said
        assert "--echo-auth" in said

    def it_serves_until_it_is_told_to_end():
        command = [sys.executable, "-m", "stark_udfs.testing.serve", "--port", "0", "--latency-ms", "1"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            url = process.stdout.readline().split()[-1]
            with urllib.request.urlopen(f"{url.removesuffix('/v1')}/stats") as answer:
                assert "cpu_s" in json.load(answer)
            process.terminate()
            assert process.wait(10) == 0
