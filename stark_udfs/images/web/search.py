"""Asks a search provider: politely, within bounds, with its key, and again where that helps."""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType

import aiohttp

from stark_udfs.core.errors import NotAuthorised, ProviderError, Unreachable
from stark_udfs.images.web.fetch import CHUNK
from stark_udfs.images.web.opt_out import AGENT
from stark_udfs.images.web.results import SearchApi, WebImage
from stark_udfs.images.web.throttle import Turns

LONGEST_WAIT = 60.0  # seconds that a server's Retry-After is followed


@dataclass(frozen=True)
class SearchRules:
    """How a provider is asked."""

    interval_s: float = 1.0  # least time between two questions, per process
    seconds: float = 20.0  # for one HTTP attempt
    attempts: int = 3  # the first included
    backoff_s: float = 1.0  # before the second attempt; doubled each time
    bytes: int = 5_000_000  # of an answer
    agent: str = f"{AGENT} (research data set)"


class WebSearch:
    """An ImageSearch over the web. Lives in one event loop: `async with WebSearch(api, rules) as search`.

    The provider's host is the operator's choice, so that a server in one's own network may be asked;
    it is not followed anywhere else, since the key would go along.
    """

    def __init__(
        self,
        api: SearchApi,
        rules: SearchRules,
        secrets: Mapping[str, str] = os.environ,
        turns: Turns | None = None,
    ) -> None:
        """Nothing is opened before `async with`.

        `secrets` holds the key under the name that the provider gives it; `turns` are shared with searches before and
        after this one.
        """
        self._api = api
        self._rules = rules
        self._secrets = secrets
        self._turns = turns or Turns(rules.interval_s)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> "WebSearch":
        """Open the connections' pool; NotAuthorised if the key is missing."""
        self._session = aiohttp.ClientSession(
            headers={
                "User-Agent": self._rules.agent,
                "Accept": "application/json",
                "Accept-Encoding": "identity",
                **self._key(),
            },
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(total=self._rules.seconds),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()

    async def search(self, query: str, count: int) -> list[WebImage]:
        """At most `count` images, best first; see ImageSearch for what it raises."""
        return self._api.read(await self.answer(query, count))[:count]

    async def answer(self, query: str, count: int) -> bytes:
        """The provider's raw answer, to be kept before it is read."""
        if self._session is None:
            raise RuntimeError("WebSearch is used as `async with WebSearch(api, rules) as search`.")
        trouble = ""
        for attempt in range(self._rules.attempts):
            await self._turns.wait(self._api.name)
            try:
                status, wait, data = await self._ask(self._session, query, count)
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                trouble, wait = f"{type(error).__name__}: {error}", 0.0
            else:
                if status == 200:
                    return data
                trouble = f"HTTP {status}"
                self._give_up_on(status)
            if attempt + 1 < self._rules.attempts:
                await asyncio.sleep(max(wait, self._rules.backoff_s * 2**attempt))
        raise Unreachable(f"{self._api.name}: {trouble} after {self._rules.attempts} attempts.")

    async def _ask(self, session: aiohttp.ClientSession, query: str, count: int) -> tuple[int, float, bytes]:
        """Status, how long the server wants to be left alone, body."""
        question = self._api.question(query, count)
        async with session.get(question.url, params=question.parameters, allow_redirects=False) as response:
            data = bytearray()
            async for chunk in response.content.iter_chunked(CHUNK):
                data += chunk
                if len(data) > self._rules.bytes:
                    response.close()
                    raise ProviderError(f"{self._api.name}: an answer of more than {self._rules.bytes} bytes.")
            return response.status, seconds_of(response.headers.get("Retry-After", "")), bytes(data)

    def _give_up_on(self, status: int) -> None:
        """Raise for a status that another attempt would not change."""
        if status in (401, 403):
            raise NotAuthorised(
                f"{self._api.name}: HTTP {status}. Check the key in {self._api.secret or 'its settings'}."
            )
        if status < 500 and status not in (408, 429):
            raise ProviderError(f"{self._api.name}: HTTP {status} for {self._api.question('', 1).url}.")

    def _key(self) -> dict[str, str]:
        name = self._api.secret
        if name is None:
            return {}
        key = self._secrets.get(name)
        if not key:
            raise NotAuthorised(
                f"{self._api.name}: {name} is empty. Put the key into the environment variable of that name."
            )
        bearer = self._api.secret_header == "Authorization"
        return {self._api.secret_header: f"Bearer {key}" if bearer else key}


def seconds_of(retry_after: str) -> float:
    """A Retry-After in seconds, within reason; a date counts as none."""
    return min(float(retry_after), LONGEST_WAIT) if retry_after.isascii() and retry_after.isdigit() else 0.0
