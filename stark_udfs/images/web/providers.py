"""The four search providers, each from the documentation of its API."""

import re
from dataclasses import dataclass
from typing import ClassVar

from pydantic import Field, JsonValue, ValidationError

from stark_udfs.core.errors import ProviderError
from stark_udfs.images.web.results import Item, Question, Results, WebImage, clean, items, parse, web_image, words

LICENCES = {"cc0": "CC0", "pdm": "PDM"}


class OpenverseItem(Item):
    """A result of /v1/images/."""

    url: str
    foreign_landing_url: str | None = None
    title: str | None = None
    creator: str | None = None
    license: str | None = None
    license_version: str | None = None
    license_url: str | None = None
    source: str | None = None
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True)
class Openverse:
    """Openly licensed images. Without a key at most 20 an answer. Source: api.openverse.org/v1."""

    kind: ClassVar[str] = "Openverse"  # in the keys of orders: stays when the class is renamed

    base_url: str = "https://api.openverse.org"
    secret: str | None = None
    secret_header: str = "Authorization"
    name: str = "openverse"

    def question(self, query: str, count: int) -> Question:
        """A search without mature content."""
        size = min(count, 20)
        return Question(f"{self.base_url}/v1/images/", {"q": words(query), "page_size": str(size), "mature": "false"})

    def read(self, answer: bytes) -> list[WebImage]:
        """Images, each with its licence."""
        return [
            image
            for item in items(parse(answer, Results, self.name).results, OpenverseItem)
            if (
                image := web_image(
                    url=item.url,
                    page=item.foreign_landing_url,
                    title=item.title,
                    licence=openverse_licence(item),
                    licence_url=item.license_url,
                    creator=item.creator,
                    source=f"{self.name}/{clean(item.source) or 'unknown'}",
                    size=(item.width, item.height),
                )
            )
        ]


def openverse_licence(item: OpenverseItem) -> str | None:
    """`by-sa`, `2.0` as `CC BY-SA 2.0`."""
    if not item.license:
        return None
    name = LICENCES.get(item.license.lower(), f"CC {item.license.upper()}")
    return f"{name} {item.license_version or ''}".strip()


class MetaValue(Item):
    """A field of extmetadata; HTML."""

    value: str = ""


class ImageInfo(Item):
    """A file on Commons."""

    url: str
    thumburl: str | None = None
    thumbwidth: int | None = None
    thumbheight: int | None = None
    descriptionurl: str | None = None
    width: int | None = None
    height: int | None = None
    extmetadata: dict[str, JsonValue] = Field(default_factory=dict)

    def meta(self, name: str) -> str | None:
        """A field of extmetadata as plain text."""
        try:
            return clean(MetaValue.model_validate(self.extmetadata.get(name)).value) or None
        except ValidationError:
            return None


class CommonsPage(Item):
    """A file page."""

    title: str
    index: int = Field(description="rank in the search; pages come in no order")
    imageinfo: list[ImageInfo] = Field(min_length=1)


class CommonsQuery(Item):
    """The inner part of an answer; a search without a hit has none."""

    pages: list[JsonValue] = Field(default_factory=list)


class CommonsAnswer(Item):
    """An answer of api.php."""

    query: CommonsQuery = CommonsQuery()
    error: JsonValue = None


