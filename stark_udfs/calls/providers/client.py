"""Clients of chat models: what one is, what a provider of them is, and how the one that settings name is found."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self, TypeVar, runtime_checkable

from stark_udfs.calls.providers.tokens import TokenMaker
from stark_udfs.calls.providers.transport import Author
from stark_udfs.calls.request import ChatRequest
from stark_udfs.core.errors import SettingsError
from stark_udfs.core.registry import named
from stark_udfs.settings.chat_models import PROVIDERS, ModelSettings
from stark_udfs.settings.section import Secrets

if TYPE_CHECKING:
    from stark_udfs.calls.providers.batch_api import BatchApi


@dataclass(frozen=True)
class Completion:
    """What a server said to one request."""

    text: str
    finish_reason: str
    model_returned: str
    tokens_in: int
    tokens_out: int


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


class ChatClient(CallClient[ChatRequest], Protocol):
    """Answers chat requests; lives and closes with one event loop."""

    async def probe(self) -> None:
        """Whether somebody answers there and takes the key; free of charge.

        Raises:
            Unreachable: nobody answers.
            NotAuthorised: the key is refused.
        """
        ...


@dataclass(frozen=True)
class Access:
    """What a client is made with, beside its model.

    secrets: gives a key by its name.
    author: who answers in place of the embedded author, where a provider has one.
    tokens: makes the token provider of a model whose `auth` is no key, in place of the cloud's own package.
    """

    secrets: Secrets = os.environ.get
    author: Author | None = None
    tokens: TokenMaker | None = None


class Provider(Protocol):
    """Who answers chat requests: one file of this folder, and one line in `PROVIDERS` of `settings/chat_models.py`."""

    @property
    def reads_rows(self) -> bool:
        """Whether it is sent the row as JSON beside the prompt, as one that reads no prose needs."""
        ...

    def inside(self, model: ModelSettings) -> bool:
        """Whether it answers inside this process: there is no server that could be missing."""
        ...

    def connect(self, model: ModelSettings, access: Access) -> ChatClient:
        """A client; nothing is sent yet.

        Raises:
            NotAuthorised: a secret is missing.
            SettingsError: the model's settings do not suffice.
        """
        ...


@runtime_checkable
class BatchProvider(Protocol):
    """A provider that also takes files of requests."""

    def batches(self, model: ModelSettings, access: Access) -> "BatchApi":
        """Its batch API; nothing is sent yet.

        Raises:
            NotAuthorised: a secret is missing.
            SettingsError: the model's settings do not suffice.
        """
        ...


def provider_of(model: ModelSettings, providers: Mapping[str, str] = PROVIDERS) -> Provider:
    """The provider that the model names.

    Raises:
        SettingsError: there is none of that name.
    """
    try:
        found = named(providers, model.provider)
    except LookupError as error:
        raise SettingsError(f"model {model.name!r}, provider {model.provider!r}: {error}.") from None
    if not callable(getattr(found, "connect", None)):
        raise SettingsError(f"model {model.name!r}: {model.provider} is no provider: it has no `connect`.")
    provider: Provider = found  # type: ignore[assignment]  # found by its name
    return provider


def connect(
    model: ModelSettings,
    secrets: Secrets = os.environ.get,
    author: Author | None = None,
    tokens: TokenMaker | None = None,
) -> ChatClient:
    """A client of the model's provider; nothing is sent yet. `author` and `tokens` as of `Access`.

    Raises:
        NotAuthorised: a secret is named but not set.
        SettingsError: no such provider, or its settings do not suffice.
    """
    return provider_of(model).connect(model, Access(secrets, author, tokens))
