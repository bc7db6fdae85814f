from enum import StrEnum
from typing import Literal

import pytest
from pydantic import Field

from stark_udfs.calls.reply.json_schema import json_schema, schema_hash, schema_in_words
from stark_udfs.core.errors import SchemaError
from stark_udfs.core.records import ReplySchema
from tests.calls.asks import Basket


class Size(StrEnum):
    SMALL = "small"
    LARGE = "large"


class Topping(ReplySchema):
    title: str = Field("none", description="what is on it", min_length=1, max_length=20)


class Cake(ReplySchema):
    size: Size
    kind: Literal["round"] = "round"
    layers: int = Field(ge=1, le=9)
    topping: Topping | None = Field(None, description="only where there is one")
    toppings: list[Topping] = Field(default_factory=list, max_length=3)


class Box(ReplySchema):
    name: str
    inner: "Box | None" = None


def keywords(schema) -> set[str]:
    """Every keyword in use, names of properties and definitions left out."""
    if isinstance(schema, list):
        return set().union(*map(keywords, schema)) if schema else set()
    if not isinstance(schema, dict):
        return set()
    found = set(schema)
    for name, part in schema.items():
        parts = list(part.values()) if name in ("properties", "$defs") else [part]
        found |= keywords(parts)
    return found


def describe_json_schema():
    def it_requires_every_property_and_allows_no_other():
        schema = json_schema(Cake)
        assert schema["required"] == ["size", "kind", "layers", "topping", "toppings"]
        assert schema["additionalProperties"] is False
        assert schema["$defs"]["Topping"]["required"] == ["title"]

    def it_keeps_only_what_strict_servers_know():
        assert keywords(json_schema(Cake)) <= {
            *("type", "enum", "anyOf", "properties", "required", "additionalProperties", "items", "$ref", "$defs"),
            *("description", "minimum", "maximum", "maxItems"),
        }

    def it_keeps_a_property_that_is_called_like_a_keyword():
        assert "title" in json_schema(Cake)["$defs"]["Topping"]["properties"]

    def it_tells_limits_without_a_keyword_in_the_description():
        title = json_schema(Cake)["$defs"]["Topping"]["properties"]["title"]
        assert title["description"] == "what is on it; at least 1 characters; at most 20 characters"

    def it_puts_nothing_beside_a_reference():
        assert json_schema(Cake)["properties"]["size"] == {"$ref": "#/$defs/Size"}

    def it_takes_shapes_that_hold_themselves():
        assert json_schema(Box)["$ref"] == "#/$defs/Box"

    def it_gives_the_same_object_each_time():
        assert json_schema(Cake) is json_schema(Cake)

    def it_refuses_what_no_strict_schema_can_say():
        class Loose(ReplySchema):
            anything: dict[str, int]

        class Pair(ReplySchema):
            both: tuple[int, str]

        with pytest.raises(SchemaError, match=r"Loose\.anything: .*free mappings"):
            json_schema(Loose)
        with pytest.raises(SchemaError, match=r"Pair\.both: .*tuples"):
            json_schema(Pair)


def describe_shape_hash():
    def it_stands_still():
        assert schema_hash(Basket) == "c7f37aa461267136"


def describe_shape_in_words():
    def it_draws_the_form_and_lists_the_descriptions():
        assert schema_in_words(json_schema(Cake)) == "\n".join(
            [
                "Answer with one JSON object of this form and with nothing else, without a code fence:",
                '{"size": "small" | "large", "kind": "round", "layers": integer, '
                '"topping": {"title": string} | null, "toppings": [{"title": string}, …]}',
                "- topping: only where there is one",
                "- topping.title: what is on it; at least 1 characters; at most 20 characters",
                "- toppings[].title: what is on it; at least 1 characters; at most 20 characters",
            ]
        )

    def it_ends_where_a_shape_holds_itself():
        assert '"inner": <Box> | null' in schema_in_words(json_schema(Box))
