"""Calls to a moderation endpoint of the OpenAI protocol: texts in, for each one which categories it falls into.

They are calls like any other: keyed, journaled, under the broker, paid once. Only path, body and answer are their own.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from pydantic import Field

from stark_udfs.calls.policy import ChatPolicy, CostBound
from stark_udfs.calls.request import ChatRequest, Message, Prompt, sendable
from stark_udfs.core.ids import Json, canonical, digest, seed_of
from stark_udfs.core.records import ReplySchema

NO_REPLY = 0  # tokens: an endpoint counts none of its answer


class ModerationResult(ReplySchema):
    """What an endpoint says of one text; categories are the server's own."""

    flagged: bool
    categories: dict[str, bool | None] = Field(default_factory=dict)
    category_scores: dict[str, float | None] = Field(default_factory=dict)


class ModerationReply(ReplySchema):
    """What an endpoint says of all texts of a request, in their order."""

    results: list[ModerationResult]


def moderation_prompt(texts: list[str]) -> Prompt:
    """The question about these texts; each gets a result of its own."""
    return Prompt(system="", user=json.dumps([sendable(text) for text in texts]), shape=ModerationReply)


@dataclass(frozen=True)
class ModerationRequest(ChatRequest):
    """One call to a moderation endpoint: its only message holds the texts, as a JSON array."""

    path: ClassVar[str] = "/moderations"

    @cached_property
    def key(self) -> str:
        """64 hex digits over everything that can change the answer."""
        parts: dict[str, Json] = {
            "kind": "moderation",
            "provider": self.provider,
            "model": self.model,
            "input": self.messages[0].content,
            "parameters": self.parameters,
            "draw": self.draw,
        }
        return digest(canonical(parts))

    @property
    def body(self) -> dict[str, Json]:
        """What goes on the wire."""
        texts: Json = json.loads(self.messages[0].content)
        body: dict[str, Json] = {"model": self.model, "input": texts, **self.parameters}
        if self.block is not None:
            body["stark"] = {**self.block, "draw": self.draw, "attempt": self.attempt}
        return body

    def said(self, body: Mapping[str, object]) -> str | None:
        """What a reply keeps of a server's answer, JSON; None: it is no answer to this request."""
        results = body.get("results")
        if not isinstance(results, list) or len(results) != len(json.loads(self.messages[0].content)):
            return None
        return json.dumps({"results": results}, ensure_ascii=False)


@dataclass(frozen=True)
class ModerationPolicy(ChatPolicy):
    """How a stage asks a moderation endpoint; a bad answer is tried again as a failed try, never re-asked."""

    def request(
        self,
        prompt: Prompt,
        *,
        unit_key: str,
        round: int,
        redraw: int = 0,
        block: Mapping[str, Json] | None = None,
    ) -> ModerationRequest:
        """The only ask of a round."""
        return ModerationRequest(
            provider=self.model.provider,
            model=self.model.name,
            messages=(Message("user", prompt.user),),
            parameters=self.parameters,
            shape_name=prompt.shape.__name__,
            json_schema={},
            send_schema=False,
            draw=seed_of(self.seed, unit_key, round, redraw),
            attempt=0,
            block=None if block is None else dict(block),
        )

    def bound(self, request: ChatRequest) -> CostBound:
        """The most that `request` can cost: its texts."""
        tokens = request.prompt_tokens
        return CostBound(money=self.cost(tokens, NO_REPLY), tokens=tokens)
