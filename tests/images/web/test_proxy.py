"""A company's proxy, played by a little real one on loopback: plain requests and CONNECT."""

import asyncio
import base64
import dataclasses
import io
import shutil
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from PIL import Image

from stark_udfs.core.errors import NotAuthorised, SettingsError
from stark_udfs.images.executors.web import WebExecutor
from stark_udfs.images.files import ImageFiles
from stark_udfs.images.requests import Candidates, ImageRequest, Module, Unavailable
from stark_udfs.images.web.fetch import Fetched, FetchRefusal, FetchRules, Refused, WebFetch
from stark_udfs.images.web.providers import Searx
from stark_udfs.images.web.proxy import Proxy, Way, own_name
from stark_udfs.images.web.robots import RobotsCache
from stark_udfs.images.web.throttle import Turns
from tests.images.site import FAST, Site, serving


@dataclass
class LittleProxy:
    """Forwards to one place whatever name it is asked for: it alone knows the names. `login`: what it wants to see."""

    target: int = 0
    login: str = ""
    port: int = 0
    asked: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            first, *lines = head.split("\r\n")
            method, place, _ = first.split()
            self.asked.append(f"{method} {place}")
            wanted = f"proxy-authorization: basic {base64.b64encode(self.login.encode()).decode()}".lower()
            if self.login and wanted not in head.lower():
                writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
                return
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.target)
            if method == "CONNECT":
                writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            else:
                parts = urlsplit(place)
                path = parts.path + (f"?{parts.query}" if parts.query else "")
                up_writer.write("\r\n".join([f"{method} {path} HTTP/1.1", *lines]).encode())
            await asyncio.gather(pumped(reader, up_writer), pumped(up_reader, writer))
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


