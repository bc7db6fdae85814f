"""The embedded provider: the offline author of the demo answers inside the process, in a server's own JSON."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from stark_udfs.calls.moderation import ModerationRequest
from stark_udfs.calls.providers.client import Access
from stark_udfs.calls.providers.openai import OpenAiProvider
from stark_udfs.calls.providers.server import Client
from stark_udfs.calls.providers.transport import (
    Author,
    Headers,
    RawResponse,
    Transport,
    completion,
    moderation,
    offline_request,
)
from stark_udfs.core.errors import SettingsError
from stark_udfs.core.ids import Json
from stark_udfs.settings.chat_models import Defects, ModelSettings


@dataclass(frozen=True)
class OfflineProvider(OpenAiProvider):
    """The offline author, inside the process; with a `base_url` the same author, served over HTTP."""

    url: str = "http://offline/v1"  # nobody is asked there
    reads_rows: bool = True

    def inside(self, model: ModelSettings) -> bool:
        """See `Provider.inside`."""
        return model.base_url is None

    def needs_secret(self, model: ModelSettings) -> bool:
        """It never does."""
        return False

    def transport(self, model: ModelSettings, access: Access) -> Transport:
        """The author itself, or HTTP."""
        if self.inside(model):
            return OfflineTransport(access.author or embedded(model.defects))
        return super().transport(model, access)

    def connect(self, model: ModelSettings, access: Access) -> Client:
        """See `Provider.connect`.

        Raises:
            SettingsError: it is to be asked with a token.
        """
        if model.auth != "key":
            raise SettingsError(
                f"model {model.name!r}: auth {model.auth} needs a server's base_url, and no secret; offline has none."
            )
        return super().connect(model, access)


class OfflineTransport:
    """Answers chat completions inside the process: the request's `stark` block goes to an author."""

    def __init__(self, author: Author) -> None:
        """`author` decides on text and finish_reason."""
        self.author = author

    async def send(self, method: str, url: str, headers: Headers, content: bytes) -> RawResponse:
        """Answer as a server would, in the same JSON."""
        if method == "GET":
            return RawResponse(200, (), b'{"object": "list", "data": []}')
        body = json.loads(content)
        if url.endswith(ModerationRequest.path):
            return RawResponse(200, (), json.dumps(moderation(body)).encode())
        text, finish_reason = self.author(offline_request(body))
        return RawResponse(200, (), json.dumps(completion(body, text, finish_reason)).encode())

    async def close(self) -> None:
        """Nothing to close."""


def embedded(defects: Defects) -> Author:
    """The offline author, spoiling the shares of its replies that `defects` says."""
    from stark_udfs.demo.author.author import answer
    from stark_udfs.demo.author.block import Block

    def author(block: Mapping[str, Json]) -> tuple[str, str]:
        said = answer(Block.of(block), defects)
        return said.text, said.finish_reason

    return author


OFFLINE = OfflineProvider()
