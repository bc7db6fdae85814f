"""All traffic stays on loopback: names are resolved by a table, and 127.0.0.1 plays the public address."""

import asyncio
import io
import struct
import threading
import time
import zlib
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from PIL import Image

from stark_udfs.images.web.egress import Lookup, system_lookup
from stark_udfs.images.web.fetch import Fetched, FetchRefusal, FetchRules, Refused, WebFetch

Reply = Callable[[str], "bytes | AsyncIterator[bytes]"]


def jpeg(width: int = 96, height: int = 64, **options: object) -> bytes:
    pixels = np.random.default_rng(1).integers(0, 255, (height, width, 3), dtype=np.uint8)
    target = io.BytesIO()
    Image.fromarray(pixels).save(target, "JPEG", **options)
    return target.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_bomb(side: int) -> bytes:
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(bytes(100_000)))
        + chunk(b"IEND", b"")
    )


def ok(body: bytes, *headers: str) -> bytes:
    lines = ("HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *headers, "", "")
    return "\r\n".join(lines).encode() + body


def redirect(location: str) -> bytes:
    return f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()


@dataclass
class Server:
    """A server in a thread that sends whatever bytes it is told to."""

    reply: Reply = lambda path: ok(jpeg())
    hits: list[tuple[str, str]] = field(default_factory=list)  # path, address that was connected to
    times: list[float] = field(default_factory=list)
    sent: int = 0
    port: int = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            path = head.split()[1].decode()
            self.hits.append((path, writer.get_extra_info("sockname")[0]))
            self.times.append(time.monotonic())
            reply = self.reply(path)
            if isinstance(reply, bytes):
                writer.write(reply)
            else:
                async for part in reply:
                    writer.write(part)
                    await writer.drain()
                    self.sent += len(part)
            await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    async def serve(self, ready: threading.Event, end: asyncio.Event) -> None:
        server = await asyncio.start_server(self.answer, "0.0.0.0", 0)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await end.wait()
        server.close()


@pytest.fixture
def server() -> Iterator[Server]:
    ours, ready, end = Server(), threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_until_complete, args=(ours.serve(ready, end),))
    thread.start()
    ready.wait(5)
    yield ours
    loop.call_soon_threadsafe(end.set)
    thread.join(5)
    for task in asyncio.all_tasks(loop):
        task.cancel()
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()


@dataclass
class Names:
    """Resolves names by a table; a name may give something else each time it is asked for."""

    table: dict[str, list[Sequence[str]]]
    asked: list[str] = field(default_factory=list)

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        if host not in self.table:
            raise OSError(f"no such name: {host}")
        answers = self.table[host]
        return answers.pop(0) if len(answers) > 1 else answers[0]


PUBLIC = FetchRules(interval_s=0, seconds=5, allow=frozenset({"127.0.0.1", "127.0.0.2"}))


def fetch_all(urls: Sequence[str], rules: FetchRules, lookup: Lookup = system_lookup) -> list[Fetched | Refused]:
    """All at once, in a loop of their own."""

    async def together() -> list[Fetched | Refused]:
        async with WebFetch(rules, lookup) as web:
            return list(await asyncio.gather(*(web.fetch(url) for url in urls)))

    return asyncio.run(together())


def fetch(
    server: Server, url: str, rules: FetchRules = PUBLIC, **names: Sequence[str] | list[Sequence[str]]
) -> Fetched | Refused:
    """One fetch; `{port}` in the URL is the server's, and `pics.example` is on 127.0.0.1."""
    table = {"pics.example": [["127.0.0.1"]], **{f"{name}.example": as_answers(said) for name, said in names.items()}}
    rules = replace(rules, ports=rules.ports | {server.port})
    (result,) = fetch_all([url.replace("{port}", str(server.port))], rules, Names(table))
    return result


def as_answers(said: Sequence[str] | list[Sequence[str]]) -> list[Sequence[str]]:
    return [said] if isinstance(said[0], str) else list(said)  # type: ignore[arg-type]


