"""A value as the shape that was asked for: unwrapped, its names put right, and nothing that it holds left out silently.

A value may be the shape itself; the shape under other names, in a list of one, or as JSON in a string; the bare list of
a shape that is one list; several values that make one list. Where it holds items that the shape would not take up, or
two answers that are no parts of one, it is wrong and says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

from pydantic import ValidationError

from stark_udfs.calls.reply.forms import Form, form_of, is_item, left_over, names_of, renamed
from stark_udfs.calls.reply.joining import MOST_PARTS, joined
from stark_udfs.calls.reply.lenient import LenientReader, NotLenientJson
from stark_udfs.core.ids import Json
from stark_udfs.core.records import ReplySchema
from stark_udfs.core.rejects import Reject, RejectReason

Said = TypeVar("Said", bound=ReplySchema)

DEEPEST_WRAPPER = 6
LONGEST_DETAIL = 500
SCHEMA_SIGNS = frozenset({"type", "$schema", "$defs", "definitions", "required", "additionalProperties"})


@dataclass(frozen=True)
class Whole(Generic[Said]):
    """The shape, with the value that it was made from; `count`: its items."""

    said: Said
    value: Mapping[str, Json]
    count: int


@dataclass(frozen=True)
class Item:
    """One item of the shape's list, alone."""

    value: Json


@dataclass(frozen=True)
class Wrong:
    """Meant for the shape, but it is none; `held`: the items in it. echo: the JSON schema itself, said back."""

    reject: Reject
    held: int = 0
    echo: bool = False


def fitted(value: Json, shape: type[Said], depth: int = 0) -> Whole[Said] | Item | Wrong | None:
    """What the value is; None: nothing that has to do with the shape."""
    if depth > DEEPEST_WRAPPER:
        return None
    if isinstance(value, dict):
        return _object(value, shape, depth)
    if isinstance(value, list):
        return _list(value, shape, depth)
    if isinstance(value, str):
        inner = json_in(value)
        return None if inner is None else fitted(inner, shape, depth + 1)
    return None


def validated(value: Json, shape: type[Said]) -> Whole[Said] | Wrong:
    """The value as it stands, names put right, as the shape."""
    value = renamed(value, shape)
    held = _count(value, form_of(shape))
    try:
        said = shape.model_validate(value)
    except ValidationError as error:
        return wrong(told(error), held)
    except (ValueError, RecursionError, OverflowError) as error:
        return wrong(str(error), held)
    if not isinstance(value, dict):
        return Whole(said, {}, 0)
    place = left_over(value, shape, form_of(shape))
    if place is not None:
        return wrong(f"{place}: there are items in it, and the form has no such name", held)
    return Whole(said, value, held)


def together(first: Whole[Said], second: Whole[Said], shape: type[Said]) -> Whole[Said] | Wrong:
    """Two parts of one answer; of a shape without lists the second."""
    form = form_of(shape)
    if not form.lists:
        return second
    both: dict[str, Json] = {**first.value, **second.value}
    for name in first.value.keys() & second.value.keys():
        one, other = first.value[name], second.value[name]
        if isinstance(one, list) and isinstance(other, list):
            both[name] = joined(one, other)
        elif one != other:
            both[name] = None
        if both[name] is None and one is not None:
            said = f"{name}: the answer stands there twice and differs; send one that holds everything"
            return wrong(said, first.count + second.count)
    return validated(both, shape)


def listed(items: Sequence[Json], shape: type[Said]) -> Whole[Said] | Wrong | None:
    """Items as the one list of the shape."""
    only = form_of(shape).only
    return None if only is None else validated({only: list(items)}, shape)


def json_in(text: str) -> Json:
    """The JSON that a string holds, and nothing else; None: it holds none."""
    if "{" not in text and "[" not in text:
        return None
    reader = LenientReader(text.strip())
    if reader.text[0] not in '{["':
        return None
    try:
        value = reader.read()
    except NotLenientJson:
        return None
    return None if reader.cut or reader.lost or reader.text[reader.at :].strip() else value


def wrong(detail: str, held: int = 0) -> Wrong:
    """A value that is meant for the shape and is none."""
    return Wrong(Reject(reason=RejectReason.WRONG_SHAPE, detail=short(detail)), held)


