"""What clients of image servers and of judges share: one connection pool, opened at the first request."""

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from stark_udfs.calls.errors import CallError, CallFailed, redacted
from stark_udfs.calls.providers.transport import HttpTransport, RawResponse
from stark_udfs.images.models.image_server import ServerAccess
from stark_udfs.images.models.judge import JudgeAccess


class WireClient:
    """Posts to a server; lives and closes with one event loop."""

    _wire: HttpTransport | None = None

    async def __aenter__(self) -> Self:
        """Nothing is opened before the first picture."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        if self._wire is not None:
            await self._wire.close()

    async def post(
        self,
        access: ServerAccess | JudgeAccess,
        url: str,
        headers: Sequence[tuple[str, str]],
        content: bytes,
        *,
        secret: str | None,
        awaited: str,
    ) -> RawResponse:
        """The response to one request; `awaited`: what is missing where none comes in time.

        Raises:
            CallFailed: nothing came; asking again can help.
        """
        if secret is not None:
            headers = [*headers, ("Authorization", f"Bearer {secret}")]
        self._wire = self._wire or HttpTransport(access.reply_bytes)
        try:
            async with asyncio.timeout(access.timeout_s):
                return await self._wire.send("POST", url, headers, content)
        except TimeoutError:
            raise CallFailed(CallError.TRANSIENT, f"no {awaited} within {access.timeout_s:g} s") from None
        except OSError as error:
            raise CallFailed(CallError.TRANSIENT, redacted(str(error), secret)) from None
