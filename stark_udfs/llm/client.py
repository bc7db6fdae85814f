"""The client of one chat server: the `openai` package with its own retries off, in its cheapest form.

`client.post(…, cast_to=httpx2.Response)` skips the SDK's response models; the bytes go over `BoundedTransport`.
"""

import asyncio
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import httpx2
import openai

from stark_udfs.core.errors import NotAuthorised, SettingsError, Unreachable
from stark_udfs.core.settings import ModelSettings
from stark_udfs.llm.failures import OVERSIZE, CallFailed, Failure, kind_of, redacted, seconds_of
from stark_udfs.llm.prompts import ChatRequest, sendable
from stark_udfs.llm.transport import CUT, Author, BoundedTransport, OfflineTransport

Secrets = Callable[[str], str | None]

OPENAI_URL = "https://api.openai.com/v1"
NO_KEY = "none"  # what servers without keys are sent
PROBE_S = 10.0
LONGEST_CUT = 20_000  # characters kept of a body that was longer than model.reply_bytes
CHARACTERS_A_TOKEN = 4  # where a server sends no usage


@dataclass(frozen=True)
class Answer:
    """What a server said to one request."""

    text: str
    finish_reason: str
    model_returned: str
    tokens_in: int
    tokens_out: int


class Client:
    """One server's client; lives and closes with one event loop."""

    def __init__(self, model: ModelSettings, sdk: openai.AsyncOpenAI, secret: str | None) -> None:
        """Made by `connect`."""
        self.model = model
        self._sdk = sdk
        self._secret = secret

    async def __aenter__(self) -> Self:
        """Nothing is sent."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self._sdk.close()

    async def complete(self, request: ChatRequest) -> Answer:
        """Send one request once.

        Raises:
            CallFailed: no answer came; its kind says whether asking again can help.
        """
        try:
            async with asyncio.timeout(self.model.timeout_s):
                response = await self._sdk.post(
                    "/chat/completions",
                    body=request.body,
                    cast_to=httpx2.Response,
                    options={"headers": {"Idempotency-Key": request.key}},
                )
        except TimeoutError:
            raise CallFailed(Failure.TRANSIENT, f"no answer within {self.model.timeout_s:g} s") from None
        except openai.APIStatusError as error:
            raise self._refused(error) from None  # the SDK's message and request may show the key
        except openai.APIConnectionError as error:
            raise CallFailed(Failure.TRANSIENT, redacted(f"{error.__cause__ or error}", self._secret)) from None
        return _answer(response, request)

    async def probe(self) -> None:
        """Whether somebody answers there and takes the key; asks for the list of models, which costs nothing.

        Raises:
            Unreachable: nobody answers.
            NotAuthorised: the key is refused.
        """
        try:
            async with asyncio.timeout(PROBE_S):
                await self._sdk.get("/models", cast_to=httpx2.Response)
        except (openai.AuthenticationError, openai.PermissionDeniedError) as error:
            raise NotAuthorised(
                f"{self._place}: the key is refused (HTTP {error.status_code}). "
                f"See that {self.model.secret or 'models.….secret'} holds a valid key."
            ) from None
        except openai.APIStatusError:
            return  # somebody answers; not every server lists its models
        except (TimeoutError, openai.APIConnectionError) as error:
            why = redacted(f"{error.__cause__ or type(error).__name__}", self._secret)
            raise Unreachable(
                f"{self._place}: nobody answers ({why}). Start the server, or set the model's base_url."
            ) from None

    @property
    def _place(self) -> str:
        return f"model {self.model.name!r} at {self._sdk.base_url}"

    def _refused(self, error: openai.APIStatusError) -> CallFailed:
        message = str(error.message)
        kind = kind_of(error.status_code, str(error.code or ""), message)
        return CallFailed(
            kind,
            redacted(message, self._secret),
            status=error.status_code,
            retry_after=seconds_of(error.response.headers),
        )


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
    transport: httpx2.AsyncBaseTransport = BoundedTransport(model.reply_bytes)
    if model.provider == "offline" and model.base_url is None:
        transport = OfflineTransport(author or _embedded(model))
    http = httpx2.AsyncClient(transport=transport, timeout=None, follow_redirects=True)
    if model.provider == "azure":
        if not model.base_url or not model.api_version:
            raise SettingsError(f"model {model.name!r}: provider azure needs base_url and api_version.")
        azure = openai.AsyncAzureOpenAI(
            azure_endpoint=model.base_url,
            api_version=model.api_version,
            api_key=secret or NO_KEY,
            max_retries=0,
            http_client=http,
        )
        return Client(model, azure, secret)
    url = model.base_url or (OPENAI_URL if model.provider == "openai" else "http://offline/v1")
    sdk = openai.AsyncOpenAI(base_url=url, api_key=secret or NO_KEY, max_retries=0, http_client=http)
    return Client(model, sdk, secret)


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


def _embedded(model: ModelSettings) -> Author:
    from stark_udfs.llm.offline.author import author_of

    return author_of(model.defects)


def _answer(response: httpx2.Response, request: ChatRequest) -> Answer:
    """The answer in a response's body; a body that is none is a failed try, not a model's reply."""
    if response.extensions.get(CUT):
        return _cut(response, request)
    try:
        said = json.loads(response.content)
        choice = said["choices"][0]
        message = choice["message"]
        refusal = message.get("refusal")
        text = refusal or _text(message.get("content"))
        finish = "refusal" if refusal else str(choice.get("finish_reason") or "stop")[:40]
        usage = said.get("usage") or {}
        return Answer(
            text=sendable(text),
            finish_reason=finish,
            model_returned=sendable(str(said.get("model") or request.model))[:200],
            tokens_in=_count(usage.get("prompt_tokens"), request.prompt_tokens),
            tokens_out=_count(usage.get("completion_tokens"), len(text) // CHARACTERS_A_TOKEN + 1),
        )
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        kind = response.headers.get("content-type", "no type")
        raise CallFailed(
            Failure.TRANSIENT,
            f"{len(response.content)} bytes of {redacted(kind)} that are no chat completion",
            status=response.status_code,
        ) from None


def _cut(response: httpx2.Response, request: ChatRequest) -> Answer:
    """A body over the limit was paid for all the same: it is kept in part, and rejected by what it is."""
    text = response.content.decode("utf-8", "replace")
    return Answer(
        text=sendable(text[:LONGEST_CUT]),
        finish_reason=OVERSIZE,
        model_returned=request.model,
        tokens_in=request.prompt_tokens,
        tokens_out=len(text) // CHARACTERS_A_TOKEN,
    )


def _text(content: object) -> str:
    """A message's text; some servers send it in parts."""
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content if isinstance(part, Mapping))
    return "" if content is None else str(content)


def _count(said: object, otherwise: int) -> int:
    return said if isinstance(said, int) and 0 <= said < 1 << 40 else otherwise
