"""Pictures of an image server, as calls under the broker: each is priced, paced, retried by one owner, paid once.

A picture that came is in the store before its reply is in the journal, which holds the candidate and not the bytes. Of
a picture that the server only gives an address of, the address is kept first: what is paid is never asked for again.
"""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic

from PIL import Image

from stark_udfs.calls.errors import BrokerLost, CallError, CallFailed, redacted, seconds_of
from stark_udfs.calls.limits.client import LimiterClient
from stark_udfs.calls.loop_thread import LoopThread
from stark_udfs.calls.providers.client import Completion as Said
from stark_udfs.calls.providers.transport import RawResponse
from stark_udfs.calls.refusals import ServerError, refusal_of
from stark_udfs.calls.retry import call
from stark_udfs.calls.unit import STOPPED
from stark_udfs.core.errors import RunStopped
from stark_udfs.core.records import Record
from stark_udfs.engine.images.replay import PaintingRequest, painting_terms
from stark_udfs.engine.images.search import Keep, Unit
from stark_udfs.engine.images.wire import WireClient
from stark_udfs.images.backend import ModelAtelierSpec
from stark_udfs.images.candidates import deduplicated_candidates, faulty, kept, kept_or_not
from stark_udfs.images.decode import Bounds, NoPicture, picture_of, pixels_of
from stark_udfs.images.files import FileState, ImageFiles
from stark_udfs.images.models.image_server import ImageServerSpec, ServedPicture, prompt_of
from stark_udfs.images.requests import Candidate, Candidates, ImageRequest, ImageTask, Module, Unavailable
from stark_udfs.images.web.fetch import WebFetch
from stark_udfs.settings.section import Secrets

REFUSED = "moderation"  # fault: the server does not paint that
MOST_PIXELS = 16_000_000  # of a reply: four times what any size asked for has
VERDICTS = {CallError.CONTENT_FILTER: REFUSED, CallError.BAD_REQUEST: "bad_request", CallError.CONTEXT_LENGTH: "words"}


class Painted(Record):
    """What a picture's reply keeps: the candidate, or the address that the server gave."""

    candidate: Candidate | None = None
    url: str = ""


class NoFace(Exception):
    """The file of whom to show is lost; a run makes it again."""


@dataclass
class PaintingClient(WireClient):
    """Asks servers once for each call; lives and closes with one event loop."""

    spec: ModelAtelierSpec
    files: ImageFiles
    secrets: Secrets = os.environ.get

    async def complete(self, request: PaintingRequest) -> Said:
        """One picture, in the store or at an address.

        Raises:
            CallFailed: there is none; its kind says whether asking again can help.
            NoFace: of a person whose face is lost.
            StorageError: the file cannot be written.
        """
        wish = request.wish.order
        assert isinstance(wish, ImageRequest)
        server = self.spec.server(wish.module)
        assert server is not None
        secret = self._secret(server)
        raw = await self._posted(server, wish, request.key, secret)
        if raw.status != 200:
            raise refused(raw, secret)
        served = None if raw.cut else ServedPicture.of(raw.body)
        if served is None:
            kind = redacted(dict(raw.headers).get("Content-Type", "no type"))
            raise CallFailed(CallError.TRANSIENT, f"{len(raw.body)} bytes of {kind} that hold no picture", status=200)
        told = Candidate(caption=prompt_of(wish), source=server.model)
        painted = Painted(url=served.url)
        if not served.url:
            painted = Painted(candidate=await asyncio.to_thread(stored, self.files, wish, served.data, told))
        return Said(painted.model_dump_json(exclude_defaults=True), "stop", server.model, 0, 0)

    async def _posted(self, server: ImageServerSpec, wish: ImageRequest, key: str, secret: str | None) -> RawResponse:
        access = server.access
        url, kind, content = f"{access.base_url}/images/generations", "application/json", server.generation(wish)
        if wish.module is Module.P_T2I and wish.person is not None and wish.person.face:
            face = await asyncio.to_thread(self.files.sound, wish.person.face)
            if isinstance(face, FileState):
                raise NoFace(f"{wish.person.face}: {face.value}")
            boundary = f"stark{key[:32]}"
            url, kind = f"{access.base_url}/images/edits", f"multipart/form-data; boundary={boundary}"
            content = server.edit(wish, face, boundary)
        headers = [("Content-Type", kind), ("Accept", "application/json"), ("Idempotency-Key", key)]
        return await self.post(access, url, headers, content, secret=secret, awaited="picture")

    def _secret(self, server: ImageServerSpec) -> str | None:
        name = server.access.secret
        if name is None:
            return None
        secret = (self.secrets(name) or "").strip()
        if not (secret and secret.isascii() and secret.isprintable()):
            raise CallFailed(CallError.AUTH, f"{name} is not set, or holds characters that no key has")
        return secret


