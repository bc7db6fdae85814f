"""Servers of the OpenAI protocol: OpenAI itself, and by `base_url` Databricks serving, vLLM, Ollama and others."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx2
import openai

from stark_udfs.calls.providers.batch_api import BatchApi
from stark_udfs.calls.providers.client import Access
from stark_udfs.calls.providers.sdk import NO_KEY, Replay, secret_of
from stark_udfs.calls.providers.server import Client
from stark_udfs.calls.providers.tokens import TokenSource, token_maker
from stark_udfs.calls.providers.transport import HttpTransport, Transport
from stark_udfs.core.errors import SettingsError
from stark_udfs.settings.chat_models import ModelSettings

Key = str | Callable[[], Awaitable[str]]  # a callable is asked for every request that is built


@dataclass(frozen=True)
class OpenAiProvider:
    """A provider whose servers speak the OpenAI protocol; another one overrides what differs.

    url: where it is, unless the model says another.
    """

    url: str = "https://api.openai.com/v1"
    reads_rows: bool = False

    def inside(self, model: ModelSettings) -> bool:
        """See `Provider.inside`."""
        return False

    def needs_secret(self, model: ModelSettings) -> bool:
        """Whether nobody answers without a key: a server of one's own may take none."""
        return model.base_url is None

    def transport(self, model: ModelSettings, access: Access) -> Transport:
        """What carries the requests."""
        return HttpTransport(model.reply_bytes)

    def sdk(self, model: ModelSettings, key: Key, http: httpx2.AsyncClient) -> openai.AsyncOpenAI:
        """The SDK's client of the model's server.

        Raises:
            SettingsError: the server's address is missing.
        """
        return openai.AsyncOpenAI(base_url=model.base_url or self.url, api_key=key, max_retries=0, http_client=http)

    def connect(self, model: ModelSettings, access: Access) -> Client:
        """See `Provider.connect`.

        Raises:
            NotAuthorised: a secret is named but not set, or none is named where one is needed.
            SettingsError: the server's address is missing or holds a password, or `auth` does not go with the rest.
        """
        secret, tokens = self._identity(model, access)
        replay = Replay()
        http = httpx2.AsyncClient(transport=replay, timeout=None)
        sdk = self.sdk(model, tokens.latest if tokens is not None else secret or NO_KEY, http)
        return Client(model, sdk, replay, self.transport(model, access), secret=secret, tokens=tokens)

    def batches(self, model: ModelSettings, access: Access) -> BatchApi:
        """See `BatchProvider.batches`."""
        secret, tokens = self._identity(model, access)
        http = httpx2.AsyncClient(timeout=model.timeout_s, follow_redirects=False)
        sdk = self.sdk(model, tokens.token if tokens is not None else secret or NO_KEY, http)
        return BatchApi(model, sdk, hidden=lambda: secret if tokens is None else tokens.shown)

    def _identity(self, model: ModelSettings, access: Access) -> tuple[str | None, TokenSource | None]:
        """The key, or what gives tokens."""
        if "@" in urlsplit(model.base_url or "").netloc:
            raise SettingsError(f"model {model.name!r}: base_url holds a name or password. Name a `secret` instead.")
        tokens = TokenSource(access.tokens or token_maker(model)) if model.auth != "key" else None
        return secret_of(model, access.secrets, needed=self.needs_secret(model)), tokens


OPENAI = OpenAiProvider()
