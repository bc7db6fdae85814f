"""Settings as YAML with their descriptions as comments: `conf/base.yml` is written by this, so defaults stand once."""

import json
import textwrap
import types
import typing
from collections.abc import Iterator, Mapping

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from stark_udfs.core.ids import Json
from stark_udfs.settings.section import Section

WIDTH = 120
HEAD = """\
# Every setting, with its default; written by `make docs` from the classes that hold them. A target (conf/<target>.yml)
# and `--set section.key=value` are laid over this.
"""


def as_yaml(settings: Section) -> str:
    """Every setting with its value and its description, section by section, in the order of the classes."""
    lines = [HEAD.rstrip()]
    values = settings.model_dump(mode="json")
    for name, field in type(settings).model_fields.items():
        value = getattr(settings, name)
        lines.append("")
        lines.extend(_comment(_title(field, value), ""))
        lines.extend(_entry(name, field, value, values[name], ""))
    return "\n".join(lines) + "\n"


def _entry(name: str, field: FieldInfo | None, value: object, dumped: Json, indent: str) -> Iterator[str]:
    if isinstance(value, BaseModel) and isinstance(dumped, Mapping):
        yield f"{indent}{name}:"
        yield from _section(value, dumped, f"{indent}  ")
    elif isinstance(value, Mapping) and isinstance(dumped, Mapping) and _holds_models(value):
        yield f"{indent}{name}:"
        for key, part in value.items():
            yield from _entry(key, None, part, dumped[key], f"{indent}  ")
    elif isinstance(dumped, list) and any(isinstance(item, Mapping) for item in dumped):
        yield f"{indent}{name}:"
        yield from (f"{indent}  - {_value(item)}" for item in dumped)
    else:
        yield from _wrapped(f"{indent}{name}: {_value(dumped)}", indent)


def _wrapped(line: str, indent: str) -> Iterator[str]:
    """A long list over several lines, as YAML takes it between brackets."""
    begin, bracket, rest = line.partition("[")
    if len(line) <= WIDTH or not bracket:
        yield line
        return
    yield begin + bracket
    yield from (f"{indent}  {part}" for part in textwrap.wrap(rest.removesuffix("]"), WIDTH - len(indent) - 2))
    yield f"{indent}]"


def _holds_models(value: Mapping[str, object]) -> bool:
    return any(isinstance(part, BaseModel) for part in value.values())


def _section(section: BaseModel, dumped: Mapping[str, Json], indent: str) -> Iterator[str]:
    for name, field in type(section).model_fields.items():
        description = _description(type(section), name)
        nested = isinstance(getattr(section, name), BaseModel)
        line = f"{indent}{name}: {_value(dumped[name])}"
        beside = f"{line:<{len(indent) + 26}}  # {description}"
        if description and not nested and len(beside) <= WIDTH:
            yield beside
            continue
        yield from _comment(description, indent)
        yield from _entry(name, field, getattr(section, name), dumped[name], indent)


def _description(model: type[BaseModel], name: str) -> str:
    """Of the class itself, or of the one that the field is inherited from and given another default."""
    for owner in model.__mro__:
        fields: Mapping[str, FieldInfo] = getattr(owner, "model_fields", {})
        if name in fields and fields[name].description:
            return str(fields[name].description)
    return ""


def _title(field: FieldInfo, value: object) -> str:
    if field.description:
        return str(field.description)
    model = type(value) if isinstance(value, BaseModel) else _model_of(field.annotation)
    return (model.__doc__ or "").strip().split("\n")[0] if model is not None else ""


def _model_of(annotation: object) -> type[BaseModel] | None:
    origin = typing.get_origin(annotation)
    parts = typing.get_args(annotation) if origin in (typing.Union, types.UnionType, dict) else (annotation,)
    return next((part for part in parts if isinstance(part, type) and issubclass(part, BaseModel)), None)


def _comment(text: str, indent: str) -> list[str]:
    return [f"{indent}# {line}" for line in textwrap.wrap(text, WIDTH - len(indent) - 2)]


def _value(value: Json) -> str:
    """On one line, in YAML's own short form of JSON."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_value(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, str):
        return value if _is_plain(value) else json.dumps(value, ensure_ascii=False)
    return json.dumps(value)


def _is_plain(text: str) -> bool:
    """Whether YAML reads the text as this very string without quotes, inside brackets, too."""
    try:
        return bool(text) and not set(text) & set(",[]{}#:\"'&*!|>%@`") and yaml.safe_load(text) == text
    except yaml.YAMLError:
        return False
