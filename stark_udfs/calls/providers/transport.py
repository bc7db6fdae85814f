"""The wire to a chat server: aiohttp's connections, or the offline author in this process. It carries bytes alone.

Bodies are bounded here, those of errors included.
"""

import re
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

import aiohttp

from stark_udfs.core.ids import Json

Author = Callable[[Mapping[str, Json]], tuple[str, str]]  # the request's block → (text, finish_reason)
Headers = Sequence[tuple[str, str]]

KEEPALIVE_S = 4.5  # below the 5 s after which uvicorn, and so vLLM, closes an idle connection
CHUNK = 65_536  # bytes
FLAGGED = re.compile(r"\b(?:kill|murder)\b", re.IGNORECASE)  # by a moderation endpoint that has no model
DROPPED = ("content-encoding", "content-length", "transfer-encoding")  # they speak of the body before it was read


@dataclass(frozen=True)
class RawResponse:
    """A response as it came; `cut`: its body was longer than the limit and ends early."""

    status: int
    headers: Headers
    body: bytes
    cut: bool = False


class Transport(Protocol):
    """Sends one request; the caller bounds the time."""

    async def send(self, method: str, url: str, headers: Headers, content: bytes) -> RawResponse:
        """The response, whatever its status.

        Raises:
            OSError: no response came.
        """
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...


class HttpTransport:
    """HTTP/1.1 over aiohttp, opened on the event loop that first sends; no limit of its own on connections."""

    def __init__(self, reply_bytes: int) -> None:
        """`reply_bytes`: a longer body is cut off there."""
        self.reply_bytes = reply_bytes
        self.session: aiohttp.ClientSession | None = None

    async def send(self, method: str, url: str, headers: Headers, content: bytes) -> RawResponse:
        """Send; redirects are not followed, so that a key never goes elsewhere."""
        session = self.session or self._open(url)
        try:
            async with session.request(
                method, url, headers=headers, data=content or None, allow_redirects=False
            ) as response:
                body, cut = await self._body(response)
                kept = [(name, value) for name, value in response.headers.items() if name.lower() not in DROPPED]
                return RawResponse(response.status, kept, body, cut)
        except aiohttp.ClientError as error:
            raise ConnectionError(f"{type(error).__name__}: {error}") from error

    async def close(self) -> None:
        """Close the connections."""
        if self.session is not None:
            await self.session.close()

    def _open(self, url: str) -> aiohttp.ClientSession:
        self.session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEPALIVE_S, ttl_dns_cache=300),
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


def schema_of(body: Mapping[str, Json]) -> Mapping[str, Json] | None:
    """The JSON schema that a request asks the reply to have; None: it was said in the prompt, or nowhere."""
    wanted = body.get("response_format")
    described = wanted.get("json_schema") if isinstance(wanted, Mapping) else None
    schema = described.get("schema") if isinstance(described, Mapping) else None
    return schema if isinstance(schema, Mapping) else None


def offline_request(body: Mapping[str, Json]) -> dict[str, Json]:
    """What an author reads of a request: its `stark` block, and the schema of the reply.

    Raises:
        KeyError: the request has no block.
    """
    block = body["stark"]
    if not isinstance(block, Mapping):
        raise KeyError("stark")
    return {**block, "schema": schema_of(body)}


def completion(body: Mapping[str, Json], text: str, finish_reason: str) -> dict[str, Json]:
    """The wire form of one answer to a chat request; tokens are counted at 4 characters each."""
    messages = body.get("messages")
    listed = messages if isinstance(messages, list) else []
    asked = sum(_length(one.get("content", "")) for one in listed if isinstance(one, dict))
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


def moderation(body: Mapping[str, Json]) -> dict[str, Json]:
    """The wire form of one answer to a moderation request, from a server without a model: it flags a word or two."""
    texts = body.get("input")
    found = [FLAGGED.search(str(text)) is not None for text in (texts if isinstance(texts, list) else [texts])]
    results: list[Json] = [
        {"flagged": bad, "categories": {"violence": bad}, "category_scores": {"violence": 0.99 if bad else 0.01}}
        for bad in found
    ]
    return {"id": "modr-offline", "model": body.get("model", ""), "results": results}


def _length(content: Json) -> int:
    """Characters of a message; of one in parts, those of its words."""
    if not isinstance(content, list):
        return len(str(content))
    return sum(len(str(part.get("text", ""))) for part in content if isinstance(part, dict))


def _proxy_for(url: str) -> str | None:
    """The proxy that the environment names for this address, looked up once instead of per call."""
    parts = urlsplit(url)
    if urllib.request.proxy_bypass(parts.hostname or ""):
        return None
    return urllib.request.getproxies().get(parts.scheme)
