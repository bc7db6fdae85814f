"""What a reply shape looks like to a reader of careless JSON: its names in any spelling, its lists, and their items."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from types import UnionType
from typing import Union, get_args, get_origin

from pydantic import BaseModel

from stark_udfs.core.ids import Json

SEPARATORS = re.compile(r"[\s_\-]+")
DEEPEST_SEARCH = 8  # levels below a name that the shape lacks
FIELDS_SET = attrgetter("__pydantic_fields_set__")
LOOSE_NAME = re.compile(r'"[ \t\r\n]*:')
BARE_NAME = re.compile(r'(?<!\\)"[ \t\r\n]*:')


@dataclass(frozen=True)
class Part:
    """One field: the shape that it holds, if any, and whether it holds many."""

    shape: type[BaseModel] | None
    many: bool


@dataclass(frozen=True)
class Form:
    """A shape's fields.

    exact: the field's name by its plain spelling (no case, no separators), where only one field has that.
    only: the list field of a shape that has nothing else.
    item: the shape of the items, where all list fields have one shape.
    quoted: finds any of the shape's names, or of its items', as a name in JSON.
    """

    fields: Mapping[str, Part]
    exact: Mapping[str, str]
    nested: tuple[tuple[str, Part], ...]
    lists: tuple[str, ...]
    only: str | None
    item: type[BaseModel] | None
    quoted: re.Pattern[str]


@lru_cache(maxsize=256)
def form_of(shape: type[BaseModel]) -> Form:
    """The form of a shape."""
    fields = {name: _part(field.annotation) for name, field in shape.model_fields.items()}
    spelled = [plain(name) for name in fields]
    exact = {plain(name): name for name in fields if spelled.count(plain(name)) == 1}
    lists = tuple(name for name, part in fields.items() if part.many)
    shapes = {fields[name].shape for name in lists}
    item = shapes.pop() if len(shapes) == 1 else None
    names = [*fields, *(item.model_fields if item else ())]
    spellings = "|".join(r"[\s_\-]*".join(map(re.escape, plain(name))) for name in names)
    quotes = "\"'\u201c-\u201f\u2018\u2019\uff02"
    quoted = rf"[{quotes}](?:{spellings})\\?[{quotes}]\s*:" if names else "(?!)"
    return Form(
        fields=fields,
        exact=exact,
        nested=tuple((name, part) for name, part in fields.items() if part.shape is not None),
        lists=lists,
        only=lists[0] if len(lists) == len(fields) == 1 else None,
        item=item,
        quoted=re.compile(quoted, re.IGNORECASE),
    )


def plain(name: str) -> str:
    """A name without case and separators: `albumId`, `Album ID` and `album_id` are one."""
    return SEPARATORS.sub("", name).casefold()


def renamed(value: Json, shape: type[BaseModel]) -> Json:
    """The value with the shape's own names at every level, where a name in another spelling can mean one field only."""
    form = form_of(shape)
    if not isinstance(value, dict):
        return value
    meant: dict[str, list[str]] = {}
    for name in value:
        if name not in form.fields:
            meant.setdefault(form.exact.get(plain(name), ""), []).append(name)
    exact = {names[0]: field for field, names in meant.items() if field and len(names) == 1 and field not in value}
    found: dict[str, Json] = {exact.get(str(name), str(name)): part for name, part in value.items()}
    for name, part in form.nested:
        if name in found and part.shape is not None:
            inner = found[name]
            within = part.shape
            found[name] = [renamed(one, within) for one in inner] if isinstance(inner, list) else renamed(inner, within)
    return found


def names_of(value: Mapping[str, Json], form: Form) -> set[str]:
    """The fields that the names of an object mean."""
    return {field for name in value if (field := name if name in form.fields else form.exact.get(plain(name)))}


def is_item(value: Json, shape: type[BaseModel] | None) -> bool:
    """Whether an object is surely one item: it has the first of the item's names, and half of all of them."""
    if shape is None or not isinstance(value, dict):
        return False
    form = form_of(shape)
    named = names_of(value, form)
    return next(iter(form.fields), None) in named and 2 * len(named) >= len(form.fields)


def items_named(text: str, form: Form) -> int:
    """How many items a text that cannot be read seems to hold, by the names in it."""
    if form.item is None:
        return 0
    found = Counter(plain(name.rstrip(" :\t\r\n")[1:-1].rstrip("\\")) for name in form.quoted.findall(text))
    required = [plain(name) for name, field in form.item.model_fields.items() if field.is_required()]
    if required:
        return min(found[name] for name in required)
    return max(found[plain(name)] for name in form.item.model_fields)


def left_over(value: Json, shape: type[BaseModel], root: Form) -> str | None:
    """The first name that the shape lacks and under which items of `root` stand; nothing else would tell of them."""
    if isinstance(value, list):
        return next((place for one in value if (place := left_over(one, shape, root))), None)
    if not isinstance(value, dict) or not root.lists:
        return None
    fields = form_of(shape).fields
    for name, inner in value.items():
        part = fields.get(name)
        if part is None:
            if _holds_items(inner, root, 0):
                return str(name)
        elif part.shape is not None and (place := left_over(inner, part.shape, root)):
            return f"{name}.{place}"
    return None


def _holds_items(value: Json, root: Form, depth: int) -> bool:
    if depth > DEEPEST_SEARCH:
        return False
    if isinstance(value, list):
        return any(_holds_items(one, root, depth + 1) for one in value)
    if not isinstance(value, dict):
        return False
    if is_item(value, root.item) or any(value.get(name) for name in root.lists if isinstance(value.get(name), list)):
        return True
    return any(_holds_items(one, root, depth + 1) for one in value.values())


def all_taken(text: str, said: BaseModel) -> bool:
    """Whether every name of a strict JSON text became a field: no name is unknown, and none stands twice.

    Names are counted in the text, never too few; what stands in a string may count too much, which is a No.
    """
    taken = _taken(said)
    if " :" in text or "\n:" in text or "\t:" in text or "\r:" in text:
        names = len(LOOSE_NAME.findall(text))
    else:
        names = text.count('":')
    if names == taken:
        return True
    return '\\":' in text and "\\\\" not in text and len(BARE_NAME.findall(text)) == taken


def _taken(said: BaseModel) -> int:
    given = said.__pydantic_fields_set__
    total = len(given)
    for name, part in form_of(type(said)).nested:
        value = getattr(said, name)
        if value is None or name not in given:
            continue
        if not part.many:
            total += _taken(value)
        elif part.shape is not None and not form_of(part.shape).nested:
            total += sum(map(len, map(FIELDS_SET, value)))
        else:
            total += sum(map(_taken, value))
    return total


def _part(annotation: object) -> Part:
    origin = get_origin(annotation)
    if origin in {Union, UnionType}:
        options = [_part(one) for one in get_args(annotation) if one is not type(None)]
        return options[0] if len(options) == 1 else Part(None, any(one.many for one in options))
    if isinstance(origin, type) and issubclass(origin, Sequence | set | frozenset):
        shapes = {_part(one).shape for one in get_args(annotation) if one is not Ellipsis}
        return Part(shapes.pop() if len(shapes) == 1 else None, True)
    return Part(annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None, False)
