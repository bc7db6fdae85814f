"""The `openai` package as it is used here: it builds address and headers, and raises its errors; it sends nothing."""

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass

import httpx2
import openai

from stark_udfs.calls.providers.transport import Headers, RawResponse
from stark_udfs.core.errors import NotAuthorised, SettingsError
from stark_udfs.settings.chat_models import ModelSettings
from stark_udfs.settings.section import Secrets

OPENAI_URL = "https://api.openai.com/v1"
OFFLINE_URL = "http://offline/v1"  # nobody is asked there
NO_KEY = "none"  # what servers without keys are sent
OWN_HEADERS = ("host", "content-length", "connection")  # the wire's own, for each request anew
FINE = RawResponse(200, (), b"{}")
CAME: ContextVar[RawResponse] = ContextVar("stark_response", default=FINE)


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


def sdk_of(model: ModelSettings, key: str | Callable[[], Awaitable[str]], replay: Replay) -> openai.AsyncOpenAI:
    """The SDK's client of the model's server; a callable `key` is asked for every request that it builds.

    Raises:
        SettingsError: the server's address is missing.
    """
    http = httpx2.AsyncClient(transport=replay, timeout=None)
    if model.provider != "azure":
        url = model.base_url or (OPENAI_URL if model.provider == "openai" else OFFLINE_URL)
        return openai.AsyncOpenAI(base_url=url, api_key=key, max_retries=0, http_client=http)
    if not model.base_url or not model.api_version:
        raise SettingsError(f"model {model.name!r}: provider azure needs base_url and api_version.")
    return openai.AsyncAzureOpenAI(
        azure_endpoint=model.base_url,
        api_version=model.api_version,
        api_key=key if isinstance(key, str) else None,
        azure_ad_token_provider=None if isinstance(key, str) else key,
        max_retries=0,
        http_client=http,
    )


def secret_of(model: ModelSettings, secrets: Secrets) -> str | None:
    """The key of the model's server; None: it takes none.

    Raises:
        NotAuthorised: a secret is named but not set, or none is named where one is needed.
        SettingsError: `auth` does not go with the rest.
    """
    if model.auth != "key":
        if model.secret is not None or model.base_url is None or model.provider == "offline":
            raise SettingsError(f"model {model.name!r}: auth {model.auth} needs a server's base_url, and no secret.")
        return None
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
