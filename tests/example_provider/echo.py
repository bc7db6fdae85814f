"""A provider of chat models, the example of CONTRIBUTING: one that answers by a rule and needs a key of its own."""

import json
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from stark_udfs.calls.providers.client import Access, Completion
from stark_udfs.calls.request import ChatRequest
from stark_udfs.core.errors import NotAuthorised
from stark_udfs.settings.chat_models import ModelSettings


class EchoClient:
    """Fills every text of the reply's schema with the last word of the prompt."""

    async def __aenter__(self) -> Self:
        """Open connections here."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close them here."""

    async def probe(self) -> None:
        """Ask the server something that costs nothing, here."""

    async def complete(self, request: ChatRequest) -> Completion:
        """Ask the server, here; raise CallFailed where no answer comes."""
        word = request.messages[-1].content.split()[-1].strip(".")
        text = json.dumps(dict.fromkeys(request.json_schema["properties"], f"{word}, echoed"))
        return Completion(text, finish_reason="stop", model_returned="echo-1", tokens_in=7, tokens_out=3)


@dataclass(frozen=True)
class EchoProvider:
    """The provider `echo`."""

    reads_rows: bool = False

    def inside(self, model: ModelSettings) -> bool:
        """See `Provider.inside`."""
        return False

    def connect(self, model: ModelSettings, access: Access) -> EchoClient:
        """See `Provider.connect`."""
        if model.secret is None or not access.secrets(model.secret):
            raise NotAuthorised(f"model {model.name!r}: echo needs a `secret` that is set.")
        return EchoClient()


ECHO = EchoProvider()