def reason(result: Fetched | Refused) -> FetchRefusal:
    assert isinstance(result, Refused), result
    assert 0 < len(result.detail) <= 300
    return result.reason


def describe_a_good_picture():
    def it_is_fetched_and_measured(server: Server):
        result = fetch(server, "http://pics.example:{port}/a.jpg")
        assert isinstance(result, Fetched)
        assert (result.width, result.height, result.format) == (96, 64, "JPEG")
        assert result.final_url == f"http://pics.example:{server.port}/a.jpg"
        assert server.hits == [("/a.jpg", "127.0.0.1")]

    def it_loses_its_exif_but_stands_upright(server: Server):
        exif = Image.Exif()
        exif[0x0112] = 6  # turned by 90 degrees
        exif[0x010F] = "Secret camera"
        exif.get_ifd(0x8825)[1] = "N"  # GPS
        server.reply = lambda path: ok(jpeg(exif=exif.tobytes(), comment=b"Secret note"))
        result = fetch(server, "http://pics.example:{port}/a.jpg")
        assert isinstance(result, Fetched)
        assert (result.width, result.height) == (64, 96)
        assert b"Secret" not in result.data
        assert not dict(Image.open(io.BytesIO(result.data)).getexif())

    def it_follows_redirects_and_says_where_they_ended(server: Server):
        server.reply = lambda path: redirect("/b.jpg") if path == "/a.jpg" else ok(jpeg())
        result = fetch(server, "http://pics.example:{port}/a.jpg")
        assert isinstance(result, Fetched)
        assert result.final_url.endswith("/b.jpg")

    def it_may_come_in_chunks(server: Server):
        data = jpeg()

        async def chunks() -> AsyncIterator[bytes]:
            yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            for start in range(0, len(data), 1000):
                part = data[start : start + 1000]
                yield f"{len(part):x}\r\n".encode() + part + b"\r\n"
            yield b"0\r\n\r\n"

        server.reply = lambda path: chunks()
        assert isinstance(fetch(server, "http://pics.example:{port}/a.jpg"), Fetched)


def describe_addresses_that_are_not_public():
    @pytest.mark.parametrize(
        "host",
        [
            "127.0.0.1",
            "127.0.0.2",
            "169.254.169.254",
            "10.0.0.1",
            "192.168.0.1",
            "0.0.0.0",
            "[::1]",
            "[::]",
            "2130706433",
            "0x7f000001",
            "0x7f.0.0.1",
            "0177.0.0.1",
            "017700000001",
            "127.1",
            "0",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[::127.0.0.1]",
            "[64:ff9b::7f00:1]",
            "[2002:7f00:1::]",
            "[2001:0:7f00:1::]",
            "[fe80::1%25lo]",
            "[fd00:ec2::254]",
            "①②⑦.⓪.⓪.①",
            "127.0.0.1.",
            "2852039166",
        ],
    )
    def they_are_refused_when_spelt_out(server: Server, host: str):
        rules = FetchRules(interval_s=0, seconds=5)
        assert reason(fetch(server, f"http://{host}:{{port}}/latest/meta-data", rules)) is FetchRefusal.ADDRESS
        assert server.hits == []

    @pytest.mark.parametrize(
        "address", ["127.0.0.1", "169.254.169.254", "10.0.0.1", "::1", "::ffff:127.0.0.1", "fe80::1%lo"]
    )
    def they_are_refused_behind_a_name(server: Server, address: str):
        rules = FetchRules(interval_s=0, seconds=5)
        assert reason(fetch(server, "http://evil.example:{port}/", rules, evil=[address])) is FetchRefusal.ADDRESS
        assert server.hits == []

    def one_among_public_ones_is_enough(server: Server):
        rules = replace(PUBLIC, allow=frozenset({"127.0.0.1"}))
        result = fetch(server, "http://evil.example:{port}/", rules, evil=["127.0.0.1", "10.0.0.1"])
        assert reason(result) is FetchRefusal.ADDRESS
        assert server.hits == []

    def the_system_resolver_is_not_believed_either(server: Server):
        rules = FetchRules(interval_s=0, seconds=5, ports=frozenset({server.port}))
        (result,) = fetch_all([f"http://localhost:{server.port}/"], rules)
        assert reason(result) is FetchRefusal.ADDRESS
        assert server.hits == []

    @pytest.mark.parametrize(
        "where", ["http://127.0.0.2:{port}/", "http://[::1]:{port}/", "http://evil.example:{port}/"]
    )
    def a_redirect_does_not_lead_to_them(server: Server, where: str):
        target = where.replace("{port}", str(server.port))
        server.reply = lambda path: redirect(target)
        rules = replace(PUBLIC, allow=frozenset({"127.0.0.1"}))
        result = fetch(server, "http://pics.example:{port}/a.jpg", rules, evil=["127.0.0.2"])
        assert reason(result) is FetchRefusal.ADDRESS
        assert server.hits == [("/a.jpg", "127.0.0.1")]

    def a_redirect_does_not_lead_to_a_file(server: Server):
        server.reply = lambda path: redirect("file:///etc/passwd")
        assert reason(fetch(server, "http://pics.example:{port}/a.jpg")) is FetchRefusal.SCHEME


