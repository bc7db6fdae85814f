"""A judge that is asked over HTTP and sees what was planted: each picture is a file that holds its own name.

The client, the words, the reply schema and the reading of the verdict are the package's own (`kind: judge`); behind the
server is the same world that the other scorers of `bench.choosing` see with noise. As language models do, it says its
scores in coarse steps, and sometimes something that is no verdict.
"""

import asyncio
import base64
import io
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

from PIL import Image, PngImagePlugin

from bench.faults.server import Server, serving
from stark_udfs.calls.loop_thread import LoopThread
from stark_udfs.calls.reply.decode import decode
from stark_udfs.core.ids import Json, rng_of
from stark_udfs.engine.images.judging import JudgeClient, judged
from stark_udfs.engine.images.requests import PaidKind, PaidRequest, PictureRequest
from stark_udfs.images.backend import ModelBackendSpec, NamedPainter
from stark_udfs.images.files import ImageFiles
from stark_udfs.images.models.clip import ClipSpec
from stark_udfs.images.models.image_server import ImageServerSpec
from stark_udfs.images.models.judge import JudgeSpec, Verdict
from stark_udfs.images.models.server_access import ServerAccess
from stark_udfs.images.requests import ImageScore, ScoreRequest, Scores
from stark_udfs.testing.faults import Faults

NAME = "planted"  # text chunk of a picture
DIGITS = 1  # of a score: steps of a tenth
NO_VERDICT = 0.02  # of all replies
Seen = Callable[[str], ImageScore]  # what the judge finds in the picture of a name


@dataclass(frozen=True)
class PlantedJudge:
    """Rates pictures of names by asking the server; each verdict is one HTTP request."""

    spec: JudgeSpec
    folder: str
    loop: LoopThread

    def rated(self, rate: ScoreRequest) -> Scores:
        """The scores of the pictures of the names in `rate.paths`; a reply that is no verdict is a fault."""
        files = rate.model_copy(update={"paths": tuple(self._file(name) for name in rate.paths)})
        task = PictureRequest("models", files, {}, 0)
        requests = [PaidRequest(PaidKind.JUDGEMENT, task, place) for place in range(len(rate.paths))]
        said = self.loop.run(self._said(requests))
        return Scores(ratings=[judged(ImageScore(), rate, decode(text, Verdict)) for text in said])

    async def _said(self, requests: list[PaidRequest]) -> list[str]:
        async with JudgeClient(self._backend, ImageFiles(self.folder)) as client:
            return [said.text for said in await asyncio.gather(*map(client.complete, requests))]

    def _file(self, name: str) -> str:
        chunk, data = PngImagePlugin.PngInfo(), io.BytesIO()
        chunk.add_text(NAME, name)
        Image.new("RGB", (8, 8)).save(data, "PNG", pnginfo=chunk)
        return ImageFiles(self.folder).put(data.getvalue(), "png").path

    @cached_property
    def _backend(self) -> ModelBackendSpec:
        nobody = NamedPainter("nobody", ImageServerSpec("nobody"))
        return ModelBackendSpec(self.folder, nobody, nobody, ClipSpec("none"), scorer=self.spec)


@contextmanager
def judging(folder: str, seen: Seen, seed: int) -> Iterator[tuple[PlantedJudge, Server]]:
    """A judge and its server, as long as the block."""

    def answer(body: Mapping[str, Json]) -> tuple[str, str]:
        name = name_in(body)
        found = seen(name)
        if rng_of(seed, name, "judge speaks").random() < NO_VERDICT:
            return "I cannot say much about this picture.", "stop"
        verdict = Verdict(reason=f"seen: {name}", shows=_step(found.text_score), fits=_step(found.turn_score))
        return verdict.model_dump_json(), "stop"

    with serving(Faults(), _nobody) as server, LoopThread("judge") as loop:
        server.stub._text = answer  # type: ignore[method-assign]  # the planted world speaks instead of a made-up value
        yield PlantedJudge(JudgeSpec("planted", access=ServerAccess(server.url)), folder, loop), server


def name_in(body: Mapping[str, Json]) -> str:
    """The name that the picture of a request holds."""
    messages = json.loads(json.dumps(body["messages"]))
    shown = next(part for part in messages[1]["content"] if part["type"] == "image_url")["image_url"]["url"]
    with Image.open(io.BytesIO(base64.b64decode(shown.partition(",")[2]))) as picture:
        return str(picture.info[NAME])


def _step(score: float | None) -> float:
    return min(1.0, max(0.0, round(1.0 if score is None else score, DIGITS)))


def _nobody(block: object) -> tuple[str, str]:
    raise ValueError("nobody chats here")
