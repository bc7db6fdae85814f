"""A reply shape as a JSON schema that strict servers take, and in words for those that take none.

Strict servers (OpenAI's structured outputs, vLLM's guided decoding) want every property required, no further
properties, and few keywords. A limit that they don't know is told in the description instead; the decoder checks it
either way.
"""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import cast

from stark_udfs.core.errors import SchemaError
from stark_udfs.core.ids import Json, fingerprint
from stark_udfs.core.records import ReplySchema

KEPT = ("type", "enum", "pattern", "format", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
KEPT_OF_ARRAYS = ("minItems", "maxItems")
REFERENCE = "#/$defs/"

Schema = Mapping[str, Json]


@lru_cache(maxsize=256)
def json_schema(shape: type[ReplySchema]) -> dict[str, Json]:
    """The strict JSON schema of `shape`; one object per shape, never to be changed.

    Raises:
        SchemaError: the shape has a part that no strict schema can say, such as a free mapping or a tuple.
    """
    raw = cast("Schema", shape.model_json_schema())
    schema = _strict(raw, shape.__name__)
    definitions = cast("Mapping[str, Schema]", raw.get("$defs", {}))
    if definitions:
        schema["$defs"] = {name: _strict(part, f"{shape.__name__}.{name}") for name, part in definitions.items()}
    return schema


@lru_cache(maxsize=256)
def schema_hash(shape: type[ReplySchema]) -> str:
    """16 hex digits of the shape's schema: its part in the key of a call."""
    return fingerprint(json_schema(shape))


def schema_in_words(schema: Schema) -> str:
    """What to add to a prompt where the server takes no JSON schema."""
    notes: list[str] = []
    skeleton = _skeleton(schema, schema, "", notes, ())
    lines = [
        "Answer with one JSON object of this form and with nothing else, without a code fence:",
        skeleton,
        *notes,
    ]
    return "\n".join(lines)


def example_value(schema: Schema, root: Schema | None = None) -> Json:
    """A small value that fits a strict schema; `root` has its definitions, and is the schema itself by default."""
    root = schema if root is None else root
    if "$ref" in schema:
        definitions = cast("Mapping[str, Schema]", root["$defs"])
        return example_value(definitions[str(schema["$ref"]).rpartition("/")[2]], root)
    if "anyOf" in schema:
        return example_value(cast("Sequence[Schema]", schema["anyOf"])[0], root)
    if "enum" in schema:
        return cast("Sequence[Json]", schema["enum"])[0]
    if schema["type"] == "object":
        properties = cast("Mapping[str, Schema]", schema["properties"])
        return {name: example_value(part, root) for name, part in properties.items()}
    if schema["type"] == "array":
        items = max(2, cast("int", schema.get("minItems", 0)))
        return [example_value(cast("Schema", schema["items"]), root) for _ in range(items)]
    return _plain_value(schema)


def _plain_value(schema: Schema) -> Json:
    text = "2024-01-15" if schema.get("format") == "date" else "I bake bread daily."
    number = schema.get("minimum", 1)
    values: dict[str, Json] = {"string": text, "integer": number, "number": number, "boolean": True}
    return values.get(str(schema["type"]))


def _strict(schema: Schema, where: str) -> dict[str, Json]:
    if "$ref" in schema:
        return {"$ref": schema["$ref"]}  # strict servers refuse anything beside a reference
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            options = cast("Sequence[Schema]", schema[choice])
            return {"anyOf": [_strict(option, where) for option in options], **_described(schema)}
    if "const" in schema:
        return {"enum": [schema["const"]], **_described(schema)}
    kept: dict[str, Json] = {name: schema[name] for name in KEPT if name in schema}
    if not kept:
        raise SchemaError(f"{where}: a strict schema cannot say 'anything'. Give the field a type.")
    kept |= _described(schema)
    if schema.get("type") == "object":
        kept |= _strict_object(schema, where)
    if schema.get("type") == "array":
        kept |= _strict_array(schema, where)
    return kept


def _strict_object(schema: Schema, where: str) -> dict[str, Json]:
    if isinstance(schema.get("additionalProperties"), Mapping) or "properties" not in schema:
        raise SchemaError(f"{where}: a strict schema has no free mappings. Use a list of shapes with a name each.")
    properties = cast("Mapping[str, Schema]", schema["properties"])
    return {
        "properties": {name: _strict(part, f"{where}.{name}") for name, part in properties.items()},
        "required": list(properties),
        "additionalProperties": False,
    }


def _strict_array(schema: Schema, where: str) -> dict[str, Json]:
    if "items" not in schema or "prefixItems" in schema:
        raise SchemaError(f"{where}: a strict schema has no tuples. Use a list or a shape.")
    kept = {name: schema[name] for name in KEPT_OF_ARRAYS if name in schema}
    return {"items": _strict(cast("Schema", schema["items"]), f"{where}[]"), **kept}


def _described(schema: Schema) -> dict[str, Json]:
    """The description, with the limits of text that strict schemas have no keyword for."""
    said = [str(schema["description"])] if schema.get("description") else []
    if "minLength" in schema:
        said.append(f"at least {schema['minLength']} characters")
    if "maxLength" in schema:
        said.append(f"at most {schema['maxLength']} characters")
    return {"description": "; ".join(said)} if said else {}


def _skeleton(part: Schema, root: Schema, path: str, notes: list[str], within: tuple[str, ...]) -> str:
    """The form of `part` with a word for each type; its descriptions go to `notes`."""
    if "$ref" in part:
        name = str(part["$ref"]).removeprefix(REFERENCE)
        if name in within:
            return f"<{name}>"
        definitions = cast("Mapping[str, Schema]", root["$defs"])
        return _skeleton(definitions[name], root, path, notes, (*within, name))
    if "description" in part and path:
        notes.append(f"- {path}: {part['description']}")
    if "enum" in part:
        return " | ".join(json.dumps(value, ensure_ascii=False) for value in cast("Sequence[Json]", part["enum"]))
    if "anyOf" in part:
        options = cast("Sequence[Schema]", part["anyOf"])
        return " | ".join(_skeleton(option, root, path, notes, within) for option in options)
    match part["type"]:
        case "array":
            said = f"[{_skeleton(cast('Schema', part['items']), root, f'{path}[]', notes, within)}, …]"
        case "object":
            fields = [
                f'"{name}": {_skeleton(field, root, f"{path}.{name}" if path else name, notes, within)}'
                for name, field in cast("Mapping[str, Schema]", part["properties"]).items()
            ]
            said = "{" + ", ".join(fields) + "}"
        case kind:
            said = str(kind)
    return said
