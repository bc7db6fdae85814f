"""The client of one server of the OpenAI protocol.

The `openai` package does address, auth, Azure and errors; our own transport carries the bytes.

The SDK spends three quarters of a call's CPU on building the same request again. Here it builds one, over a transport
that sends nothing; its address and headers then go with every body. A response that is no success is handed back to the
SDK, which raises its own error. `docs/adr` has the measurements.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

import httpx2
import openai

from stark_udfs.calls.errors import OVERSIZE, CallError, CallFailed, redacted, seconds_of
from stark_udfs.calls.moderation import ModerationRequest
from stark_udfs.calls.providers.client import Completion
from stark_udfs.calls.providers.message import count_of, text_of, tokens_out, written_in
from stark_udfs.calls.providers.sdk import CAME, FINE, Head, Replay
from stark_udfs.calls.providers.tokens import TokenSource
from stark_udfs.calls.providers.transport import Headers, RawResponse, Transport
from stark_udfs.calls.refusals import ServerError, refusal_of
from stark_udfs.calls.request import ChatRequest, sendable
from stark_udfs.core.errors import NotAuthorised, ProviderError, Unreachable
from stark_udfs.settings.chat_models import ModelSettings

PROBE_S = 10.0
LONGEST_CUT = 20_000  # characters kept of a body that was longer than model.reply_bytes
CHARACTERS_A_TOKEN = 4  # where a server sends no usage


class Client:
    """One server's client; lives and closes with one event loop."""

    def __init__(
        self,
        model: ModelSettings,
        sdk: openai.AsyncOpenAI,
        replay: Replay,
        wire: Transport,
        *,
        secret: str | None,
        tokens: TokenSource | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Made by a provider; the SDK asks `tokens`, where there are any, for its key."""
        self.model = model
        self._tokens = tokens
        self._now = now
        self._token: str | None = None  # of `_head`
        self._building = asyncio.Lock()
        self._sdk = sdk
        self._replay = replay
        self._wire = wire
        self._secret = secret
        self._head: Head | None = None

    async def __aenter__(self) -> Self:
        """Nothing is sent."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self._wire.close()
        await self._sdk.close()

    async def complete(self, request: ChatRequest) -> Completion:
        """Send one request once.

        Raises:
            CallFailed: no answer came; its kind says whether asking again can help.
        """
        content = await asyncio.to_thread(_written, request) if request.images else _written(request)
        raw, used = await self._posted(request, content)
        if raw.status == 401 and self._tokens is not None:  # it may have been taken back before its time
            raw, _ = await self._posted(request, content, refused=used)
        if raw.status != 200:
            raise await self._refused(raw)
        return _answer(raw, request)

    async def probe(self) -> None:
        """Whether somebody answers there and takes the key; asks for the list of models, which costs nothing.

        Raises:
            Unreachable: nobody answers.
            NotAuthorised: the key is refused.
        """
        if self._tokens is not None:
            await self._tokens.token()  # what is wrong with the identity is said as it is
        await self._sdk.get("/models", cast_to=httpx2.Response)
        head = self._built
        try:
            raw = await self._sent("GET", head.url, head.headers, b"", PROBE_S)
        except CallFailed as error:
            raise Unreachable(
                f"{self._place}: nobody answers ({error.detail}). Start the server, or set the model's base_url."
            ) from None
        if raw.status in {401, 403}:  # any other answer is one: not every server lists its models
            raise NotAuthorised(f"{self._place}: the key is refused (HTTP {raw.status}). See that {self._identity}.")

    async def _posted(
        self, request: ChatRequest, content: bytes, refused: str | None = None
    ) -> tuple[RawResponse, str]:
        """The response to one request, and the token that was sent along."""
        head, token = await self._head_now(refused)
        headers = (*head.headers, ("Idempotency-Key", request.key))
        url = head.url.replace(ChatRequest.path, request.path, 1)
        return await self._sent("POST", url, headers, content, self.model.timeout_s), token

    async def _head_now(self, refused: str | None) -> tuple[Head, str]:
        """Address and headers, built anew when the token has changed."""
        if self._tokens is None and self._head is not None:
            return self._head, ""
        async with self._building:
            token = await self._token_now(refused)
            if self._head is None or token != self._token:
                await self._through_sdk(FINE)
                self._head, self._token = self._built, token
            return self._head, token

    async def _token_now(self, refused: str | None) -> str:
        if self._tokens is None:
            return ""
        try:
            return await self._tokens.token(refused)
        except NotAuthorised as error:
            raise CallFailed(CallError.AUTH, redacted(str(error), self._hidden)) from None
        except (Unreachable, OSError) as error:
            raise CallFailed(CallError.TRANSIENT, redacted(str(error), self._hidden)) from None

    @property
    def _hidden(self) -> str | None:
        """What no message may show."""
        return self._secret if self._tokens is None else self._tokens.shown

    @property
    def _identity(self) -> str:
        """What the user is to look at when access is refused."""
        if self._tokens is not None:
            return f"the identity that `auth: {self.model.auth}` finds may use it"
        return f"{self.model.secret or 'models.….secret'} holds a valid key"

    @property
    def _place(self) -> str:
        return f"model {self.model.name!r} at {self._sdk.base_url}"

    @property
    def _built(self) -> Head:
        if self._replay.built is None:
            raise ProviderError(f"{self._place}: the openai package built no request")
        return self._replay.built

    async def _sent(self, method: str, url: str, headers: Headers, content: bytes, seconds: float) -> RawResponse:
        try:
            async with asyncio.timeout(seconds):
                return await self._wire.send(method, url, headers, content)
        except TimeoutError:
            raise CallFailed(CallError.TRANSIENT, f"no answer within {seconds:g} s") from None
        except OSError as error:
            raise CallFailed(CallError.TRANSIENT, redacted(str(error), self._hidden)) from None

    async def _through_sdk(self, raw: RawResponse) -> None:
        """Let the SDK build a chat request, and take `raw` for its response."""
        came = CAME.set(raw)
        try:
            await self._sdk.post("/chat/completions", body={"model": self.model.name}, cast_to=httpx2.Response)
        finally:
            CAME.reset(came)

    async def _refused(self, raw: RawResponse) -> CallFailed:
        try:
            await self._through_sdk(raw)
        except openai.APIStatusError as error:  # its message and its request may show the key
            refusal = refusal_of(raw.status, ServerError.of(raw.body))
            wait = seconds_of(error.response.headers, self._now())
            detail = redacted(str(error.message), self._hidden)
            return CallFailed(refusal.kind, detail, status=raw.status, retry_after=wait, way_out=refusal.way_out)
        return CallFailed(CallError.TRANSIENT, "a success without a completion", status=raw.status)


def _written(request: ChatRequest) -> bytes:
    """The body; with images it is made off the loop, since their files are read and made small."""
    return json.dumps(request.body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _answer(raw: RawResponse, request: ChatRequest) -> Completion:
    """The answer in a response's body; a body that is none is a failed try, not a model's reply."""
    if raw.cut:
        return _cut(raw, request)
    try:
        said = json.loads(raw.body)
        if isinstance(request, ModerationRequest):
            return _moderated(said, raw, request)
        return completion_of(said, request.model, request.prompt_tokens)
    except (ValueError, AttributeError):
        kind = redacted(dict(raw.headers).get("Content-Type", "no type"))
        detail = f"{len(raw.body)} bytes of {kind} that are no chat completion"
        raise CallFailed(CallError.TRANSIENT, detail, status=raw.status) from None


def completion_of(said: Any, model: str, prompt_tokens: int) -> Completion:  # noqa: ANN401 – as json.loads gives it
    """The answer in the JSON of a chat completion; `model` and `prompt_tokens` stand in for what it does not say.

    Raises:
        ValueError: it is no chat completion.
    """
    try:
        choice = said["choices"][0]
        message = choice["message"]
        refusal = message.get("refusal")
        text = refusal or text_of(message)
        finish = "refusal" if refusal else str(choice.get("finish_reason") or "stop")[:40]
        usage = said.get("usage") or {}
        return Completion(
            text=sendable(text),
            finish_reason=finish,
            model_returned=sendable(str(said.get("model") or model))[:200],
            tokens_in=count_of(usage.get("prompt_tokens"), prompt_tokens),
            tokens_out=tokens_out(usage, max(len(text), written_in(message)) // CHARACTERS_A_TOKEN + 1),
        )
    except (LookupError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"no chat completion: {error!r}") from error


def _moderated(said: Mapping[str, object], raw: RawResponse, request: ModerationRequest) -> Completion:
    """The answer of a moderation endpoint."""
    text = request.said(said)
    if text is None:
        raise CallFailed(CallError.TRANSIENT, "an answer with other results than texts were sent", status=raw.status)
    usage = said.get("usage")
    usage = usage if isinstance(usage, Mapping) else {}
    return Completion(
        text=sendable(text),
        finish_reason="stop",
        model_returned=sendable(str(said.get("model") or request.model))[:200],
        tokens_in=count_of(usage.get("prompt_tokens"), request.prompt_tokens),
        tokens_out=0,
    )


def _cut(raw: RawResponse, request: ChatRequest) -> Completion:
    """A body over the limit was paid for all the same: it is kept in part, and rejected by what it is."""
    text = raw.body.decode("utf-8", "replace")
    return Completion(
        text=sendable(text[:LONGEST_CUT]),
        finish_reason=OVERSIZE,
        model_returned=request.model,
        tokens_in=request.prompt_tokens,
        tokens_out=len(text) // CHARACTERS_A_TOKEN,
    )
