"""Finds pictures on the web: a provider is asked, and what it found is fetched under all the rules of `fetch`.

Connections live in an event loop that begins and ends with the call: Spark reuses processes, and a loop that is kept
from one task to the next holds sockets of a thread that is gone.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from stark_udfs.core.errors import NotAuthorised, ProviderError, Unreachable
from stark_udfs.images.candidates import deduplicated_candidates, kept_or_not, of_image
from stark_udfs.images.files import ImageFiles
from stark_udfs.images.requests import Candidate, Candidates, ImageRequest, Unavailable
from stark_udfs.images.web.fetch import FetchRules, WebFetch
from stark_udfs.images.web.results import SearchApi, WebImage
from stark_udfs.images.web.robots import RobotsCache
from stark_udfs.images.web.search import SearchRules, WebSearch
from stark_udfs.images.web.throttle import Turns


@dataclass(frozen=True)
class WebExecutor:
    """Answers image requests from the web, one candidate for each result, refused ones among them.

    asked, fetched: the turns at the provider and at the hosts of pictures; they are kept from call to call.
    robots: what sites say in their robots.txt; kept, too.
    """

    api: SearchApi
    search: SearchRules
    fetch: FetchRules
    files: ImageFiles
    asked: Turns
    fetched: Turns
    robots: RobotsCache = field(default_factory=RobotsCache)

    def work(self, wishes: Sequence[ImageRequest]) -> list[Candidates | Unavailable]:
        """The answer to each request.

        Raises:
            StorageError: files cannot be written at all.
        """
        return asyncio.run(self._work(wishes)) if wishes else []

    def begin(self, wishes: Sequence[ImageRequest]) -> Iterator[tuple[int, Callable[[], Candidates | Unavailable]]]:
        """Nothing of the web needs a device: all is left to be done."""
        for number, wish in enumerate(wishes):
            yield number, partial(self._alone, wish)

    def fetch_all(self, images: Sequence[WebImage]) -> Candidates | Unavailable:
        """The answer to a request for which these were found already.

        Raises:
            StorageError: files cannot be written at all.
        """
        return asyncio.run(self._fetch_all(images))

    def _alone(self, wish: ImageRequest) -> Candidates | Unavailable:
        return self.work([wish])[0]

    async def _fetch_all(self, images: Sequence[WebImage]) -> Candidates | Unavailable:
        async with self._web() as web:
            return await self._fetched(images, web)

    def _web(self) -> WebFetch:
        return WebFetch(self.fetch, turns=self.fetched, robots=self.robots)

    async def _work(self, wishes: Sequence[ImageRequest]) -> list[Candidates | Unavailable]:
        try:
            async with (
                WebSearch(self.api, self.search, turns=self.asked) as search,
                self._web() as web,
            ):
                return await asyncio.gather(*(self._find(wish, search, web) for wish in wishes))
        except NotAuthorised as error:  # no key: not even the connections were opened
            return [not_now(error)] * len(wishes)

    async def _find(self, wish: ImageRequest, search: WebSearch, web: WebFetch) -> Candidates | Unavailable:
        try:
            images = await search.search(wish.query or wish.prompt, wish.count)
        except ProviderError as error:
            return not_now(error)
        return await self._fetched(images, web)

    async def _fetched(self, images: Sequence[WebImage], web: WebFetch) -> Candidates | Unavailable:
        fetched = await asyncio.gather(*(web.fetch(image.url) for image in images))
        candidates: list[Candidate] = [
            kept_or_not(self.files, result, of_image(image)) for image, result in zip(images, fetched, strict=True)
        ]
        return deduplicated_candidates(candidates)


def not_now(error: ProviderError) -> Unavailable:
    """Why there are no candidates where a provider cannot be used."""
    kinds: dict[type[ProviderError], str] = {Unreachable: "unreachable", NotAuthorised: "not_authorised"}
    return Unavailable(kinds.get(type(error), "provider"), str(error)[:500])
