"""What a stage asks, and the request that goes on the wire."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pydantic import Field

from stark_udfs.core.ids import Json, digest, canonical
from stark_udfs.core.records import Record, Shape


@dataclass(frozen=True)
class Prompt:
    """One question to a model: what a stage's `ask` returns.

    `facts` is what a provider that reads no prose needs beside the row and the earlier replies (the offline author);
    it goes to that provider only and is not part of the key.
    """

    system: str
    user: str
    shape: type[Shape]
    facts: Mapping[str, Json] = field(default_factory=dict)


class Message(Record):
    """One message of a chat request."""

    role: Literal["system", "user", "assistant"]
    content: str


class ChatRequest(Record):
    """One paid call, complete: equal keys mean that the answer is already there.

    `block` is the offline author's input (stage, unit_key, round, draw, attempt, row, replies, facts); None for real
    providers; not part of the key.
    """

    provider: str
    model: str
    messages: tuple[Message, ...]
    parameters: dict[str, Json] = Field(description="as they go on the wire, reply limit included")
    shape_name: str
    json_schema: dict[str, Json] = Field(description="of the reply")
    send_schema: bool = Field(description="whether the server takes response_format json_schema")
    draw: int = Field(description="seed_of(unit key, round, redraw): two rows with the same words are two calls")
    attempt: int = Field(description="0 for the first ask of a round, then one more per re-ask")
    block: dict[str, Json] | None = None

    @property
    def key(self) -> str:
        """64 hex digits over everything that can change the answer; our own canonical form, not the wire's."""
        parts: dict[str, Json] = {
            "kind": "chat",
            "provider": self.provider,
            "model": self.model,
            "messages": [[m.role, m.content] for m in self.messages],
            "parameters": self.parameters,
            "shape": self.json_schema,
            "draw": self.draw,
            "attempt": self.attempt,
        }
        return digest(canonical(parts))


class Reply(Record):
    """A paid answer, as it came: one row of `replies` and one line of the journal."""

    stage: str
    unit_key: str
    round: int
    attempt: int
    key: str
    request: str = Field(description="messages and parameters, JSON")
    reply: str = Field(description="the text; lone surrogates and NULs replaced by U+FFFD, nothing else changed")
    finish_reason: str
    model_returned: str
    provider: str
    tokens_in: int
    tokens_out: int
    money: float = Field(description="in the currency of the model's price")
    seconds: float = Field(description="latency of the answering attempt")
    tries: int = Field(description="HTTP attempts that this answer took, the last included")
    run_id: str
    at: str = Field(description="UTC, ISO 8601")
