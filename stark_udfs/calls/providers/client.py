"""The client of one chat server: the `openai` package for address, auth, Azure and errors, our own wire for the bytes.

The SDK spends three quarters of a call's CPU on building the same request again. Here it builds one, over a transport
that sends nothing; its address and headers then go with every body. A response that is no success is handed back to the
SDK, which raises its own error. `docs/adr` has the measurements.
"""

import asyncio
import json
import os
from contextvars import ContextVar
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self, TypeVar
from urllib.parse import urlsplit

import httpx2
import openai

from stark_udfs.calls.errors import OVERSIZE, CallError, CallFailed, error_of_status, redacted, seconds_of
from stark_udfs.calls.providers.message import text_of, tokens_out, written_in
from stark_udfs.calls.providers.offline import OfflineTransport, embedded
from stark_udfs.calls.providers.transport import Author, Headers, HttpTransport, RawResponse, Transport
from stark_udfs.calls.request import ChatRequest, sendable
from stark_udfs.core.errors import NotAuthorised, ProviderError, SettingsError, Unreachable
from stark_udfs.settings.chat_models import ModelSettings
from stark_udfs.settings.section import Secrets

OPENAI_URL = "https://api.openai.com/v1"
OFFLINE_URL = "http://offline/v1"  # nobody is asked there
NO_KEY = "none"  # what servers without keys are sent
PROBE_S = 10.0
LONGEST_CUT = 20_000  # characters kept of a body that was longer than model.reply_bytes
CHARACTERS_A_TOKEN = 4  # where a server sends no usage
OWN_HEADERS = ("host", "content-length", "connection")  # the wire's own, for each request anew
FINE = RawResponse(200, (), b"{}")
CAME: ContextVar[RawResponse] = ContextVar("stark_response", default=FINE)


@dataclass(frozen=True)
class Completion:
    """What a server said to one request."""

    text: str
    finish_reason: str
    model_returned: str
    tokens_in: int
    tokens_out: int


@dataclass(frozen=True)
class Head:
    """Address and headers of a request, as the SDK builds them."""

    url: str
    headers: Headers


class Replay(httpx2.AsyncBaseTransport):
    """The SDK's transport: sends nothing, keeps the request, and gives the response that came by our own wire."""

    def __init__(self) -> None:
        """Nothing was asked yet."""
        self.built: Head | None = None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """The response that the calling task has put into `CAME`."""
        raw = CAME.get()
        headers = [(name, value) for name, value in request.headers.multi_items() if name not in OWN_HEADERS]
        self.built = Head(str(request.url), headers)
        return httpx2.Response(raw.status, headers=list(raw.headers), content=raw.body, request=request)


Asked_contra = TypeVar("Asked_contra", contravariant=True)


