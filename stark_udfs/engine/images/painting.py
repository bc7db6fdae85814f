"""Pictures of an image server, as calls under the broker: each is priced, paced, retried by one owner, paid once.

A picture that came is in the store before its reply is in the journal, which holds the candidate and not the bytes. Of
a picture that the server only gives an address of, the address is kept first: what is paid is never asked for again.
"""

import asyncio
from functools import partial
from typing import Generic

from PIL import Image

from stark_udfs.calls.errors import CallError, CallFailed, redacted
from stark_udfs.calls.loop_thread import LoopThread
from stark_udfs.calls.providers.client import Completion
from stark_udfs.calls.providers.transport import RawResponse
from stark_udfs.core.records import Record
from stark_udfs.engine.images.paid_calls import Keep, Limiters, PaidCalls, Unit, unavailable
from stark_udfs.engine.images.requests import PaidKind, PaidRequest
from stark_udfs.engine.images.server_client import ServerClient
from stark_udfs.images.backend import ModelBackendSpec
from stark_udfs.images.candidates import deduplicated_candidates, faulty, kept, kept_or_not
from stark_udfs.images.decode import Bounds, NoPicture, picture_of, pixels_of
from stark_udfs.images.files import ImageFiles
from stark_udfs.images.models.image_server import ImageServerSpec, ServedPicture, prompt_of
from stark_udfs.images.requests import Candidate, Candidates, ImageRequest, ImageTask, Module, Unavailable
from stark_udfs.images.web.fetch import WebFetch

MOST_PIXELS = 16_000_000  # of a reply: four times what any size asked for has
FAULTS = {  # of a candidate that the server does not paint
    CallError.CONTENT_FILTER: "moderation",
    CallError.BAD_REQUEST: "bad_request",
    CallError.CONTEXT_LENGTH: "words",
}


class Painted(Record):
    """What a picture's reply keeps: the candidate, or the address that the server gave."""

    candidate: Candidate | None = None
    url: str = ""


class PaintingClient(ServerClient):
    """Asks servers once for each call."""

    async def complete(self, request: PaidRequest) -> Completion:
        """One picture, in the store or at an address.

        Raises:
            CallFailed: there is none; its kind says whether asking again can help.
            StorageError: the file cannot be written.
        """
        wish = request.task.order
        assert isinstance(wish, ImageRequest)
        server = server_of(self.spec, wish)
        raw = await self._posted(server, wish, request.key)
        served = None if raw.cut else ServedPicture.of(raw.body)
        if served is None:
            kind = redacted(dict(raw.headers).get("Content-Type", "no type"))
            raise CallFailed(CallError.TRANSIENT, f"{len(raw.body)} bytes of {kind} that hold no picture", status=200)
        painted = Painted(url=served.url)
        if not served.url:
            seen = await asyncio.to_thread(stored, self.files, wish, served.data, told_of(server, wish))
            painted = Painted(candidate=seen)
        return Completion(painted.model_dump_json(exclude_defaults=True), "stop", server.model, 0, 0)

    async def _posted(self, server: ImageServerSpec, wish: ImageRequest, key: str) -> RawResponse:
        path, kind, content = "images/generations", "application/json", server.generation(wish)
        if wish.module is Module.P_T2I and wish.person is not None and wish.person.face:
            boundary = f"stark{key[:32]}"
            path, kind = "images/edits", f"multipart/form-data; boundary={boundary}"
            content = server.edit(wish, await self.file(wish.person.face), boundary)
        headers = [("Content-Type", kind), ("Accept", "application/json"), ("Idempotency-Key", key)]
        return await self.post(server.access, path, headers, content, awaited="picture")


class ServerPainter(Generic[Unit]):
    """Answers wishes for paintings, on any thread: the calls on the loop of the task, several at once."""

    def __init__(self, spec: ModelBackendSpec, loop: LoopThread, limiters: Limiters, keep: Keep[Unit]) -> None:
        """`keep` makes a paid picture's reply durable; it runs on the loop."""
        self._spec, self._loop = spec, loop
        self._files = ImageFiles(spec.files)
        self._client = PaintingClient(spec, self._files)
        self._calls = PaidCalls(spec, self._client, limiters, keep)

    def close(self) -> None:
        """Close the connections; nobody may be asking."""
        self._loop.run(self._client.__aexit__(None, None, None))

    def paints(self, order: ImageTask) -> bool:
        """Whether a server paints what is asked for."""
        return isinstance(order, ImageRequest) and self._spec.server(order.module) is not None

    def answer(self, unit: Unit, wish: ImageRequest) -> Candidates | Unavailable:
        """Pictures for the wish that the unit has open: one call for each that is not there yet.

        Raises:
            BrokerLost, StorageError: the task has to end.
        """
        told, places = told_of(server_of(self._spec, wish), wish), range(len(wish.seeds))
        asked = self._calls.each(unit, PaidKind.PAINTING, places, partial(self._read, told), partial(_failed, told))
        made = self._loop.run(asked)
        return made if isinstance(made, Unavailable) else deduplicated_candidates(made)

    async def _read(self, told: Candidate, text: str) -> Candidate:
        painted = Painted.model_validate_json(text)
        if painted.candidate is not None:
            return painted.candidate
        async with WebFetch(self._spec.fetch) as web:  # a stranger's address, so under all the rules of the web
            found = await web.fetch(painted.url)
        return await asyncio.to_thread(kept_or_not, self._files, found, told)


def _failed(told: Candidate, error: CallFailed) -> Candidate | Unavailable:
    fault = FAULTS.get(error.kind)
    if fault is not None:
        return faulty(told, fault, error.detail)
    return Unavailable("face", error.detail, tried=True) if error.kind is CallError.INPUT else unavailable(error)


def server_of(spec: ModelBackendSpec, wish: ImageRequest) -> ImageServerSpec:
    """The server that paints what is asked for."""
    server = spec.server(wish.module)
    assert server is not None
    return server


def told_of(server: ImageServerSpec, wish: ImageRequest) -> Candidate:
    """What is known of a picture before it is there."""
    return Candidate(caption=prompt_of(wish), source=server.model)


def stored(files: ImageFiles, wish: ImageRequest, data: bytes, told: Candidate) -> Candidate:
    """The candidate with its picture in the store, written anew and no larger than asked for; or why there is none."""
    shown = pixels_of(data, Bounds(pixels=MOST_PIXELS))
    if isinstance(shown, NoPicture):
        return faulty(told, shown.fault.value, shown.detail)
    image = Image.fromarray(shown)
    image.thumbnail((wish.width, wish.height), Image.Resampling.LANCZOS)
    is_face = wish.person is not None and not wish.person.face
    return kept(files, picture_of(image, "PNG" if is_face else "JPEG"), told)