@dataclass(frozen=True)
class Commons:
    """Wikimedia Commons. Source: MediaWiki action API, generator=search with prop=imageinfo, formatversion 2."""

    kind: ClassVar[str] = "Commons"  # in the keys of orders: stays when the class is renamed

    base_url: str = "https://commons.wikimedia.org"
    width: int = 1280  # px of the scaled file that is asked for; one of the widths that Wikimedia keeps ready
    secret: str | None = None
    secret_header: str = "Authorization"
    name: str = "wikimedia commons"

    def question(self, query: str, count: int) -> Question:
        """A search for bitmap files."""
        return Question(
            f"{self.base_url}/w/api.php",
            {
                "action": "query",
                "format": "json",
                "formatversion": "2",
                "generator": "search",
                "gsrsearch": f"filetype:bitmap {words(query)}",
                "gsrnamespace": "6",
                "gsrlimit": str(min(count, 50)),
                "prop": "imageinfo",
                "iiprop": "url|size|extmetadata",
                "iiurlwidth": str(self.width),
            },
        )

    def read(self, answer: bytes) -> list[WebImage]:
        """Images, each with its licence and author."""
        whole = parse(answer, CommonsAnswer, self.name)
        if whole.error is not None:
            raise ProviderError(f"{self.name}: {clean(str(whole.error))}")
        pages = sorted(items(whole.query.pages, CommonsPage), key=lambda page: page.index)
        return [image for page in pages if (image := self._image(page, page.imageinfo[0]))]

    def _image(self, page: CommonsPage, info: ImageInfo) -> WebImage | None:
        scaled = info.thumburl is not None
        return web_image(
            url=info.thumburl or info.url,
            page=info.descriptionurl,
            title=page.title.removeprefix("File:"),
            licence=info.meta("LicenseShortName"),
            licence_url=info.meta("LicenseUrl"),
            creator=info.meta("Artist"),
            source=self.name,
            size=(info.thumbwidth, info.thumbheight) if scaled else (info.width, info.height),
        )


class SearxItem(Item):
    """A result of the images category."""

    url: str | None = None
    img_src: str
    title: str | None = None
    author: str | None = None
    engine: str | None = None
    resolution: str | None = None


@dataclass(frozen=True)
class Searx:
    """A SearXNG server of one's own, with `json` among its formats. Says nothing of licences.

    Source: docs.searxng.org, search API.
    """

    kind: ClassVar[str] = "Searx"  # in the keys of orders: stays when the class is renamed

    base_url: str
    secret: str | None = None
    secret_header: str = "Authorization"
    name: str = "searxng"

    def question(self, query: str, count: int) -> Question:
        """A search with the strictest filter; it has no way to ask for a number of results."""
        return Question(
            f"{self.base_url}/search",
            {"q": words(query), "categories": "images", "format": "json", "safesearch": "2", "pageno": "1"},
        )

    def read(self, answer: bytes) -> list[WebImage]:
        """Images without licences."""
        return [
            image
            for item in items(parse(answer, Results, self.name).results, SearxItem)
            if (
                image := web_image(
                    url=f"https:{item.img_src}" if item.img_src.startswith("//") else item.img_src,
                    page=item.url,
                    title=item.title,
                    creator=item.author,
                    source=f"{self.name}/{clean(item.engine) or 'unknown'}",
                    size=resolution(item.resolution or ""),
                )
            )
        ]


class BraveProperties(Item):
    """The image behind a result."""

    url: str
    width: int | None = None
    height: int | None = None


class BraveItem(Item):
    """A result of images/search."""

    url: str | None = None
    title: str | None = None
    source: str | None = None
    properties: BraveProperties


@dataclass(frozen=True)
class Brave:
    """Brave Search; every question is paid. Says nothing of licences. Source: api-dashboard.search.brave.com."""

    kind: ClassVar[str] = "Brave"  # in the keys of orders: stays when the class is renamed

    base_url: str = "https://api.search.brave.com"
    secret: str | None = "BRAVE_API_KEY"
    secret_header: str = "X-Subscription-Token"
    name: str = "brave"

    def question(self, query: str, count: int) -> Question:
        """A search with the strict filter."""
        return Question(
            f"{self.base_url}/res/v1/images/search",
            {"q": words(query), "count": str(min(count, 200)), "safesearch": "strict", "spellcheck": "false"},
        )

    def read(self, answer: bytes) -> list[WebImage]:
        """Images without licences."""
        return [
            image
            for item in items(parse(answer, Results, self.name).results, BraveItem)
            if (
                image := web_image(
                    url=item.properties.url,
                    page=item.url,
                    title=item.title,
                    source=f"{self.name}/{clean(item.source) or 'unknown'}",
                    size=(item.properties.width, item.properties.height),
                )
            )
        ]


def resolution(text: str) -> tuple[int | None, int | None]:
    """`1200 x 800` as numbers."""
    sides = re.fullmatch(r"\s*(\d{1,6})\s*[x×]\s*(\d{1,6})\s*", text)
    return (int(sides[1]), int(sides[2])) if sides else (None, None)