def describe_dns_rebinding():
    RULES = replace(PUBLIC, allow=frozenset({"127.0.0.2"}))  # 127.0.0.2 plays the public address, .1 the inner one

    def a_name_is_asked_once_and_its_answer_is_where_we_connect(server: Server):
        names = Names({"evil.example": [["127.0.0.2"], ["127.0.0.1"]]})
        rules = replace(RULES, ports=frozenset({server.port}))
        (result,) = fetch_all([f"http://evil.example:{server.port}/a.jpg"], rules, names)
        assert isinstance(result, Fetched)
        assert names.asked == ["evil.example"]
        assert server.hits == [("/a.jpg", "127.0.0.2")]

    def a_redirect_to_the_same_name_is_checked_anew(server: Server):
        server.reply = lambda path: redirect("/b.jpg")
        result = fetch(server, "http://evil.example:{port}/a.jpg", RULES, evil=[["127.0.0.2"], ["127.0.0.1"]])
        assert reason(result) is FetchRefusal.ADDRESS
        assert server.hits == [("/a.jpg", "127.0.0.2")]


def describe_urls():
    @pytest.mark.parametrize(
        ("url", "why"),
        {
            "file:///etc/passwd": FetchRefusal.SCHEME,
            "ftp://pics.example/a.jpg": FetchRefusal.SCHEME,
            "gopher://pics.example/": FetchRefusal.SCHEME,
            "data:image/png;base64,AAAA": FetchRefusal.SCHEME,
            "javascript:alert(1)": FetchRefusal.SCHEME,
            "/a.jpg": FetchRefusal.SCHEME,
            "//pics.example/a.jpg": FetchRefusal.SCHEME,
            "": FetchRefusal.SCHEME,
            "http://": FetchRefusal.BAD_URL,
            "http:///a.jpg": FetchRefusal.BAD_URL,
            "http://[::1": FetchRefusal.BAD_URL,
            "http://pics.example:99999/": FetchRefusal.BAD_URL,
            "http://user:word@pics.example/": FetchRefusal.BAD_URL,
            "http://pics.example@127.0.0.1/": FetchRefusal.BAD_URL,
            "http://127%2e0.0.1/": FetchRefusal.ADDRESS,
            "http://pics.example\\@127.0.0.1/": FetchRefusal.BAD_URL,
            "http://" + "a" * 3000 + ".example/": FetchRefusal.BAD_URL,
            "http://pics.example:22/": FetchRefusal.PORT,
            "http://pics.example:6379/": FetchRefusal.PORT,
            "http://unknown.example/": FetchRefusal.UNREACHABLE,
        }.items(),
    )
    def bad_ones_are_refused_before_a_connection(server: Server, url: str, why: FetchRefusal):
        assert reason(fetch(server, url)) is why
        assert server.hits == []


