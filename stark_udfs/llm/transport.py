"""The wire under the `openai` client: aiohttp's connections behind httpx2's interface, and the author in this process.

The client keeps base URLs, auth, Azure and its error classes; only the bytes go another way. Bodies are bounded here,
error bodies included. `docs/adr` has the measurements.
"""

import json
import ssl
import urllib.request
from collections.abc import Callable, Mapping

import aiohttp
import httpx2

from stark_udfs.core.ids import Json

Author = Callable[[Mapping[str, Json]], tuple[str, str]]  # the request's block → (text, finish_reason)

CUT = "stark_cut"  # response extension: the body was longer than the limit and ends early
KEEPALIVE_S = 4.5  # below the 5 s after which uvicorn, and so vLLM, closes an idle connection
CHUNK = 65_536  # bytes
DROPPED = (b"content-encoding", b"content-length", b"transfer-encoding")  # they speak of the body before it was read


class BoundedTransport(httpx2.AsyncBaseTransport):
    """HTTP/1.1 over aiohttp, made on the event loop that first sends; no limit of its own on connections."""

    def __init__(self, reply_bytes: int) -> None:
        """`reply_bytes`: a longer body is cut off there."""
        self.reply_bytes = reply_bytes
        self.session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request; the caller bounds the time.

        Raises:
            httpx2.TransportError: no answer came.
        """
        session = self.session or self._open(request.url)
        try:
            async with session.request(
                request.method,
                str(request.url),
                headers=list(request.headers.multi_items()),
                data=request.content or None,
                allow_redirects=False,
            ) as response:
                body, cut = await self._body(response)
                headers = [(name, value) for name, value in response.raw_headers if name.lower() not in DROPPED]
                return httpx2.Response(
                    response.status, headers=headers, content=body, request=request, extensions={CUT: cut}
                )
        except aiohttp.ClientError as error:
            raise httpx2.NetworkError(f"{type(error).__name__}: {error}") from error
        except OSError as error:
            raise httpx2.ConnectError(f"{type(error).__name__}: {error}") from error

    async def aclose(self) -> None:
        """Close the connections."""
        if self.session is not None:
            await self.session.close()

    def _open(self, url: httpx2.URL) -> aiohttp.ClientSession:
        secure: ssl.SSLContext | bool = httpx2.create_ssl_context() if url.scheme == "https" else True
        self.session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEPALIVE_S, ttl_dns_cache=300, ssl=secure),
            timeout=aiohttp.ClientTimeout(total=None, connect=None),
            proxy=_proxy_for(url),
        )
        return self.session

    async def _body(self, response: aiohttp.ClientResponse) -> tuple[bytes, bool]:
        length = response.content_length
        if length is not None and length <= self.reply_bytes and "Content-Encoding" not in response.headers:
            return await response.read(), False
        pieces: list[bytes] = []
        size = 0
        async for piece in response.content.iter_chunked(CHUNK):
            pieces.append(piece)
            size += len(piece)
            if size > self.reply_bytes:
                response.close()
                return b"".join(pieces)[: self.reply_bytes], True
        return b"".join(pieces), False


class OfflineTransport(httpx2.AsyncBaseTransport):
    """Answers chat completions inside the process: the request's `stark` block goes to an author."""

    def __init__(self, author: Author) -> None:
        """`author` decides on text and finish_reason."""
        self.author = author

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer as a server would, in the same JSON."""
        if request.url.path.endswith("/models"):
            return httpx2.Response(200, json={"object": "list", "data": []}, request=request)
        body = json.loads(request.content)
        text, finish_reason = self.author(body["stark"])
        return httpx2.Response(200, json=completion(body, text, finish_reason), request=request)


def completion(body: Mapping[str, Json], text: str, finish_reason: str) -> dict[str, Json]:
    """The wire form of one answer to a chat request; tokens are counted at 4 characters each."""
    messages = body.get("messages")
    listed = messages if isinstance(messages, list) else []
    asked = sum(len(str(one.get("content", ""))) for one in listed if isinstance(one, dict))
    tokens_in, tokens_out = asked // 4 + 1, len(text) // 4 + 1
    return {
        "id": "chatcmpl-offline",
        "object": "chat.completion",
        "created": 0,
        "model": body.get("model", ""),
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish_reason},
        ],
        "usage": {
            "prompt_tokens": tokens_in,
            "completion_tokens": tokens_out,
            "total_tokens": tokens_in + tokens_out,
        },
    }


def _proxy_for(url: httpx2.URL) -> str | None:
    """The proxy that the environment names for this address, looked up once instead of per call."""
    if urllib.request.proxy_bypass(url.host):
        return None
    return urllib.request.getproxies().get(url.scheme)
