"""The one decoder of model replies: hostile text in, a checked shape or a reject out. It never raises for data.

Models think aloud, draft, repeat, wrap and continue. What counts, in this order:

- Thoughts are not the answer: not the analysis channel, nor anything between thinking marks. Where nothing else came,
  the answer is looked for in them.
- The last complete value of the shape is the answer, unless an earlier one holds more items: then neither is taken.
- Values side by side (nothing between them but spaces, commas or list marks), or after words such as "continued", are
  parts of one list: joined, the second alone where it repeats the first, refused where they overlap.
- A value that names the shape and cannot be read, at the end or in the middle of such parts, refuses the reply.

So no reply yields fewer items than it holds without a reject that says so.
"""

import re
from typing import TypeVar, cast

import pydantic_core

from stark_udfs.calls.reply.choosing import chosen
from stark_udfs.calls.reply.fitting import Whole, short, told, validated
from stark_udfs.calls.reply.forms import all_taken, form_of
from stark_udfs.calls.reply.lenient import LenientReader, NotLenientJson
from stark_udfs.calls.reply.pieces import Pieces, pieces_of
from stark_udfs.calls.reply.thoughts import APART, TURN_OFF, spoken
from stark_udfs.calls.request import FreeText, sendable
from stark_udfs.core.ids import Json
from stark_udfs.core.records import ReplySchema
from stark_udfs.core.rejects import Reject, RejectReason

__all__ = ["answered", "decode", "refused", "told"]

ReplyT = TypeVar("ReplyT", bound=ReplySchema)

MOST_STRINGS = 3  # JSON in a string in a string
FENCE = re.compile(r"\A```\w{0,20}\s*")
ESCAPED = re.compile(r'\A[{\[]\s*\\"')
HTML = re.compile(r"\A\s*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
UNUSABLE_ESCAPE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
UNUSUAL_NUMBER = re.compile(r"[0-9](?:[0-9]{15}|[eE]\+?[0-9]{3})")
REFUSAL = re.compile(
    r"\A\W*(?:i(?:['\u2019]m| am) (?:really |very |truly )?(?:sorry|afraid|unable|not able)|(?:i )?apologi[sz]e|sorry\b"
    r"|unfortunately,? i|i (?:can(?:not|['\u2019]t| not)|won['\u2019]t|will not|must decline|have to decline)"
    r"|as an ai\b|my apologies)",
    re.IGNORECASE,
)


def decode(text: str, shape: type[ReplyT], limit: int = 1_000_000, *, keep_items: bool = False) -> ReplyT | Reject:
    """The reply as `shape`, or why it is none.

    Strict JSON of the shape first; then what stands above, read as leniently as `LenientReader` does.

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
    return _leniently(text, shape, keep_items) if strict is None else strict


def refused(text: str) -> bool:
    """Whether the text is a model's polite no, and nothing else."""
    return len(text) < 2_000 and "{" not in text and REFUSAL.match(text) is not None


def answered(text: str) -> bool:
    """Whether anything was said beside thoughts."""
    pieces = pieces_of(spoken(sendable(text)).answer, form_of(ReplySchema).quoted)
    return bool(pieces.outside.strip())


def free_text(text: str) -> FreeText | Reject:
    """The reply as it stands, without the thoughts of a reasoning model; or that there is nothing in it."""
    body = spoken(sendable(text)).answer.strip()
    return FreeText(text=body) if body else Reject(reason=RejectReason.EMPTY)


def _strictly(text: str, shape: type[ReplyT]) -> ReplyT | None:
    """The fast path for what a server with JSON schema sends; None: it has to be looked at more closely."""
    if ("\\u" in text and UNUSABLE_ESCAPE.search(text)) or UNUSUAL_NUMBER.search(text):
        return None
    try:
        said = shape.model_validate(pydantic_core.from_json(text, allow_inf_nan=False))
    except (ValueError, RecursionError, OverflowError):
        return None
    return said if all_taken(text, said) else None


def _leniently(text: str, shape: type[ReplyT], keep_items: bool) -> ReplyT | Reject:
    """The answer among all that a reply says; else the answer in its thoughts, where it says nothing."""
    parted = spoken(text)
    answer = _opened(parted.answer.strip())
    named = form_of(shape).quoted
    pieces = pieces_of(answer, named)
    thoughts = [*parted.thoughts, *pieces.thoughts]
    outside = pieces.outside.strip()
    if thoughts and not pieces.found and (not outside or pieces.endless):
        return _thought(thoughts, shape)
    if not outside:
        return Reject(reason=RejectReason.EMPTY)
    if refused(outside):
        return Reject(reason=RejectReason.REFUSED, detail=short(outside))
    if HTML.match(outside):
        return Reject(reason=RejectReason.NOT_JSON, detail=short(f"an HTML page: {outside}"))
    verdict = chosen(pieces, shape, keep_items=keep_items)
    return _without_json(outside, pieces, shape) if verdict is None else verdict


def _thought(thoughts: list[str], shape: type[ReplyT]) -> ReplyT | Reject:
    """The answer in the thoughts of a reply that says nothing else; a cut one is none."""
    pieces = pieces_of(APART.join(thoughts), form_of(shape).quoted, marks=False)
    verdict = chosen(pieces, shape, keep_items=False)
    if isinstance(verdict, ReplySchema):
        return verdict
    why = f" ({verdict.detail[:120]})" if verdict else ""
    return Reject(reason=RejectReason.EMPTY, detail=short(f"thoughts and no answer{why}: {TURN_OFF}"))


def _without_json(outside: str, pieces: Pieces, shape: type[ReplyT]) -> ReplyT | Reject:
    """Why a text without anything of the shape is none; an empty object is one where the shape needs nothing."""
    if pieces.found:
        value = next(
            (one.value for one in reversed(pieces.found) if isinstance(one.value, dict)), pieces.found[-1].value
        )
        verdict = validated(value, shape)
        if not isinstance(verdict, Whole):
            return verdict.reject
        if value == {}:
            return verdict.said
        return Reject(reason=RejectReason.WRONG_SHAPE, detail="it has none of the names that were asked for")
    if pieces.fault:
        return Reject(reason=RejectReason.NOT_JSON, detail=short(pieces.fault))
    try:
        verdict = validated(cast("Json", pydantic_core.from_json(outside, allow_inf_nan=False)), shape)
    except ValueError:
        return Reject(reason=RejectReason.NOT_JSON, detail=short(f"no JSON in it: {outside}"))
    return verdict.said if isinstance(verdict, Whole) else verdict.reject


def _opened(text: str) -> str:
    """The JSON of a reply that is one JSON string, or that has its quotes escaped as if it were."""
    for _ in range(MOST_STRINGS):
        inside = FENCE.sub("", text).removesuffix("```").rstrip()
        if ESCAPED.match(inside):
            inside = f'"{inside}"'
        if not inside.startswith('"'):
            return text
        reader = LenientReader(inside)
        try:
            value = reader.read()
        except NotLenientJson:
            return text
        if not isinstance(value, str) or inside[reader.at :].strip() or not ("{" in value or "[" in value):
            return text
        text = value.strip()
    return text
