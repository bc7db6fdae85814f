"""Tokens that expire: those of Entra ID and of Databricks, made where the calls are sent, renewed before they end.

`azure-identity` and `databricks-sdk` find the identity themselves (environment, managed identity, the cluster's own)
and keep a token as long as it is good; they are imported only where a model's `auth` asks for them.
"""

import asyncio
from collections.abc import Callable
from urllib.parse import urlsplit

from stark_udfs.core.errors import NotAuthorised, Unreachable
from stark_udfs.settings.chat_models import ModelSettings

TokenProvider = Callable[[], str]  # a token that is good now; may take seconds when it has to be fetched
TokenMaker = Callable[[], TokenProvider]  # a provider that remembers no token yet

PATIENCE_S = 20  # of databricks-sdk with a workspace that does not answer
AZURE_SCOPE = "https://cognitiveservices.azure.com/.default"


class TokenSource:
    """The token of a model's calls; one at a time is fetched, off the event loop."""

    def __init__(self, make: TokenMaker) -> None:
        """`make` is called on first use, and again after a token was refused."""
        self._make = make
        self._provider: TokenProvider | None = None
        self._lock = asyncio.Lock()
        self.shown = ""  # the token that was given out last: no message may show it

    async def token(self, refused: str | None = None) -> str:
        """A token that is good now; other than `refused`, where the identity has another.

        Raises:
            NotAuthorised: there is no identity, or it gets no token.
            Unreachable: nobody answers who gives tokens.
        """
        async with self._lock:
            token = await asyncio.to_thread(self._now)
            if token == refused:
                self._provider = None
                token = await asyncio.to_thread(self._now)
            self.shown = token
            return token

    async def latest(self) -> str:
        """The token that was given out last: what the SDK puts into the headers that it builds."""
        return self.shown

    def _now(self) -> str:
        provider = self._provider = self._provider or self._make()
        token = provider()
        if not token or not (token.isascii() and token.isprintable()):
            raise NotAuthorised("the identity's token is empty, or holds characters that no token has.")
        return token


def token_maker(model: ModelSettings) -> TokenMaker:
    """What makes the token provider of a model whose `auth` is no key."""
    return _azure_ad if model.auth == "azure_ad" else lambda: _databricks(model)


def _azure_ad() -> TokenProvider:
    try:
        from azure.core.exceptions import AzureError, ClientAuthenticationError
        from azure.identity import DefaultAzureCredential, get_bearer_token_provider
    except ImportError:
        raise _absent("azure_ad", "azure-identity") from None
    provider: TokenProvider = get_bearer_token_provider(DefaultAzureCredential(), AZURE_SCOPE)

    def token() -> str:
        try:
            return provider()
        except ClientAuthenticationError as error:
            raise NotAuthorised(f"auth azure_ad: Entra ID gives no token: {error}") from None
        except AzureError as error:
            raise Unreachable(f"auth azure_ad: Entra ID cannot be asked: {error}") from None

    return token


def _databricks(model: ModelSettings) -> TokenProvider:
    try:
        from databricks.sdk.core import Config
    except ImportError:
        raise _absent("databricks", "databricks-sdk") from None
    parts = urlsplit(model.base_url or "")
    try:
        config = Config(host=f"{parts.scheme}://{parts.netloc}", retry_timeout_seconds=PATIENCE_S)
    except ValueError as error:
        raise NotAuthorised(f"auth databricks: no identity of this workspace is found: {error}") from None
    except OSError as error:
        raise Unreachable(f"auth databricks: the workspace cannot be asked: {error}") from None

    def token() -> str:
        try:
            return config.authenticate().get("Authorization", "").removeprefix("Bearer ").strip()
        except ValueError as error:
            raise NotAuthorised(f"auth databricks: the workspace gives no token: {error}") from None
        except OSError as error:
            raise Unreachable(f"auth databricks: the workspace cannot be asked: {error}") from None

    return token


def _absent(auth: str, package: str) -> NotAuthorised:
    return NotAuthorised(f"auth {auth}: the package {package} is not installed. Install it on driver and executors.")
