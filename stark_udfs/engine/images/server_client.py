"""What clients of image servers and of judges share: one connection pool, opened at the first request."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from stark_udfs.calls.errors import CallError, CallFailed, redacted, seconds_of
from stark_udfs.calls.providers.transport import HttpTransport, RawResponse
from stark_udfs.calls.refusals import ServerError, refusal_of
from stark_udfs.core.errors import NotAuthorised
from stark_udfs.images.backend import ModelBackendSpec
from stark_udfs.images.files import FileState, ImageFiles
from stark_udfs.images.models.server_access import ServerAccess
from stark_udfs.settings.section import Secrets

REDIRECTED = "it sends on to another address, which is not followed: the key would go along"
WAYS_OUT = {  # of what every request of a server has in common
    CallError.NOT_FOUND: "Set its `model` and `base_url` in `pictures` to what the server has.",
    CallError.SETTINGS: "Change its `parameters` (null takes one away), its `quality`, or `pictures.image_size`.",
    CallError.AUTH: "Its `secret` in `pictures` names the environment variable that holds the key.",
}


@dataclass
class ServerClient:
    """Posts to servers; lives and closes with one event loop."""

    spec: ModelBackendSpec
    files: ImageFiles
    secrets: Secrets = os.environ.get
    _transport: HttpTransport | None = None

    async def __aenter__(self) -> Self:
        """Nothing is opened before the first request."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        if self._transport is not None:
            await self._transport.close()

    async def post(
        self, access: ServerAccess, path: str, headers: Sequence[tuple[str, str]], content: bytes, *, awaited: str
    ) -> RawResponse:
        """The response to one request, of status 200; `awaited`: what is missing where none comes in time.

        Raises:
            CallFailed: there is none; its kind says whether asking again can help. No message shows the key.
        """
        try:
            secret = access.key(self.secrets)
        except NotAuthorised as error:
            raise CallFailed(CallError.AUTH, str(error)) from None
        if secret is not None:
            headers = [*headers, ("Authorization", f"Bearer {secret}")]
        self._transport = self._transport or HttpTransport(access.reply_bytes)
        try:
            async with asyncio.timeout(access.timeout_s):
                raw = await self._transport.send("POST", f"{access.base_url}/{path}", headers, content)
        except TimeoutError:
            raise CallFailed(CallError.TRANSIENT, f"no {awaited} within {access.timeout_s:g} s") from None
        except OSError as error:
            raise CallFailed(CallError.TRANSIENT, redacted(str(error), secret)) from None
        if raw.status != 200:
            raise refused(raw, secret)
        return raw

    async def file(self, path: str) -> bytes:
        """A picture of the store.

        Raises:
            CallFailed: it is lost or broken; nothing was sent.
        """
        found = await asyncio.to_thread(self.files.sound, path)
        if isinstance(found, FileState):
            raise CallFailed(CallError.INPUT, f"{path}: {found.value}")
        return found


def refused(raw: RawResponse, secret: str | None) -> CallFailed:
    """What a status other than 200 means; no message shows the key."""
    error = ServerError.of(raw.body)
    kind = refusal_of(raw.status, error).kind
    headers = {name.lower(): value for name, value in raw.headers}
    detail = redacted(error.words or REDIRECTED * (300 <= raw.status < 400) or "no reason given", secret)
    wait = seconds_of(headers, datetime.now(UTC))
    return CallFailed(kind, detail, status=raw.status, retry_after=wait, way_out=WAYS_OUT.get(kind, ""))
