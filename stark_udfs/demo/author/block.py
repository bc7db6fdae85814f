"""The input of the offline author: the structured twin of a prompt."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from stark_udfs.core.errors import InputError
from stark_udfs.core.ids import Json


@dataclass(frozen=True)
class Block:
    """One request to the author: which stage asks, about which row, after which accepted replies.

    row: the stage's record `each`; replies: those accepted in earlier rounds; facts: what the stage passes besides;
    schema: the JSON schema that the reply shall have.
    """

    stage: str
    unit_key: str
    row: Mapping[str, Json]
    round: int = 0
    draw: int = 0
    attempt: int = 0
    replies: tuple[Mapping[str, Json], ...] = ()
    facts: Mapping[str, Json] = field(default_factory=dict)
    schema: Mapping[str, Json] = field(default_factory=dict)

    @classmethod
    def of(cls, block: Mapping[str, Json]) -> "Block":
        """The block of a request.

        Raises:
            InputError: a part is missing or of another type.
        """
        try:
            return cls(
                stage=str(block["stage"]),
                unit_key=str(block["unit_key"]),
                row=mapping(block["row"]),
                round=number(block.get("round")),
                draw=number(block.get("draw")),
                attempt=number(block.get("attempt")),
                replies=tuple(mapping(reply) for reply in items(block.get("replies"))),
                facts=mapping(block.get("facts") or {}),
                schema=mapping(block.get("schema") or {}),
            )
        except (KeyError, TypeError) as error:
            raise InputError(
                f"The offline author needs a block with stage, unit_key and row; found {sorted(block)}: {error!r}"
            ) from error


def mapping(value: Json) -> Mapping[str, Json]:
    """The value as a JSON object.

    Raises:
        TypeError: it is none.
    """
    if not isinstance(value, Mapping):
        raise TypeError(f"not an object: {value!r:.80}")
    return value


def items(value: Json) -> list[Json]:
    """The value as a JSON array, empty for null.

    Raises:
        TypeError: it is none.
    """
    if value is None:
        return []
    if not isinstance(value, list | tuple):
        raise TypeError(f"not an array: {value!r:.80}")
    return list(cast("list[Json]", value))


def number(value: Json) -> int:
    """The value as an integer, 0 for null.

    Raises:
        TypeError: it is none.
    """
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"not an integer: {value!r:.80}")
    return value