def told(error: ValidationError) -> str:
    """Where and what, each as `dotted.place: message`, the first five."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    said = [f"{'.'.join(map(str, one['loc'])) or 'the reply'}: {one['msg']}" for one in found[:5]]
    if len(found) > len(said):
        said.append(f"and {len(found) - len(said)} more")
    return "; ".join(said)


def short(text: str) -> str:
    """The text, cut to what a reject holds."""
    return text if len(text) <= LONGEST_DETAIL else f"{text[: LONGEST_DETAIL - 1]}…"


def _object(value: dict[str, Json], shape: type[Said], depth: int) -> Whole[Said] | Item | Wrong | None:
    form = form_of(shape)
    if not names_of(value, form):
        if isinstance(value.get("properties"), dict) and SCHEMA_SIGNS & value.keys():
            return _schema(value, shape, depth)
        if is_item(value, form.item):
            return Item(value)
        return _wrapped(value, shape, depth)
    verdict = validated(value, shape)
    if isinstance(verdict, Whole):
        return verdict
    inner = _within(value, shape, depth)
    return inner if isinstance(inner, Whole) else verdict


def _within(value: dict[str, Json], shape: type[Said], depth: int) -> Whole[Said] | Item | Wrong | None:
    """An answer inside a name of its own, as {"summary": {"summary": "…"}}, or with a list as JSON in a string."""
    form = form_of(shape)
    named = cast("dict[str, Json]", renamed(value, shape))
    if len(named) == 1:
        (inner,) = named.values()
        if isinstance(inner, dict):
            return fitted(inner, shape, depth + 1)
    opened = {
        name: json_in(part) if isinstance(part, str) else part for name, part in named.items() if name in form.lists
    }
    return validated({**named, **opened}, shape) if opened else None


def _schema(value: dict[str, Json], shape: type[Said], depth: int) -> Whole[Said] | Item | Wrong | None:
    """A JSON schema: an answer where its properties were filled in, else said back."""
    filled = fitted(value["properties"], shape, depth + 1)
    if isinstance(filled, Whole):
        return filled
    said = "that is the JSON schema itself, not an answer that follows it"
    return Wrong(Reject(reason=RejectReason.WRONG_SHAPE, detail=said), echo=True)


def _wrapped(value: dict[str, Json], shape: type[Said], depth: int) -> Whole[Said] | Item | Wrong | None:
    """The one answer among an object's values."""
    form = form_of(shape)
    found: list[Whole[Said] | Item | Wrong] = []
    for part in value.values():
        if isinstance(part, list) and len(value) > 1 and (not part or not isinstance(part[0], dict)):
            continue  # of several names one may hold any list
        fit = fitted(part, shape, depth + 1)
        if fit is not None and not (isinstance(fit, Whole) and _is_weak(fit, form)):
            found.append(fit)
    echoes = [fit for fit in found if isinstance(fit, Wrong) and fit.echo]
    answers = [fit for fit in found if not (isinstance(fit, Wrong) and fit.echo)]
    if len(answers) > 1:
        return wrong(f"{len(answers)} answers where one was asked for: {', '.join(list(value)[:5])}", _held(answers))
    return (answers or echoes or [None])[0]


def _list(value: list[Json], shape: type[Said], depth: int) -> Whole[Said] | Item | Wrong | None:
    """The items of a shape that is one list, or one answer after the other."""
    form = form_of(shape)
    if form.only is not None:
        if not value or form.fields[form.only].shape is None:
            verdict = validated({form.only: value}, shape)
            return verdict if isinstance(verdict, Whole) else None
        if any(isinstance(one, dict) and _reads_as_item(one, form) for one in value):
            return validated({form.only: value}, shape)
    return _answers([fitted(one, shape, depth + 1) for one in value], shape)


def _answers(
    found: Sequence[Whole[Said] | Item | Wrong | None], shape: type[Said]
) -> Whole[Said] | Item | Wrong | None:
    """One answer of all that a list holds; None where nothing in it has to do with the shape."""
    fits = [fit for fit in found if fit is not None]
    if len(found) <= 1 or not fits:
        return fits[0] if fits else None
    for place, fit in enumerate(found):
        if not isinstance(fit, Whole):
            why = fit.reject.detail if isinstance(fit, Wrong) else "no answer of the form"
            return wrong(f"place {place} of a list of {len(found)}: {why}", _held(fits))
    wholes = [fit for fit in fits if isinstance(fit, Whole)]
    if not form_of(shape).lists and any(whole.said != wholes[0].said for whole in wholes):
        return wrong(f"a list of {len(wholes)} answers where one was asked for", len(wholes))
    if len(wholes) > MOST_PARTS:
        return wrong(f"a list of {len(wholes)} answers where one was asked for", _held(wholes))
    answer: Whole[Said] | Wrong = wholes[0]
    for whole in wholes[1:]:
        if isinstance(answer, Whole):
            answer = together(answer, whole, shape)
    return answer


def _reads_as_item(value: dict[str, Json], form: Form) -> bool:
    """Whether an object in a list is an item of the shape's list, rather than the shape itself."""
    if form.item is None:
        return False
    inner = form_of(form.item)
    as_item, as_whole = names_of(value, inner), names_of(value, form)
    return bool(as_item) and (not as_whole or as_whole <= as_item)


def _held(fits: Sequence[Whole[Said] | Item | Wrong]) -> int:
    return sum(1 if isinstance(fit, Item) else fit.held if isinstance(fit, Wrong) else fit.count for fit in fits)


def _is_weak(whole: Whole[Said], form: Form) -> bool:
    return whole.count == 0 and form.only is not None


def _count(value: Json, form: Form) -> int:
    """The items of a value; of a shape without lists it is one itself."""
    if not form.lists:
        return 1
    if not isinstance(value, dict):
        return 0
    return sum(len(part) for name in form.lists if isinstance(part := value.get(name), list))