def describe_answers_that_never_end():
    def ten_gigabytes_are_refused_by_their_announcement(server: Server):
        async def huge() -> AsyncIterator[bytes]:
            yield b"HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\n"
            while True:
                yield bytes(65536)

        server.reply = lambda path: huge()
        refused = fetch(server, "http://pics.example:{port}/")
        assert reason(refused) is FetchRefusal.TOO_LARGE
        assert "says 10737418240 bytes" in str(refused)
        assert server.sent < 50_000_000

    def endless_chunks_are_counted(server: Server):
        async def endless() -> AsyncIterator[bytes]:
            yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            while True:
                yield b"8000\r\n" + bytes(0x8000) + b"\r\n"

        server.reply = lambda path: endless()
        rules = replace(PUBLIC, bytes=300_000)
        assert reason(fetch(server, "http://pics.example:{port}/", rules)) is FetchRefusal.TOO_LARGE
        assert server.sent < 50_000_000

    def a_body_without_a_length_is_counted(server: Server):
        async def until_closed() -> AsyncIterator[bytes]:
            yield b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
            while True:
                yield bytes(65536)

        server.reply = lambda path: until_closed()
        rules = replace(PUBLIC, bytes=300_000)
        assert reason(fetch(server, "http://pics.example:{port}/", rules)) is FetchRefusal.TOO_LARGE

    @pytest.mark.parametrize(
        "start", [b"", b"HTTP/1.1 200 OK\r\nX-A: ", b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"]
    )
    def drops_do_not_outlast_the_deadline(server: Server, start: bytes):
        async def drip() -> AsyncIterator[bytes]:
            yield start
            while True:
                await asyncio.sleep(0.05)
                yield b"x" if start else b""

        server.reply = lambda path: drip()
        began = time.monotonic()
        assert (
            reason(fetch(server, "http://pics.example:{port}/", replace(PUBLIC, seconds=0.4))) is FetchRefusal.TIMEOUT
        )
        assert time.monotonic() - began < 5

    def the_deadline_spans_all_redirects(server: Server):
        async def late(path: str) -> AsyncIterator[bytes]:
            await asyncio.sleep(0.25)
            yield redirect(f"{path}x")

        server.reply = late
        result = fetch(server, "http://pics.example:{port}/", replace(PUBLIC, seconds=0.6, redirects=10))
        assert reason(result) is FetchRefusal.TIMEOUT

    def redirects_in_a_circle_are_left(server: Server):
        server.reply = redirect
        assert reason(fetch(server, "http://pics.example:{port}/a")) is FetchRefusal.REDIRECTS
        assert len(server.hits) == 4

    def a_flood_of_headers_is_left(server: Server):
        async def flood() -> AsyncIterator[bytes]:
            yield b"HTTP/1.1 200 OK\r\n"
            while True:
                yield b"X-Flood: " + b"a" * 4000 + b"\r\n"

        server.reply = lambda path: flood()
        assert reason(fetch(server, "http://pics.example:{port}/")) is FetchRefusal.UNREACHABLE
        assert server.sent < 50_000_000


def describe_bodies_that_are_no_pictures():
    @pytest.mark.parametrize(
        ("body", "why"),
        [
            (b"", FetchRefusal.EMPTY),
            (b"<!DOCTYPE html><html><body>no such picture</body></html>", FetchRefusal.MARKUP),
            (b"\n\n  <HTML>", FetchRefusal.MARKUP),
            (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', FetchRefusal.MARKUP),
            (b'<?xml version="1.0"?><svg onload="alert(1)"/>', FetchRefusal.MARKUP),
            (b"%PDF-1.7", FetchRefusal.UNKNOWN_FORMAT),
            (b"PK\x03\x04", FetchRefusal.UNKNOWN_FORMAT),
            (b"\x00\x00\x01\x00", FetchRefusal.UNKNOWN_FORMAT),
            (png_bomb(50_000), FetchRefusal.TOO_MANY_PIXELS),
            (jpeg()[:3000], FetchRefusal.BROKEN),
            (jpeg()[:20], FetchRefusal.BROKEN),
            (jpeg(1, 1), FetchRefusal.TOO_SMALL),
        ],
    )
    def they_are_refused_whatever_they_are_called(server: Server, body: bytes, why: FetchRefusal):
        server.reply = lambda path: ok(body, "Content-Type: image/jpeg")
        assert reason(fetch(server, "http://pics.example:{port}/photo.jpg")) is why

    @pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "x-whatever"])
    def encoded_ones_are_not_unpacked(server: Server, encoding: str):
        body = zlib.compress(bytes(10_000_000))
        server.reply = lambda path: ok(body, f"Content-Encoding: {encoding}")
        assert reason(fetch(server, "http://pics.example:{port}/a.jpg")) is FetchRefusal.ENCODED

    @pytest.mark.parametrize(
        ("reply", "why"),
        [
            (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", FetchRefusal.STATUS),
            (b"HTTP/1.1 206 Partial Content\r\nContent-Length: 0\r\n\r\n", FetchRefusal.STATUS),
            (b"HTTP/1.1 429 Slow Down\r\nContent-Length: 0\r\n\r\n", FetchRefusal.BUSY),
            (b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", FetchRefusal.BUSY),
            (b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", FetchRefusal.REDIRECTS),
            (b"HTTP/1.1 302 Found\r\nLocation: http://[bad\r\nContent-Length: 0\r\n\r\n", FetchRefusal.BAD_URL),
            (b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", FetchRefusal.UNREACHABLE),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nshort", FetchRefusal.UNREACHABLE),
            (b"SSH-2.0-OpenSSH_9.6\r\n", FetchRefusal.UNREACHABLE),
            (b"", FetchRefusal.UNREACHABLE),
        ],
    )
    def odd_answers_are_refused(server: Server, reply: bytes, why: FetchRefusal):
        server.reply = lambda path: reply
        assert reason(fetch(server, "http://pics.example:{port}/a.jpg")) is why


def describe_opt_outs():
    @pytest.mark.parametrize(
        "header",
        [
            "X-Robots-Tag: noai",
            "x-robots-tag: index, NoImageAI",
            "X-Robots-Tag: all\r\nX-Robots-Tag: noimageindex",
            "X-Robots-Tag: stark-udfs: noai",
            "TDM-Reservation: 1",
            "Content-Usage: train-ai=n",
        ],
    )
    def they_are_honoured(server: Server, header: str):
        server.reply = lambda path: ok(jpeg(), header)
        assert reason(fetch(server, "http://pics.example:{port}/a.jpg")) is FetchRefusal.OPTED_OUT


def describe_politeness():
    def one_host_is_asked_in_turns_and_another_at_once(server: Server):
        rules = replace(PUBLIC, interval_s=0.5, ports=frozenset({server.port}))
        names = Names({"a.example": [["127.0.0.1"]], "b.example": [["127.0.0.1"]]})
        urls = [f"http://{host}.example:{server.port}/{host}{n}" for n in range(3) for host in "ab"]
        results = fetch_all(urls, rules, names)
        assert [r.final_url for r in results if isinstance(r, Fetched)] == urls
        times = {
            host: [t for (path, _), t in zip(server.hits, server.times, strict=True) if path[1] == host]
            for host in "ab"
        }
        for host in "ab":
            gaps = np.diff(times[host])
            assert (gaps > 0.25).all(), gaps
        assert times["b"][0] < times["a"][1]


def describe_many_at_once():
    def waiting_for_a_connection_is_not_held_against_a_server(server: Server):
        async def late(path: str) -> AsyncIterator[bytes]:
            await asyncio.sleep(0.15)
            yield ok(jpeg())

        server.reply = late
        rules = replace(PUBLIC, seconds=0.6, ports=frozenset({server.port}))
        urls = [f"http://pics.example:{server.port}/{n}" for n in range(200)]
        results = fetch_all(urls, rules, Names({"pics.example": [["127.0.0.1"]]}))
        assert [result.final_url for result in results if isinstance(result, Fetched)] == urls


def describe_refusals():
    def they_say_whether_another_try_may_help():
        passing = {reason for reason in FetchRefusal if reason.passing}
        assert passing == {FetchRefusal.UNREACHABLE, FetchRefusal.TIMEOUT, FetchRefusal.BUSY}
