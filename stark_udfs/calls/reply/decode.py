"""The one decoder of model replies: hostile text in, a checked shape or a reject out. It never raises for data."""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import TypeVar, cast

import pydantic_core
from pydantic import ValidationError

from stark_udfs.calls.reply.lenient import LenientReader, NotLenientJson
from stark_udfs.calls.request import sendable
from stark_udfs.core.ids import Json
from stark_udfs.core.records import ReplySchema
from stark_udfs.core.rejects import Reject, RejectReason

ReplyT = TypeVar("ReplyT", bound=ReplySchema)

LONGEST_DETAIL = 500
MOST_STARTS = 6  # places where a value may begin; prose before JSON has few braces
THOUGHTS = re.compile(r"\A\s*<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL | re.IGNORECASE)
FENCED = re.compile(r"```[a-zA-Z0-9]*[ \t]*\n(.*?)(?:```|\Z)", re.DOTALL)
HTML = re.compile(r"\A\s*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
START = re.compile(r"[{\[]")
UNUSABLE_ESCAPE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
UNUSUAL_NUMBER = re.compile(r"\d{16}|\d[eE]\+?\d{3}|NaN|Infinity")
REFUSAL = re.compile(
    r"\A\W*(?:i(?:['\u2019]m| am) (?:really |very |truly )?(?:sorry|afraid|unable|not able)|(?:i )?apologi[sz]e|sorry\b"
    r"|unfortunately,? i|i (?:can(?:not|['\u2019]t| not)|won['\u2019]t|will not|must decline|have to decline)"
    r"|as an ai\b|my apologies)",
    re.IGNORECASE,
)


def decode(text: str, shape: type[ReplyT], limit: int = 1_000_000, *, keep_items: bool = False) -> ReplyT | Reject:
    """The reply as `shape`, or why it is none.

    Strict JSON first; then what `LenientReader` takes, in a fence, or after prose. Of a name that stands twice the last
    value holds.

    Args:
        text: the reply as it came.
        shape: what was asked for.
        limit: characters; a longer reply is rejected unread.
        keep_items: of a reply that ends inside its JSON, keep the list items that are complete, if the rest validates.
    """
    if len(text) > limit:
        return Reject(reason=RejectReason.TOO_LONG, detail=f"{len(text)} characters, at most {limit} are read")
    text = sendable(text)
    if not text.strip():
        return Reject(reason=RejectReason.EMPTY)
    strict = _strictly(text, shape)
    if strict is not None:
        return strict
    body = THOUGHTS.sub("", text).strip()
    if refused(body):
        return Reject(reason=RejectReason.REFUSED, detail=_short(body))
    if HTML.match(body):
        return Reject(reason=RejectReason.NOT_JSON, detail=_short(f"an HTML page: {body}"))
    return _leniently(body, shape, keep_items)


def refused(text: str) -> bool:
    """Whether the text is a model's polite no, and nothing else."""
    return len(text) < 2_000 and "{" not in text and REFUSAL.match(text) is not None


def _strictly(text: str, shape: type[ReplyT]) -> ReplyT | Reject | None:
    """The fast path for what a server with JSON schema sends; None: not strict JSON, or not plain enough."""
    if UNUSABLE_ESCAPE.search(text) or UNUSUAL_NUMBER.search(text):
        return None
    try:
        value = cast("Json", pydantic_core.from_json(text, allow_inf_nan=False))
    except ValueError:
        return None
    return _shaped(value, shape)


def _leniently(body: str, shape: type[ReplyT], keep_items: bool) -> ReplyT | Reject:
    """The first value that has the shape, in a fence or anywhere; else what the most promising one lacked."""
    fences = [fence.group(1) for fence in islice(FENCED.finditer(body), MOST_STARTS)]
    wrong: list[Reject] = []
    broken: list[Reject] = []
    for part in (*fences, body):
        for verdict in _values(part, shape, keep_items):
            if not isinstance(verdict, Reject):
                return verdict
            (wrong if verdict.reason is RejectReason.WRONG_SHAPE else broken).append(verdict)
    return (wrong or broken or [Reject(reason=RejectReason.NOT_JSON, detail=_short(f"no JSON in it: {body}"))])[0]


def _values(text: str, shape: type[ReplyT], keep_items: bool) -> Iterator[ReplyT | Reject]:
    """What begins at each of the first brackets, one after the other, never a part of one that was read."""
    begin = START.search(text)
    for _ in range(MOST_STARTS):
        if begin is None:
            return
        reader = LenientReader(text, begin.start())
        try:
            value = reader.read()
        except NotLenientJson as error:
            yield Reject(reason=RejectReason.NOT_JSON, detail=_short(str(error)))
            begin = START.search(text, begin.end())
            continue
        if reader.cut and not keep_items:
            yield Reject(reason=RejectReason.NOT_JSON, detail=f"it ends inside its JSON, after {len(text)} characters")
        else:
            yield _shaped(value, shape)
        begin = START.search(text, reader.at)


def _shaped(value: Json, shape: type[ReplyT]) -> ReplyT | Reject:
    """The value as `shape`; a bare list is taken for the one list of a shape that has nothing else."""
    alone = _only_field(shape)
    if alone and isinstance(value, list):
        value = {alone: value}
    try:
        return shape.model_validate(value)
    except ValidationError as error:
        return Reject(reason=RejectReason.WRONG_SHAPE, detail=_short(error_text(error)))
    except (ValueError, RecursionError, OverflowError) as error:
        return Reject(reason=RejectReason.WRONG_SHAPE, detail=_short(str(error)))


@lru_cache(maxsize=256)
def _only_field(shape: type[ReplySchema]) -> str | None:
    names = list(shape.model_fields)
    return names[0] if len(names) == 1 else None


def error_text(error: ValidationError) -> str:
    """Where and what, each as `dotted.place: message`, the first five."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    said = [f"{'.'.join(map(str, one['loc'])) or 'the reply'}: {one['msg']}" for one in found[:5]]
    if len(found) > len(said):
        said.append(f"and {len(found) - len(said)} more")
    return "; ".join(said)


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_DETAIL else f"{text[: LONGEST_DETAIL - 1]}…"
