"""Finds pictures on the web: a provider is asked, and what it found is fetched under all the rules of `fetch`.

Connections live in an event loop that begins and ends with the call: Spark reuses processes, and a loop that is kept
from one task to the next holds sockets of a thread that is gone.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from stark_udfs.core.errors import NotAuthorised, ProviderError, Unreachable
from stark_udfs.images.candidates import deduplicated_candidates, kept_or_not, of_image
from stark_udfs.images.files import ImageFiles
from stark_udfs.images.requests import Candidate, Candidates, ImageRequest, Unavailable
from stark_udfs.images.web.fetch import FetchRules, WebFetch
from stark_udfs.images.web.results import SearchApi
from stark_udfs.images.web.search import SearchRules, WebSearch
from stark_udfs.images.web.throttle import Turns


@dataclass(frozen=True)
class WebExecutor:
    """Answers wishes from the web, one candidate for each result, refused ones among them.

    asked, fetched: the turns at the provider and at the hosts of pictures; they are kept from call to call.
    """

    api: SearchApi
    search: SearchRules
    fetch: FetchRules
    files: ImageFiles
    asked: Turns
    fetched: Turns

    def work(self, wishes: Sequence[ImageRequest]) -> list[Candidates | Unavailable]:
        """The answer to each wish.

        Raises:
            StorageError: files cannot be written at all.
        """
        return asyncio.run(self._work(wishes)) if wishes else []

    async def _work(self, wishes: Sequence[ImageRequest]) -> list[Candidates | Unavailable]:
        try:
            async with (
                WebSearch(self.api, self.search, turns=self.asked) as search,
                WebFetch(self.fetch, turns=self.fetched) as web,
            ):
                return await asyncio.gather(*(self._find(wish, search, web) for wish in wishes))
        except NotAuthorised as error:  # no key: not even the connections were opened
            return [not_now(error)] * len(wishes)

    async def _find(self, wish: ImageRequest, search: WebSearch, web: WebFetch) -> Candidates | Unavailable:
        try:
            images = await search.search(wish.query or wish.prompt, wish.count)
        except ProviderError as error:
            return not_now(error)
        fetched = await asyncio.gather(*(web.fetch(image.url) for image in images))
        candidates: list[Candidate] = [
            kept_or_not(self.files, result, of_image(image)) for image, result in zip(images, fetched, strict=True)
        ]
        return deduplicated_candidates(candidates)


def not_now(error: ProviderError) -> Unavailable:
    """What a provider that cannot be used leaves behind."""
    kinds: dict[type[ProviderError], str] = {Unreachable: "unreachable", NotAuthorised: "not_authorised"}
    return Unavailable(kinds.get(type(error), "provider"), str(error)[:500])
