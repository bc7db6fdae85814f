"""A small server for the viewer: reads, never writes, and listens on this machine alone unless told otherwise."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock
from urllib.parse import parse_qs, unquote, urlsplit

from stark_udfs.core.errors import NotFound, StarkError
from stark_udfs.release.viewer import pages
from stark_udfs.release.viewer.files import media_type, picture
from stark_udfs.release.viewer.library import PAGE, Library, Search, as_json

HTML, JSON = "text/html; charset=utf-8", "application/json; charset=utf-8"
LOCAL = ("127.0.0.1", "localhost", "[::1]")
ASSETS = {"/viewer.css": "text/css; charset=utf-8", "/viewer.js": "text/javascript; charset=utf-8"}
HEADERS = {
    "Content-Security-Policy": f"{pages.SERVED_POLICY}; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True)
class Answer:
    """What goes back to the browser."""

    body: bytes
    media_type: str
    status: HTTPStatus = HTTPStatus.OK


class Site:
    """Answers requests about one warehouse."""

    def __init__(self, library: Library, files: Path | None) -> None:
        """`files`: `storage.files`, where it is a folder."""
        self.library = library
        self.files = files
        self._lock = Lock()  # the library reads its list once, whoever asks first

    def answer(self, target: str) -> Answer:
        """The answer to a GET of this path and query."""
        url = urlsplit(target)
        path = unquote(url.path)
        fixed = _fixed(path)
        if fixed is not None:
            return fixed
        try:
            if path.startswith("/files/"):
                return self._picture(path.removeprefix("/files/"))
            with self._lock:
                return self._data(path, url.query)
        except NotFound as error:
            return _refused(HTTPStatus.NOT_FOUND, str(error))
        except StarkError as error:
            return _refused(HTTPStatus.BAD_REQUEST, str(error))

    def _data(self, path: str, query: str) -> Answer:
        if path == "/api/episodes":
            return _json(self._list(query))
        for prefix, read in (("/api/episode/", self.library.episode), ("/api/calls/", self.library.calls)):
            if path.startswith(prefix):
                return _json(read(path.removeprefix(prefix)))
        raise NotFound("there is no such page.")

    def _list(self, query: str) -> dict[str, object]:
        given = {name: values[0] for name, values in parse_qs(query[:2000]).items()}
        page = int(given["page"]) if given.get("page", "").isdecimal() and len(given["page"]) < 7 else 1
        words = {name: given.get(name, "") for name in ("country", "band", "gender", "category", "text")}
        rows, total = self.library.find(Search(**words, page=page))
        return {"episodes": rows, "total": total, "page": page, "size": PAGE, "choices": self.library.choices}

    def _picture(self, path: str) -> Answer:
        found = None if self.files is None else picture(self.files, path)
        if found is None:
            raise NotFound("there is no such picture.")
        return Answer(found.read_bytes(), media_type(found))


def server(site: Site, host: str, port: int) -> ThreadingHTTPServer:
    """Listens; `serve_forever` answers.

    Raises:
        OSError: the port cannot be had.
    """
    made = ThreadingHTTPServer((host, port), _handler(site.answer, host))
    made.daemon_threads = True
    return made


def _handler(answer: Callable[[str], Answer], bound: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        server_version, sys_version = "stark", ""

        def do_GET(self) -> None:
            self._send(with_body=True)

        def do_HEAD(self) -> None:
            self._send(with_body=False)

        def _send(self, *, with_body: bool) -> None:
            found = answer(self.path) if self._meant_for_us() else _refused(HTTPStatus.FORBIDDEN, "unknown host.")
            self.send_response(found.status)
            for name, value in {
                **HEADERS,
                "Content-Type": found.media_type,
                "Content-Length": str(len(found.body)),
            }.items():
                self.send_header(name, value)
            self.end_headers()
            if with_body:
                try:
                    self.wfile.write(found.body)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True  # the browser went on to another page

        def _meant_for_us(self) -> bool:
            """A page of elsewhere whose name was made to point at this machine sends its own name as host."""
            name = self.headers.get("Host", "").rsplit(":", 1)[0]
            return bound not in ("127.0.0.1", "localhost", "::1") or name in LOCAL

        def log_message(self, format: str, *args: object) -> None:
            """The terminal stays free for what the user is told."""

    return Handler


def _fixed(path: str) -> Answer | None:
    """What is the same for every warehouse."""
    if path in ASSETS:
        return Answer(pages.asset(path[1:]).encode(), ASSETS[path])
    if path == "/" or path.startswith("/episode/"):
        return Answer(pages.shell().encode(), HTML)
    return Answer(b"", "image/x-icon", HTTPStatus.NO_CONTENT) if path == "/favicon.ico" else None


def _json(value: object) -> Answer:
    return Answer(as_json(value).encode(), JSON)


def _refused(status: HTTPStatus, says: str) -> Answer:
    return Answer(as_json({"error": says}).encode(), JSON, status)
