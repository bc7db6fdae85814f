"""Verdicts of a vision-language judge, as calls under the broker: priced, paced, retried by one owner, paid once."""

import json
from collections.abc import Mapping
from threading import Lock
from typing import Generic

from stark_udfs.calls.errors import CallError, CallFailed
from stark_udfs.calls.loop_thread import LoopThread
from stark_udfs.calls.providers.client import Completion
from stark_udfs.calls.providers.message import count_of, text_of, tokens_out
from stark_udfs.calls.reply.decode import decode
from stark_udfs.calls.reply.json_schema import json_schema
from stark_udfs.core.rejects import Reject
from stark_udfs.engine.images.paid_calls import Keep, Limiters, PaidCalls, Unit, unavailable
from stark_udfs.engine.images.requests import PaidKind, PaidRequest
from stark_udfs.engine.images.server_client import ServerClient
from stark_udfs.images.backend import ModelBackend, ModelBackendSpec
from stark_udfs.images.files import ImageFiles
from stark_udfs.images.models.judge import JudgeSpec, Verdict
from stark_udfs.images.protocols import loaded
from stark_udfs.images.requests import ImageScore, ScoreRequest, Scores, Unavailable

LOCAL = Lock()  # what else is measured of a picture is measured by one thread at a time
VERDICTS = frozenset({CallError.CONTENT_FILTER, CallError.BAD_REQUEST, CallError.CONTEXT_LENGTH})


class JudgeClient(ServerClient):
    """Asks the judge once for each call."""

    async def complete(self, request: PaidRequest) -> Completion:
        """The verdict on one picture, as it came.

        Raises:
            CallFailed: there is none; its kind says whether asking again can help.
        """
        order, judge = request.task.order, self.spec.scorer
        assert isinstance(order, ScoreRequest)
        assert isinstance(judge, JudgeSpec)
        assert request.place is not None
        picture = await self.file(order.paths[request.place])
        headers = [("Content-Type", "application/json"), ("Idempotency-Key", request.key)]
        content = json.dumps(judge.body(order, picture, json_schema(Verdict)), ensure_ascii=False).encode()
        raw = await self.post(judge.access, "chat/completions", headers, content, awaited="verdict")
        return completion(raw.body, judge, order)


def completion(body: bytes, judge: JudgeSpec, order: ScoreRequest) -> Completion:
    """What a chat server answered; tokens that it does not count are taken for the most.

    Raises:
        CallFailed: it is no completion.
    """
    most_in, most_out = judge.tokens(order)
    try:
        said = json.loads(body)
        message = said["choices"][0]["message"]
        usage = said.get("usage") or {}
        text = message.get("refusal") or text_of(message)
        return Completion(
            str(text)[:20_000],
            str(said["choices"][0].get("finish_reason") or "stop")[:40],
            judge.model,
            count_of(usage.get("prompt_tokens"), most_in),
            tokens_out(usage, most_out),
        )
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise CallFailed(CallError.TRANSIENT, f"{len(body)} bytes that are no completion", status=200) from None


class Judge(Generic[Unit]):
    """Rates pictures, on any thread: the calls on the loop of the task, several at once; all else as models do."""

    def __init__(self, spec: ModelBackendSpec, loop: LoopThread, limiters: Limiters, keep: Keep[Unit]) -> None:
        """`keep` makes a paid verdict durable; it runs on the loop."""
        self._spec, self._loop = spec, loop
        self._client = JudgeClient(spec, ImageFiles(spec.files))
        self._calls = PaidCalls(spec, self._client, limiters, keep)

    def close(self) -> None:
        """Close the connections; nobody may be asking."""
        self._loop.run(self._client.__aexit__(None, None, None))

    def answer(self, unit: Unit, order: ScoreRequest) -> Scores | Unavailable:
        """The scores of the pictures that the unit has open.

        Raises:
            BrokerLost, StorageError: the task has to end.
        """
        backend = loaded(self._spec)
        assert isinstance(backend, ModelBackend)
        with LOCAL:
            (local,) = backend.rater.work([order])
        if isinstance(local, Unavailable):
            return local
        places = [place for place, one in enumerate(local.ratings) if not one.fault]
        said = self._loop.run(self._calls.each(unit, PaidKind.JUDGEMENT, places, _read, _failed))
        if isinstance(said, Unavailable):
            return said
        verdicts = dict(zip(places, said, strict=True))
        return Scores(ratings=[judged(one, order, verdicts.get(at)) for at, one in enumerate(local.ratings)])


async def _read(text: str) -> Verdict | Reject:
    return decode(text, Verdict)


def _failed(error: CallFailed) -> Verdict | Reject | Unavailable:
    if error.kind in VERDICTS:
        return Verdict(reason=f"{error.kind.value}: {error.detail}"[:300], shows=0.0, fits=0.0)
    return unavailable(error)


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
