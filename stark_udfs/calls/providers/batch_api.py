"""A vendor's batch API: files of requests up, batches of them watched, files of answers down.

The `openai` package speaks it, for OpenAI, Azure and every server of the same protocol; it tries nothing again itself.
What costs nothing is tried again here. Creating a batch is not: a lost answer says nothing about whether it exists, and
who asks has to look for it (`find`).
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import httpx2
import openai
from pydantic import ValidationError

from stark_udfs.calls.errors import CallError, CallFailed, redacted, seconds_of
from stark_udfs.calls.providers.remote_batch import OUR_KEY, BatchForm, BatchPage, RemoteBatch
from stark_udfs.calls.refusals import ServerError, refusal_of
from stark_udfs.calls.retry import wait_after
from stark_udfs.core.errors import NotAuthorised, StorageError, Unreachable
from stark_udfs.settings.chat_models import ModelSettings

T = TypeVar("T")

WINDOW = "24h"  # the only one there is
PAGE = 100  # batches a listing gives at once, at most
MOST_PAGES = 1_000
CHUNK = 1 << 16  # bytes


class BatchApi:
    """One vendor's batches; lives and closes with one event loop.

    Every method raises CallFailed where there is no answer; its kind says whether asking again can help.
    """

    def __init__(
        self, model: ModelSettings, sdk: openai.AsyncOpenAI, hidden: Callable[[], str | None] = lambda: None
    ) -> None:
        """Made by a provider; `hidden` gives what no message may show."""
        self.model = model
        self._sdk = sdk
        self._hidden = hidden

    async def __aenter__(self) -> Self:
        """Nothing is sent."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self._sdk.close()

    async def upload(self, path: Path, name: str) -> str:
        """Send a file of requests, free of charge; its id."""

        async def send() -> str:
            with path.open("rb") as file:
                said = await self._sdk.files.create(file=(name, file), purpose="batch", timeout=self._transfer_s(path))
            found = getattr(said, "id", None)
            if not isinstance(found, str) or not found:
                raise CallFailed(CallError.TRANSIENT, "a success without the id of a file")
            return found

        return await self._again(send)

    async def create(self, file: str, key: str, stage: str) -> RemoteBatch:
        """Have a file's requests answered: from here on it costs. Sent once; where the answer is lost, see `find`."""

        async def send() -> RemoteBatch:
            said = await self._sdk.post(
                "/batches",
                body={
                    "input_file_id": file,
                    "endpoint": self.model.batch.url,
                    "completion_window": WINDOW,
                    "metadata": {OUR_KEY: key, "stark_stage": stage},
                },
                cast_to=httpx2.Response,
                options={"headers": {"Idempotency-Key": key}},
            )
            return self._batch(said.content)

        return await self._once(send)

    async def find(self, key: str, file: str) -> RemoteBatch | None:
        """The batch that has our key, or that file, though the answer that it was made be lost; None: there is none.

        Raises:
            CallFailed: also where the account has more batches than can be looked through.
        """
        after = ""
        for _ in range(MOST_PAGES):
            page = await self._page(after)
            for one in page.data:
                told = one.told(self._hidden())
                if told.key == key or (file and told.input_file == file):
                    return told
            if not page.has_more or not page.data:
                return None
            after = page.data[-1].id
        raise CallFailed(CallError.SETTINGS, f"more than {MOST_PAGES * PAGE:,} batches in the account")

    async def get(self, batch: str) -> RemoteBatch:
        """Where a batch stands."""

        async def send() -> RemoteBatch:
            return self._batch((await self._sdk.get(f"/batches/{batch}", cast_to=httpx2.Response)).content)

        return await self._known(f"batch {batch}", send)

    async def cancel(self, batch: str) -> RemoteBatch:
        """Have nothing further of a batch answered; what is answered by then is paid, and can be taken in."""

        async def send() -> RemoteBatch:
            return self._batch((await self._sdk.post(f"/batches/{batch}/cancel", cast_to=httpx2.Response)).content)

        return await self._again(send)

    async def save(self, file: str, path: Path, longest: int) -> None:
        """Write a file of answers to `path`.

        Raises:
            StorageError: it is longer than `longest` bytes, or cannot be written.
        """

        async def receive() -> None:
            size = 0
            with path.open("wb") as out:
                async with self._sdk.files.with_streaming_response.content(file) as response:
                    async for piece in response.iter_bytes(CHUNK):
                        size += len(piece)
                        if size > longest:
                            raise StorageError(f"{self._place}: file {file} has more than {longest:,} bytes")
                        try:
                            out.write(piece)
                        except OSError as error:
                            raise StorageError(f"{path}: {error.strerror}. Make room and run again.") from None

        await self._known(f"file {file}", receive)

    async def remove(self, file: str) -> None:
        """Remove a file, so that no batch can be made of it any more; one that is not there is in order."""

        async def send() -> None:
            try:
                await self._sdk.delete(f"/files/{file}", cast_to=httpx2.Response)
            except openai.NotFoundError:
                return

        await self._again(send)

    async def _page(self, after: str) -> BatchPage:
        async def send() -> BatchPage:
            query = {"limit": PAGE, **({"after": after} if after else {})}
            said = await self._sdk.get("/batches", cast_to=httpx2.Response, options={"params": query})
            try:
                return BatchPage.model_validate_json(said.content)
            except ValidationError:
                raise CallFailed(CallError.TRANSIENT, "a success without a list of batches") from None

        return await self._again(send)

    def _batch(self, content: bytes) -> RemoteBatch:
        try:
            return BatchForm.model_validate_json(content).told(self._hidden())
        except ValidationError:
            raise CallFailed(CallError.TRANSIENT, "a success without a batch") from None

    async def _known(self, what: str, send: Callable[[], Awaitable[T]]) -> T:
        """As `_again`, of something that was there before."""
        try:
            return await self._again(send)
        except CallFailed as error:
            if error.kind is not CallError.NOT_FOUND:
                raise
            lost = f"{self._place} does not know {what}. Is it of another key or project, or over 30 days old?"
            out = "To give it up: stark batch cancel STAGE --forget."
            raise CallFailed(error.kind, lost, status=error.status, way_out=out) from None

    async def _again(self, send: Callable[[], Awaitable[T]]) -> T:
        """Try as often as one call may be tried."""
        tries = 0
        while True:
            tries += 1
            try:
                return await self._once(send)
            except CallFailed as error:
                if not error.kind.again or tries >= self.model.attempts:
                    raise
                await asyncio.sleep(error.retry_after or wait_after(tries))

    async def _once(self, send: Callable[[], Awaitable[T]]) -> T:
        try:
            return await send()
        except openai.APIStatusError as error:  # its message and its request may show the key
            raise self._refused(error) from None
        except (openai.OpenAIError, httpx2.HTTPError, OSError, Unreachable) as error:
            detail = redacted(f"{type(error).__name__}: {error}", self._hidden())
            raise CallFailed(CallError.TRANSIENT, detail) from None
        except NotAuthorised as error:
            raise CallFailed(CallError.AUTH, redacted(str(error), self._hidden())) from None

    def _refused(self, error: openai.APIStatusError) -> CallFailed:
        status, body = error.status_code, error.response.content
        refusal = refusal_of(status, ServerError.of(body))
        detail, way_out = redacted(str(error.message), self._hidden()), refusal.way_out
        if refusal.kind is CallError.NOT_FOUND or status in {405, 501}:
            return CallFailed(
                CallError.NOT_FOUND,
                detail,
                status=status,
                way_out=f"{self._place} has no batch API: run without --batch, or see `stark batch export`.",
            )
        wait = seconds_of(error.response.headers, datetime.now(UTC))
        return CallFailed(refusal.kind, detail, status=status, retry_after=wait, way_out=way_out)

    @property
    def _place(self) -> str:
        return f"{self._sdk.base_url}"

    def _transfer_s(self, path: Path) -> float:
        """Seconds for a file to go up: the model's time for a request, and a second for each 100 kB."""
        return self.model.timeout_s + path.stat().st_size / 100_000
