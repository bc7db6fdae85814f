"""Verdicts of a vision-language judge, as calls under the broker: priced, paced, retried by one owner, paid once."""

import asyncio
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Generic

from stark_udfs.calls.errors import BrokerLost, CallError, CallFailed
from stark_udfs.calls.limits.client import LimiterClient
from stark_udfs.calls.loop_thread import LoopThread
from stark_udfs.calls.providers.client import Completion as Said
from stark_udfs.calls.providers.message import count_of, text_of, tokens_out
from stark_udfs.calls.reply.decode import decode
from stark_udfs.calls.reply.json_schema import json_schema
from stark_udfs.calls.retry import call
from stark_udfs.calls.unit import STOPPED
from stark_udfs.core.errors import RunStopped
from stark_udfs.core.rejects import Reject
from stark_udfs.engine.images.painting import refused
from stark_udfs.engine.images.replay import JudgementRequest, JudgementTerms
from stark_udfs.engine.images.search import Keep, Unit
from stark_udfs.engine.images.wire import WireClient
from stark_udfs.images.backend import ModelAtelier, ModelAtelierSpec
from stark_udfs.images.files import FileState, ImageFiles
from stark_udfs.images.models.judge import JudgeSpec, Verdict
from stark_udfs.images.protocols import loaded
from stark_udfs.images.requests import ImageScore, ScoreRequest, Scores, Unavailable
from stark_udfs.settings.section import Secrets

LOCAL = Lock()  # what else is measured of a picture is measured by one thread at a time
VERDICTS = frozenset({CallError.CONTENT_FILTER, CallError.BAD_REQUEST, CallError.CONTEXT_LENGTH})


@dataclass
class JudgeClient(WireClient):
    """Asks the judge once for each call; lives and closes with one event loop."""

    judge: JudgeSpec
    files: ImageFiles
    secrets: Secrets = os.environ.get

    async def complete(self, request: JudgementRequest) -> Said:
        """The verdict on one picture, as it came.

        Raises:
            CallFailed: there is none; its kind says whether asking again can help.
        """
        order, access = request.wish.order, self.judge.access
        assert isinstance(order, ScoreRequest)
        picture = await asyncio.to_thread(self.files.sound, order.paths[request.place])
        if isinstance(picture, FileState):
            raise CallFailed(CallError.BAD_REQUEST, picture.value)
        secret = self._secret()
        headers = [("Content-Type", "application/json"), ("Idempotency-Key", request.key)]
        content = json.dumps(self.judge.body(order, picture, json_schema(Verdict)), ensure_ascii=False).encode()
        url = f"{access.base_url}/chat/completions"
        raw = await self.post(access, url, headers, content, secret=secret, awaited="verdict")
        if raw.status != 200:
            raise refused(raw, secret)
        return self._said(raw.body, order)

    def _said(self, body: bytes, order: ScoreRequest) -> Said:
        most_in, most_out = self.judge.tokens(order)
        try:
            said = json.loads(body)
            message = said["choices"][0]["message"]
            usage = said.get("usage") or {}
            text = message.get("refusal") or text_of(message)
            return Said(
                str(text)[:20_000],
                str(said["choices"][0].get("finish_reason") or "stop")[:40],
                self.judge.model,
                count_of(usage.get("prompt_tokens"), most_in),
                tokens_out(usage, most_out),
            )
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            raise CallFailed(CallError.TRANSIENT, f"{len(body)} bytes that are no completion", status=200) from None

    def _secret(self) -> str | None:
        name = self.judge.access.secret
        if name is None:
            return None
        secret = (self.secrets(name) or "").strip()
        if not (secret and secret.isascii() and secret.isprintable()):
            raise CallFailed(CallError.AUTH, f"{name} is not set, or holds characters that no key has")
        return secret


class Judge(Generic[Unit]):
    """Rates pictures, on any thread: the calls on the loop of the task, several at once; all else as models do."""

    def __init__(self, spec: ModelAtelierSpec, loop: LoopThread, gate: LimiterClient, keep: Keep[Unit]) -> None:
        """`keep` makes a paid verdict durable; it runs on the loop."""
        assert isinstance(spec.scorer, JudgeSpec)
        self._spec, self._judge = spec, spec.scorer
        self._loop, self._gate, self._keep = loop, gate, keep
        self._client = JudgeClient(self._judge, ImageFiles(spec.files))

    def close(self) -> None:
        """Close the connections; nobody may be asking."""
        self._loop.run(self._client.__aexit__(None, None, None))

    def answer(self, unit: Unit, order: ScoreRequest) -> Scores | Unavailable:
        """The scores of the pictures that the unit has open.

        Raises:
            BrokerLost, StorageError: the task has to end.
        """
        atelier = loaded(self._spec)
        assert isinstance(atelier, ModelAtelier)
        with LOCAL:
            (local,) = atelier.rater.work([order])
        if isinstance(local, Unavailable):
            return local
        places = [place for place, one in enumerate(local.ratings) if not one.fault]
        said = dict(zip(places, self._loop.run(self._all(unit, order, places)), strict=True))
        missing = next((one for one in said.values() if isinstance(one, Unavailable)), None)
        if missing is not None:
            return missing
        return Scores(ratings=[judged(one, order, said.get(at)) for at, one in enumerate(local.ratings)])

    async def _all(
        self, unit: Unit, order: ScoreRequest, places: Sequence[int]
    ) -> Sequence[Verdict | Reject | Unavailable]:
        """All are waited for, whatever becomes of one of them: what is paid is kept."""
        made = await asyncio.gather(*(self._one(unit, order, place) for place in places), return_exceptions=True)
        for one in made:
            if isinstance(one, BaseException):
                raise one
        return [one for one in made if not isinstance(one, BaseException)]

    async def _one(self, unit: Unit, order: ScoreRequest, place: int) -> Verdict | Reject | Unavailable:
        request = JudgementRequest(unit.request, place)
        terms = JudgementTerms(self._judge, order)
        try:
            before = unit.paid_for(request)
            if before is not None:
                return decode(before.reply, Verdict)
            answered = await call(self._client, self._gate, terms, request)
            said = answered.answer
            await self._keep(unit, request, answered, terms.cost(said.tokens_in, said.tokens_out))
            return decode(said.text, Verdict)
        except CallFailed as error:
            if error.kind in VERDICTS:
                return Verdict(reason=f"{error.kind.value}: {error.detail}"[:300], shows=0.0, fits=0.0)
            return Unavailable(error.kind.value, str(error)[:500], tried=True)
        except BrokerLost:
            raise
        except RunStopped as error:
            return Unavailable(STOPPED, str(error), tried=True)


def judged(local: ImageScore, order: ScoreRequest, said: "Verdict | Reject | Unavailable | None") -> ImageScore:
    """A picture's scores with what the judge says of it; a reply that is no verdict is a fault."""
    if isinstance(said, Verdict):
        update: Mapping[str, object] = {
            "text_score": said.shows,
            "turn_score": said.fits if order.turns else None,
            "reason": said.reason,
        }
        return local.model_copy(update=update)
    if isinstance(said, Reject):
        return ImageScore(fault=f"the judge: {said.reason.value}: {said.detail}"[:300])
    return local