class ServerPainter(Generic[Unit]):
    """Answers wishes for paintings, on any thread: the calls on the loop of the task, several at once."""

    def __init__(self, spec: ModelAtelierSpec, loop: LoopThread, gate: LimiterClient, keep: Keep[Unit]) -> None:
        """`keep` makes a paid picture's reply durable; it runs on the loop."""
        self._spec = spec
        self._loop = loop
        self._gate = gate
        self._keep = keep
        self._files = ImageFiles(spec.files)
        self._client = PaintingClient(spec, self._files)

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
        if not wish.seeds:
            return Candidates()
        made = self._loop.run(self._all(unit, wish))
        missing = next((one for one in made if isinstance(one, Unavailable)), None)
        if missing is not None:
            return missing
        return deduplicated_candidates([one for one in made if isinstance(one, Candidate)])

    async def _all(self, unit: Unit, wish: ImageRequest) -> Sequence[Candidate | Unavailable]:
        """All are waited for, whatever becomes of one of them: what is paid is kept."""
        tries = [self._one(unit, wish, place) for place in range(len(wish.seeds))]
        made = await asyncio.gather(*tries, return_exceptions=True)
        for one in made:
            if isinstance(one, BaseException):
                raise one
        return [one for one in made if not isinstance(one, BaseException)]

    async def _one(self, unit: Unit, wish: ImageRequest, place: int) -> Candidate | Unavailable:
        request = PaintingRequest(unit.request, place)
        told = Candidate(caption=prompt_of(wish), source=self._server(wish).model)
        try:
            before = unit.paid_for(request)
            text = before.reply if before is not None else await self._paid(unit, wish, request)
        except NoFace as error:
            return Unavailable("face", str(error))
        except CallFailed as error:
            if error.kind in VERDICTS:
                return faulty(told, VERDICTS[error.kind], error.detail)
            return Unavailable(error.kind.value, str(error)[:500], tried=True)
        except BrokerLost:
            raise
        except RunStopped as error:
            return Unavailable(STOPPED, str(error), tried=True)
        painted = Painted.model_validate_json(text)
        return painted.candidate or await self._fetched(painted.url, told)

    async def _paid(self, unit: Unit, wish: ImageRequest, request: PaintingRequest) -> str:
        terms = painting_terms(self._server(wish), wish.module)
        answered = await call(self._client, self._gate, terms, request)
        await self._keep(unit, request, answered, terms.price)
        return answered.answer.text

    async def _fetched(self, url: str, told: Candidate) -> Candidate:
        """The picture behind an address that the server gave: a stranger's, so under all the rules of the web."""
        async with WebFetch(self._spec.fetch) as web:
            found = await web.fetch(url)
        return await asyncio.to_thread(kept_or_not, self._files, found, told)

    def _server(self, wish: ImageRequest) -> ImageServerSpec:
        server = self._spec.server(wish.module)
        assert server is not None
        return server


def stored(files: ImageFiles, wish: ImageRequest, data: bytes, told: Candidate) -> Candidate:
    """The candidate with its picture in the store, written anew and no larger than asked for; or why there is none."""
    shown = pixels_of(data, Bounds(pixels=MOST_PIXELS))
    if isinstance(shown, NoPicture):
        return faulty(told, shown.fault.value, shown.detail)
    image = Image.fromarray(shown)
    image.thumbnail((wish.width, wish.height), Image.Resampling.LANCZOS)
    is_face = wish.person is not None and not wish.person.face
    return kept(files, picture_of(image, "PNG" if is_face else "JPEG"), told)


def refused(raw: RawResponse, secret: str | None) -> CallFailed:
    """What a status other than 200 means; no message shows the key."""
    error = ServerError.of(raw.body)
    refusal = refusal_of(raw.status, error)
    headers = {name.lower(): value for name, value in raw.headers}
    detail = redacted(error.words or f"HTTP {raw.status}", secret)
    wait = seconds_of(headers, datetime.now(UTC))
    return CallFailed(refusal.kind, detail, status=raw.status, retry_after=wait, way_out=refusal.way_out)
