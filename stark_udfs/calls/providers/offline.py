"""The embedded provider: the offline author of the demo answers inside the process, in a server's own JSON."""

import json
from collections.abc import Mapping

from stark_udfs.calls.moderation import ModerationRequest
from stark_udfs.calls.providers.transport import (
    Author,
    Headers,
    RawResponse,
    completion,
    moderation,
    offline_request,
)
from stark_udfs.core.ids import Json
from stark_udfs.settings.chat_models import Defects


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
