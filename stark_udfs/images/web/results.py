"""Image search on the web: what was found, with its licence where the answer says it.

A provider (`providers.py`) says what to ask and reads what comes back, and does no I/O, so that an answer can be kept
raw and read again. Answers are strangers' data: every item is validated on its own, bounded, and dropped if it does
not fit.
"""

import html
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from stark_udfs.core.errors import ProviderError
from stark_udfs.core.records import Record

ITEMS = 200  # of one answer that are looked at
TEXT = 300  # characters of a title, a name, a licence
URL = 2000  # characters
QUERY_WORDS = 50  # the least of what the providers take; all take 300 characters
TAG = re.compile(r"<[^<>]{0,2000}>")


class WebImage(Record):
    """One image that a search found. Nothing of it was fetched yet, and nothing of it is believed."""

    url: str = Field(description="of the image file; http or https")
    page: str = Field(description="where it is shown; empty if unknown")
    title: str
    licence: str | None = Field(description="as the answer names it; None: it says nothing")
    licence_url: str | None
    creator: str | None
    source: str = Field(description="who found it, and where: openverse/flickr, wikimedia commons, brave/example.org")
    width: int | None = Field(description="px, as the answer says")
    height: int | None


@dataclass(frozen=True)
class Question:
    """A GET request to a search provider; holds no secret."""

    url: str
    parameters: Mapping[str, str]


@dataclass(frozen=True)
class SearchTerms:
    """What a provider's answers cost, and how often it may be asked.

    price: of one question, in `currency`.
    requests_per_minute: over the whole cluster; None: as often as it likes.
    """

    price: float = 0.0
    currency: str = ""
    requests_per_minute: int | None = None


class SearchApi(Protocol):
    """What differs between providers."""

    @property
    def name(self) -> str:
        """As in `source`."""

    @property
    def secret(self) -> str | None:
        """The environment variable that holds the key; None: it takes none."""

    @property
    def secret_header(self) -> str:
        """The header that carries the key."""

    def question(self, query: str, count: int) -> Question:
        """What to ask."""

    def read(self, answer: bytes) -> list[WebImage]:
        """What was found, best first; ProviderError if the answer as a whole is none."""


class Item(BaseModel):
    """One found image as a provider writes it."""

    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True)


Found = TypeVar("Found", bound=Item)


class Results(Item):
    """An answer with a list of results."""

    results: list[JsonValue]


def parse(answer: bytes, shape: type[Found], name: str) -> Found:
    """The answer as a whole."""
    try:
        return shape.model_validate_json(answer)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise ProviderError(f"{name} answered with something else: {first['msg'][:200]}") from error


def items(found: Sequence[JsonValue], shape: type[Found]) -> list[Found]:
    """The items that have the shape; the others are dropped."""
    kept = []
    for item in found[:ITEMS]:
        try:
            kept.append(shape.model_validate(item))
        except ValidationError:
            continue
    return kept


def web_image(
    *,
    url: str,
    page: str | None,
    title: str | None,
    source: str,
    size: tuple[int | None, int | None],
    licence: str | None = None,
    licence_url: str | None = None,
    creator: str | None = None,
) -> WebImage | None:
    """The image with everything bounded; None if it has no address that could be asked for."""
    address = web_url(url)
    if address is None:
        return None
    width, height = (side if side is not None and 0 < side < 1_000_000 else None for side in size)
    return WebImage(
        url=address,
        page=web_url(page) or "",
        title=clean(title),
        licence=clean(licence) or None,
        licence_url=web_url(licence_url),
        creator=clean(creator) or None,
        source=source,
        width=width,
        height=height,
    )


def web_url(url: str | None) -> str | None:
    """The URL if it is one of the web; `javascript:` and its like are none."""
    if not url or len(url) > URL or not url.isprintable():
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.hostname else None


def clean(text: str | None) -> str:
    """Plain text on one line: no tags, no control or direction characters, at most 300 characters."""
    plain = html.unescape(TAG.sub(" ", (text or "")[: TEXT * 20]))
    visible = "".join(c if unicodedata.category(c)[0] not in "CZ" else " " * (c.isspace()) for c in plain)
    return " ".join(visible.split())[:TEXT]


def words(query: str) -> str:
    """A query that every provider takes."""
    return " ".join(clean(query).split()[:QUERY_WORDS])
