"""Replies that are nearly of the shape: how each comes about, what is written, and what must come of it.

Each case writes its text from a sample of a shape, so that it runs over small shapes and over those of the stages.
`source` says where such replies come from. `gives`: ALL of the sample's items in order, or the reason of the reject.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from stark_udfs.core.records import ReplySchema
from stark_udfs.core.rejects import RejectReason

ALL = "all"
WRONG, NOT_JSON, EMPTY = RejectReason.WRONG_SHAPE, RejectReason.NOT_JSON, RejectReason.EMPTY


@dataclass(frozen=True)
class Sample:
    """A valid reply of a shape; `draft`: another of as many items or fewer, none of them the same."""

    shape: type[ReplySchema]
    value: dict[str, Any]
    draft: dict[str, Any]

    @property
    def field(self) -> str:
        return next(iter(self.shape.model_fields))

    @property
    def items(self) -> list[Any]:
        return self.value[self.field]

    @property
    def text(self) -> str:
        return dumped(self.value)

    @property
    def first(self) -> str:
        """The reply's first part, with half of the items."""
        return dumped({self.field: self.items[: len(self.items) // 2]})

    @property
    def rest(self) -> str:
        return dumped({self.field: self.items[len(self.items) // 2 :]})

    @property
    def drafted(self) -> str:
        return dumped(self.draft)

    @property
    def lines(self) -> str:
        return "\n".join(map(dumped, self.items))

    @property
    def schema(self) -> dict[str, Any]:
        return self.shape.model_json_schema()


@dataclass(frozen=True)
class Near:
    """One case; `single`: shapes that have no list are written so too; `says`: a part of the reject's detail."""

    kind: str
    name: str
    source: str
    write: Callable[[Sample], str]
    gives: str | RejectReason = ALL
    says: str = ""
    single: bool = False


def dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def fenced(text: str, language: str = "json") -> str:
    return f"```{language}\n{text}\n```"


def spelled(value: Any, spell: Callable[[str], str]) -> Any:
    """The value with every name in another spelling."""
    if isinstance(value, dict):
        return {spell(name): spelled(part, spell) for name, part in value.items()}
    return [spelled(one, spell) for one in value] if isinstance(value, list) else value


def camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(map(str.title, tail))


def quoted(value: Any, left: str, right: str) -> str:
    """JSON with other quotes around its names."""
    if isinstance(value, dict):
        return (
            "{" + ", ".join(f"{left}{name}{right}: {quoted(part, left, right)}" for name, part in value.items()) + "}"
        )
    if isinstance(value, list):
        return "[" + ", ".join(quoted(one, left, right) for one in value) + "]"
    return dumped(value)


def harmony(analysis: str, final: str, *, json_mark: bool = False) -> str:
    mark = " <|constrain|>JSON" if json_mark else ""
    thought = f"<|channel|>analysis<|message|>{analysis}<|end|>"
    return f"{thought}<|start|>assistant<|channel|>final{mark}<|message|>{final}<|return|>"


def schema_said(sample: Sample) -> str:
    return dumped(sample.schema)


def filled_schema(sample: Sample) -> str:
    return dumped({**sample.schema, "properties": sample.value})