async def pumped(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
    except OSError:
        pass
    finally:
        sink.close()


@pytest.fixture
def proxy() -> Iterator[LittleProxy]:
    ours, ready, loop = LittleProxy(), threading.Event(), asyncio.new_event_loop()
    end = asyncio.Event()

    async def serve() -> None:
        server = await asyncio.start_server(ours.answer, "127.0.0.1", 0)
        ours.port = server.sockets[0].getsockname()[1]
        ready.set()
        await end.wait()
        server.close()
        rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    ready.wait(5)
    yield ours
    loop.call_soon_threadsafe(end.set)
    thread.join(5)
    loop.close()


@pytest.fixture
def site(proxy: LittleProxy) -> Iterator[Site]:
    with serving() as site:
        site.picture("a.png", 1)
        proxy.target = site.port
        yield site


async def unknown(host: str, port: int) -> Sequence[str]:
    """A network in which no name of the web can be resolved."""
    known = {"inside.example": ["10.1.2.3"], "mixed.example": ["93.184.216.34", "10.1.2.3"]}
    if host not in known:
        raise OSError(f"no such name: {host}")
    return known[host]


def rules(proxy: LittleProxy, secret: str | None = None) -> FetchRules:
    return FetchRules(interval_s=0, seconds=5, proxy=Proxy(proxy.url, secret))


def fetch(rules: FetchRules, url: str, tls: ssl.SSLContext | None = None) -> Fetched | Refused:
    async def one() -> Fetched | Refused:
        async with WebFetch(rules, unknown, robots=RobotsCache(), tls=tls) as web:
            return await web.fetch(url)

    return asyncio.run(one())


def describe_a_fetch_through_a_proxy():
    def it_leaves_names_to_the_proxy(proxy: LittleProxy, site: Site):
        found = fetch(rules(proxy), "http://pics.example/a.png")
        assert isinstance(found, Fetched)
        assert found.final_url == "http://pics.example/a.png"
        assert proxy.asked == ["GET http://pics.example/robots.txt", "GET http://pics.example/a.png"]

    def it_tunnels_what_is_encrypted(proxy: LittleProxy, tmp_path: Path):
        tls, port, close = encrypted(tmp_path)
        proxy.target = port
        try:
            found = fetch(rules(proxy), "https://pics.example/a.png", tls)
        finally:
            close()
        assert isinstance(found, Fetched), found
        assert proxy.asked == ["CONNECT pics.example:443"] * 2

    def certificates_are_still_checked(proxy: LittleProxy, tmp_path: Path):
        _, port, close = encrypted(tmp_path)
        proxy.target = port
        try:
            found = fetch(rules(proxy), "https://pics.example/a.png")
        finally:
            close()
        assert isinstance(found, Refused)
        assert found.reason is FetchRefusal.UNREACHABLE

    @pytest.mark.parametrize(
        "url",
        [
            "http://10.0.0.1/a.png",
            "http://127.0.0.1/a.png",
            "http://169.254.169.254/latest/meta-data",
            "http://[::1]/a.png",
            "http://0x7f000001/a.png",
            "http://localhost/a.png",
            "http://intranet/a.png",
            "http://wiki.corp/a.png",
            "http://printer.local/a.png",
            "http://inside.example/a.png",
            "http://mixed.example/a.png",
        ],
    )
    def it_never_asks_for_what_is_ours_by_address_or_by_name(proxy: LittleProxy, site: Site, url: str):
        found = fetch(rules(proxy), url)
        assert isinstance(found, Refused)
        assert found.reason is FetchRefusal.ADDRESS
        assert proxy.asked == []

    def it_checks_where_a_redirect_leads(proxy: LittleProxy, site: Site):
        site.pages["/a.png"] = (302, {"Location": "http://inside.example/b.png"}, b"")
        found = fetch(rules(proxy), "http://pics.example/a.png")
        assert isinstance(found, Refused)
        assert found.reason is FetchRefusal.ADDRESS
        assert not any("inside" in place for place in proxy.asked)

    def a_proxy_that_is_not_there_is_a_dead_line(site: Site):
        found = fetch(FetchRules(interval_s=0, seconds=3, proxy=Proxy("http://127.0.0.1:9")), "http://pics.example/a")
        assert isinstance(found, Refused)
        assert (found.reason, found.reason.passing) == (FetchRefusal.UNREACHABLE, True)


def describe_a_login():
    def it_is_told_to_the_proxy_alone(proxy: LittleProxy, site: Site, monkeypatch: pytest.MonkeyPatch):
        proxy.login = "ana:s3cret"
        monkeypatch.setenv("OUR_PROXY", "ana:s3cret")
        assert isinstance(fetch(rules(proxy, "OUR_PROXY"), "http://pics.example/a.png"), Fetched)

    def without_it_nothing_is_verdict(proxy: LittleProxy, site: Site):
        proxy.login = "ana:s3cret"
        found = fetch(rules(proxy), "http://pics.example/a.png")
        assert isinstance(found, Refused)
        assert found.reason.passing

    def its_variable_must_hold_one():
        with pytest.raises(NotAuthorised, match="NO_SUCH_VARIABLE must hold user:password"):
            Proxy("http://proxy.example:3128", "NO_SUCH_VARIABLE").login({})

    def of_a_tunnel_the_server_hears_nothing(proxy: LittleProxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        tls, port, close = encrypted(tmp_path)
        proxy.target, proxy.login = port, "ana:s3cret"
        monkeypatch.setenv("OUR_PROXY", "ana:s3cret")
        try:
            found = fetch(rules(proxy, "OUR_PROXY"), "https://pics.example/a.png", tls)
        finally:
            close()
        assert isinstance(found, Fetched), found
        assert Way(Proxy(proxy.url, "X"), {"X": "ana:s3cret"}).to("https://pics.example")["headers"] == {}


def describe_a_search_through_a_proxy():
    def it_asks_and_fetches_through_it(proxy: LittleProxy, site: Site, tmp_path: Path):
        place = Proxy(proxy.url)
        asks = WebExecutor(
            Searx("http://search.example"),
            dataclasses.replace(FAST, proxy=place),
            rules(proxy),
            ImageFiles(str(tmp_path)),
            Turns(0),
            Turns(0),
        )
        site.name = "http://pics.example"
        (found,) = asks.work([ImageRequest(module=Module.WEB, query="red bicycle", count=2)])
        assert isinstance(found, Candidates), found
        assert [candidate.fault for candidate in found.candidates] == [""]
        assert proxy.asked[0].startswith("GET http://search.example/search?q=red")
        assert proxy.asked[-1] == "GET http://pics.example/a.png"

    def a_dead_proxy_is_no_answer(tmp_path: Path):
        dead = Proxy("http://127.0.0.1:9")
        asks = WebExecutor(
            Searx("http://search.example"),
            dataclasses.replace(FAST, proxy=dead),
            FetchRules(proxy=dead),
            ImageFiles(str(tmp_path)),
            Turns(0),
            Turns(0),
        )
        (answer,) = asks.work([ImageRequest(module=Module.WEB, query="red bicycle")])
        assert isinstance(answer, Unavailable)
        assert answer.kind == "unreachable"


def describe_its_address():
    @pytest.mark.parametrize(
        "url", ["proxy.example:3128", "https://proxy.example", "socks5://a:1", "http://", "http://a/b"]
    )
    def it_is_one_of_http(url: str):
        with pytest.raises(SettingsError, match=r"pictures\.web\.proxy"):
            Proxy(url)

    def it_carries_no_login():
        with pytest.raises(SettingsError, match=r"pictures\.web\.proxy_secret") as refused:
            Proxy("http://ana:s3cret@proxy.example:3128")
        assert "s3cret" not in str(refused.value)


def describe_own_name():
    @pytest.mark.parametrize("host", ["intranet", "a.local", "x.corp.", "LOCALHOST", "r.home.arpa", "b.internal"])
    def it_knows_names_that_the_web_has_not(host: str):
        assert own_name(host)

    @pytest.mark.parametrize("host", ["pics.example", "local.example", "corp.com", "a.b.c"])
    def it_leaves_others_alone(host: str):
        assert not own_name(host)


def encrypted(folder: Path) -> tuple[ssl.SSLContext, int, Callable[[], None]]:
    """A server for pics.example with a certificate of its own; what trusts it, its port, and how to end it."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl to make a certificate with")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=pics.example"]  # noqa: RUF005
        + ["-addext", "subjectAltName=DNS:pics.example", "-keyout", str(key), "-out", str(certificate)],
        check=True,
        capture_output=True,
    )
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ours.load_cert_chain(certificate, key)
    picture = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(picture, "PNG")
    ready, loop, end, port = threading.Event(), asyncio.new_event_loop(), asyncio.Event(), [0]

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            path = (await reader.readuntil(b"\r\n\r\n")).split()[1]
            body = picture.getvalue() if path == b"/a.png" else b""
            status = b"200 OK" if body else b"404 Not Found"
            writer.write(b"HTTP/1.1 %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % (status, len(body)) + body)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def serve() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=ours)
        port[0] = server.sockets[0].getsockname()[1]
        ready.set()
        await end.wait()
        server.close()
        await asyncio.sleep(0.05)

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    ready.wait(5)

    def close() -> None:
        loop.call_soon_threadsafe(end.set)
        thread.join(5)
        loop.close()

    return ssl.create_default_context(cafile=str(certificate)), port[0], close