class CallClient(Protocol[Asked_contra]):
    """Answers requests of one kind; lives and closes with one event loop."""

    async def __aenter__(self) -> Self:
        """Begin."""
        ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End."""
        ...

    async def complete(self, request: Asked_contra) -> Completion:
        """The answer.

        Raises:
            CallFailed: there is none.
        """
        ...


class Client:
    """One server's client; lives and closes with one event loop."""

    def __init__(
        self, model: ModelSettings, sdk: openai.AsyncOpenAI, replay: Replay, wire: Transport, secret: str | None
    ) -> None:
        """Made by `connect`."""
        self.model = model
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
        head = self._head
        if head is None:
            await self._through_sdk(FINE)
            head = self._head = self._built
        content = json.dumps(request.body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        headers = (*head.headers, ("Idempotency-Key", request.key))
        raw = await self._sent("POST", head.url, headers, content, self.model.timeout_s)
        if raw.status != 200:
            raise await self._refused(raw)
        return _answer(raw, request)

    async def probe(self) -> None:
        """Whether somebody answers there and takes the key; asks for the list of models, which costs nothing.

        Raises:
            Unreachable: nobody answers.
            NotAuthorised: the key is refused.
        """
        await self._sdk.get("/models", cast_to=httpx2.Response)
        head = self._built
        try:
            raw = await self._sent("GET", head.url, head.headers, b"", PROBE_S)
        except CallFailed as error:
            raise Unreachable(
                f"{self._place}: nobody answers ({error.detail}). Start the server, or set the model's base_url."
            ) from None
        if raw.status in {401, 403}:  # any other answer is one: not every server lists its models
            raise NotAuthorised(
                f"{self._place}: the key is refused (HTTP {raw.status}). "
                f"See that {self.model.secret or 'models.….secret'} holds a valid key."
            )

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
            raise CallFailed(CallError.TRANSIENT, redacted(str(error), self._secret)) from None

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
            message = str(error.message)
            kind = error_of_status(raw.status, str(error.code or ""), message)
            wait = seconds_of(error.response.headers)
            return CallFailed(kind, redacted(message, self._secret), status=raw.status, retry_after=wait)
        return CallFailed(CallError.TRANSIENT, "a success without a completion", status=raw.status)


def connect(model: ModelSettings, secrets: Secrets = os.environ.get, author: Author | None = None) -> Client:
    """A client of the model's server; nothing is sent yet.

    Args:
        model: provider "offline" without a base_url answers inside the process, through the same client.
        secrets: gives the key by the name of the secret.
        author: who answers for the provider "offline"; by default the embedded one.

    Raises:
        NotAuthorised: a secret is named but not set.
        SettingsError: the server's address is missing, or holds a password.
    """
    secret = _secret(model, secrets)
    if "@" in urlsplit(model.base_url or "").netloc:
        raise SettingsError(f"model {model.name!r}: base_url holds a name or password. Name a `secret` instead.")
    replay = Replay()
    http = httpx2.AsyncClient(transport=replay, timeout=None)
    wire: Transport = HttpTransport(model.reply_bytes)
    url = model.base_url or (OPENAI_URL if model.provider == "openai" else OFFLINE_URL)
    if model.provider == "offline" and model.base_url is None:
        wire = OfflineTransport(author or embedded(model.defects))
    if model.provider != "azure":
        sdk = openai.AsyncOpenAI(base_url=url, api_key=secret or NO_KEY, max_retries=0, http_client=http)
        return Client(model, sdk, replay, wire, secret)
    if not model.base_url or not model.api_version:
        raise SettingsError(f"model {model.name!r}: provider azure needs base_url and api_version.")
    azure = openai.AsyncAzureOpenAI(
        azure_endpoint=model.base_url,
        api_version=model.api_version,
        api_key=secret or NO_KEY,
        max_retries=0,
        http_client=http,
    )
    return Client(model, azure, replay, wire, secret)


def _secret(model: ModelSettings, secrets: Secrets) -> str | None:
    if model.secret is None:
        if model.provider != "offline" and model.base_url is None:
            raise NotAuthorised(f"model {model.name!r}: no secret is named. Set the model's `secret`.")
        return None
    secret = (secrets(model.secret) or "").strip()
    if not secret:
        raise NotAuthorised(f"model {model.name!r}: {model.secret} is not set. Put the key into that variable.")
    if not (secret.isascii() and secret.isprintable()):
        raise NotAuthorised(f"model {model.name!r}: {model.secret} holds characters that no key has.")
    return secret


def _answer(raw: RawResponse, request: ChatRequest) -> Completion:
    """The answer in a response's body; a body that is none is a failed try, not a model's reply."""
    if raw.cut:
        return _cut(raw, request)
    try:
        said = json.loads(raw.body)
        choice = said["choices"][0]
        message = choice["message"]
        refusal = message.get("refusal")
        text = refusal or text_of(message)
        finish = "refusal" if refusal else str(choice.get("finish_reason") or "stop")[:40]
        usage = said.get("usage") or {}
        return Completion(
            text=sendable(text),
            finish_reason=finish,
            model_returned=sendable(str(said.get("model") or request.model))[:200],
            tokens_in=_count(usage.get("prompt_tokens"), request.prompt_tokens),
            tokens_out=tokens_out(usage, _count, max(len(text), written_in(message)) // CHARACTERS_A_TOKEN + 1),
        )
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        kind = redacted(dict(raw.headers).get("Content-Type", "no type"))
        detail = f"{len(raw.body)} bytes of {kind} that are no chat completion"
        raise CallFailed(CallError.TRANSIENT, detail, status=raw.status) from None


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


def _count(said: object, otherwise: int) -> int:
    return said if isinstance(said, int) and 0 <= said < 1 << 40 else otherwise
