"""What a stage asks, and the request that goes on the wire."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar, Literal, Protocol

from pydantic import Field, model_validator

from stark_udfs.calls.image_parts import ImagePart
from stark_udfs.core.ids import Json, canonical, digest, fingerprint
from stark_udfs.core.records import Record, ReplySchema

UNSENDABLE = re.compile("[\x00\ud800-\udfff]")


def sendable(text: str) -> str:
    """The text with NULs and lone surrogates, which no table and no wire takes, replaced by U+FFFD."""
    return text if text.isascii() and "\x00" not in text else UNSENDABLE.sub("\ufffd", text)


@dataclass(frozen=True)
class Prompt:
    """One question to a model: what a stage's `ask` returns.

    `facts` is what a provider that reads no prose needs beside the row and the earlier replies (the offline author);
    it goes to that provider only and is not part of the key.
    `whole` False: of a reply that the limit cuts off twice, the list items that arrived complete are kept.
    `images` go after the user's words, in this order, for models that see.
    """

    system: str
    user: str
    shape: type[ReplySchema]
    facts: Mapping[str, Json] = field(default_factory=dict)
    whole: bool = True
    images: tuple[ImagePart, ...] = ()


class FreeText(ReplySchema):
    """A reply that is taken as it stands; a server is sent no schema for it."""

    text: str


@dataclass(frozen=True)
class Message:
    """One message of a chat request."""

    role: Literal["system", "user", "assistant"]
    content: str
    images: tuple[ImagePart, ...] = ()

    @property
    def identity(self) -> list[Json]:
        """What an answer depends on; of a message without images role and words alone."""
        seen: list[Json] = [[image.identity for image in self.images]] if self.images else []
        return [self.role, self.content, *seen]

    @property
    def wire(self) -> dict[str, Json]:
        """As it is sent: words, or parts where there are images. Reads their files.

        Raises:
            CallFailed: an image's file cannot be used.
        """
        if not self.images:
            return {"role": self.role, "content": self.content}
        parts: list[Json] = [{"type": "text", "text": self.content}]
        parts += [{"type": "image_url", "image_url": {"url": image.data_url()}} for image in self.images]
        return {"role": self.role, "content": parts}

    @property
    def written(self) -> dict[str, Json]:
        """As `replies.request` keeps it: images by where they are and what is in them."""
        seen: list[Json] = [{"uri": one.uri, "sha256": one.sha256, "side": one.side} for one in self.images]
        return {"role": self.role, "content": self.content, **({"images": seen} if seen else {})}


@dataclass(frozen=True)
class ChatRequest:
    """One paid call, complete: equal keys mean that the answer is already there.

    parameters: as they go on the wire, reply limit included.
    send_schema: whether the server takes response_format json_schema.
    draw: seed_of(run's seed, unit key, round, redraw): two rows with the same words are two calls.
    attempt: 0 for the first ask of a round, then one more per further ask.
    after: digest of the first ask's key and the bad reply that this ask answers. It stands for the messages in the key:
        an error told in better words is no other call.
    shape_hash: of `json_schema`; empty: worked out when the key is.
    image_tokens: what its images count as, at most; not part of the key.
    block: the offline author's input (stage, unit_key, round, row, replies, facts; draw and attempt are added on the
        wire); None for real providers; not part of the key.
    """

    path: ClassVar[str] = "/chat/completions"  # below the server's base URL

    provider: str
    model: str
    messages: tuple[Message, ...]
    parameters: Mapping[str, Json]
    shape_name: str
    json_schema: Mapping[str, Json]
    send_schema: bool
    draw: int
    attempt: int
    after: str = ""
    shape_hash: str = ""
    image_tokens: int = 0
    block: Mapping[str, Json] | None = None

    @cached_property
    def key(self) -> str:
        """64 hex digits over everything that can change the answer; our own canonical form, not the wire's."""
        parts: dict[str, Json] = {
            "kind": "chat",
            "provider": self.provider,
            "model": self.model,
            "messages": self.after or [m.identity for m in self.messages],
            "parameters": self.parameters,
            "shape": self.shape_hash or fingerprint(self.json_schema),
            "draw": self.draw,
            "attempt": self.attempt,
        }
        return digest(canonical(parts))

    @property
    def images(self) -> int:
        """How many images go along."""
        return sum(len(message.images) for message in self.messages)

    @property
    def body(self) -> dict[str, Json]:
        """What goes on the wire; reads the files of its images.

        Raises:
            CallFailed: one of them cannot be used.
        """
        body: dict[str, Json] = {
            "model": self.model,
            "messages": [m.wire for m in self.messages],
            **self.parameters,
        }
        if self.send_schema:
            described: Json = {"name": self.shape_name, "strict": True, "schema": self.json_schema}
            body["response_format"] = {"type": "json_schema", "json_schema": described}
        if self.block is not None:
            body["stark"] = {**self.block, "draw": self.draw, "attempt": self.attempt}
        return body

    @property
    def written(self) -> str:
        """The request as `replies.request` keeps it: messages and parameters, JSON."""
        messages = [m.written for m in self.messages]
        return json.dumps({"messages": messages, "parameters": dict(self.parameters)}, ensure_ascii=False)

    @property
    def prompt_tokens(self) -> int:
        """An upper estimate of what the server will count: it is what money is reserved for."""
        text = sum(len(m.content.encode()) for m in self.messages)
        schema = len(canonical(self.json_schema)) if self.send_schema else 0
        return (text + schema) // 3 + 8 * len(self.messages) + self.image_tokens


class Request(Protocol):
    """What every kind of stored call has: a chat request, an image request, …"""

    @property
    def provider(self) -> str:
        """Who is asked: offline, openai, …"""
        ...

    @property
    def model(self) -> str:
        """The name of what is asked."""
        ...

    @property
    def key(self) -> str:
        """64 hex digits over everything that can change the answer."""
        ...

    @property
    def draw(self) -> int:
        """Tells equal requests of different units apart."""
        ...

    @property
    def attempt(self) -> int:
        """Place among the asks of a round."""
        ...

    @property
    def written(self) -> str:
        """The request as `replies.request` keeps it: JSON."""
        ...


class Reply(Record):
    """A paid answer, as it came: one row of `replies` and one line of the journal."""

    stage: str
    unit_key: str
    round: int
    attempt: int
    key: str
    request: str = Field(description="messages and parameters, JSON")
    reply: str = Field(
        description="the text, or what came in its place (tool call, thoughts between <think> marks); lone surrogates "
        "and NULs replaced by U+FFFD, nothing else changed"
    )
    finish_reason: str
    model_returned: str
    provider: str
    tokens_in: int
    tokens_out: int
    money: float = Field(description="in the currency of the model's price")
    seconds: float = Field(description="latency of the answering attempt")
    tries: int = Field(description="HTTP attempts that this answer took, the last included")
    run_id: str
    replied_at: str = Field(description="UTC, ISO 8601")

    @model_validator(mode="before")
    @classmethod
    def _of_before(cls, given: object) -> object:
        """A journal that an earlier version left says `at`, which is a reserved word in DuckDB."""
        if isinstance(given, Mapping) and "at" in given and "replied_at" not in given:
            return {("replied_at" if name == "at" else name): value for name, value in given.items()}
        return given
