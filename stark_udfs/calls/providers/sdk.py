"""The `openai` package as it is used here: it builds address and headers, and raises its errors; it sends nothing."""

from contextvars import ContextVar
from dataclasses import dataclass

import httpx2

from stark_udfs.calls.providers.transport import Headers, RawResponse
from stark_udfs.core.errors import NotAuthorised, SettingsError
from stark_udfs.settings.chat_models import ModelSettings
from stark_udfs.settings.section import Secrets

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


def secret_of(model: ModelSettings, secrets: Secrets, *, needed: bool) -> str | None:
    """The key of the model's server; None: it takes none, which it may only where none is `needed`.

    Raises:
        NotAuthorised: a secret is named but not set, or none is named where one is needed.
        SettingsError: `auth` does not go with the rest.
    """
    if model.auth != "key":
        if model.secret is not None or model.base_url is None:
            raise SettingsError(f"model {model.name!r}: auth {model.auth} needs a server's base_url, and no secret.")
        return None
    if model.secret is None:
        if needed:
            raise NotAuthorised(f"model {model.name!r}: no secret is named. Set the model's `secret`.")
        return None
    secret = (secrets(model.secret) or "").strip()
    if not secret:
        raise NotAuthorised(f"model {model.name!r}: {model.secret} is not set. Put the key into that variable.")
    if not (secret.isascii() and secret.isprintable()):
        raise NotAuthorised(f"model {model.name!r}: {model.secret} holds characters that no key has.")
    return secret
