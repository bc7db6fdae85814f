"""A site on loopback: a search provider in SearXNG's form and the pictures that it finds."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

from stark_udfs.images.decode import picture_of
from stark_udfs.images.web.fetch import FetchRules
from stark_udfs.images.web.search import SearchRules

FAST = SearchRules(interval_s=0, seconds=3)


@dataclass
class Site:
    """What is served by path: status, headers and body; the search answers with all pictures."""

    port: int = 0
    pages: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    search_status: int = 200
    name: str = ""  # under which the search names its pictures; empty: its address

    @property
    def url(self) -> str:
        """Of its root."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def rules(self) -> FetchRules:
        """Which let a fetch through to it."""
        ports = frozenset({self.port})
        return FetchRules(interval_s=0, seconds=3, ports=ports, allow=frozenset({"127.0.0.1"}))

    def picture(self, name: str, seed: int, **headers: str) -> None:
        """Serve a picture of that seed."""
        from PIL import Image

        from tests.images import tiny

        self.pages[f"/{name}"] = (200, headers, picture_of(Image.fromarray(tiny.picture(seed)), "PNG").data)

    def answer(self, path: str) -> tuple[int, dict[str, str], bytes]:
        """What is sent for a path."""
        self.asked.append(path)
        if path.startswith("/search"):
            found = [
                {
                    "url": f"{self.name or self.url}/about{name}",
                    "img_src": f"{self.name or self.url}{name}",
                    "title": name[1:],
                    "author": "Ana",
                    "engine": "loop",
                }
                for name in self.pages
                if name != "/robots.txt"
            ]
            return self.search_status, {}, json.dumps({"results": found}).encode()
        return self.pages.get(path.partition("?")[0], (404, {}, b""))


@contextmanager
def serving() -> Iterator[Site]:
    """A site while the block runs."""
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        protocol_version: ClassVar[str] = "HTTP/1.1"

        def do_GET(self) -> None:
            status, headers, body = site.answer(self.path)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body)), "Connection": "close"}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        site.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield site
        finally:
            server.shutdown()
            thread.join()
