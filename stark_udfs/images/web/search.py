"""Asks a search provider, once: politely, within bounds, with its key. Whoever calls decides on another try."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType

import aiohttp

from stark_udfs.core.errors import NotAuthorised, ProviderError, Unreachable
from stark_udfs.images.web.fetch import CHUNK
from stark_udfs.images.web.opt_out import AGENT
from stark_udfs.images.web.proxy import Proxy, Way
from stark_udfs.images.web.results import SearchApi, WebImage
from stark_udfs.images.web.throttle import Turns


@dataclass(frozen=True)
class SearchRules:
    """How a provider is asked."""

    interval_s: float = 1.0  # least time between two questions, per process
    seconds: float = 20.0
    bytes: int = 5_000_000  # of an answer
    agent: str = f"{AGENT} (research data set)"
    proxy: Proxy | None = None


@dataclass(frozen=True)
class SearchAnswer:
    """What a provider said: its body where the status is 200; `retry_after` is the header, empty if there is none."""

    status: int
    retry_after: str
    body: bytes


class WebSearch:
    """Asks a provider for images by words. Lives in one event loop: `async with WebSearch(api, rules) as search`.

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
        self._way = Way(self._rules.proxy, self._secrets)
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
        """At most `count` images, best first.

        Raises:
            Unreachable: nobody answers, or not in time.
            NotAuthorised: the key is missing or refused.
            ProviderError: the answer is none.
        """
        return self._api.read(await self.answer(query, count))[:count]

    async def answer(self, query: str, count: int) -> bytes:
        """The provider's raw answer, to be kept before it is read."""
        said = await self.ask(query, count)
        if said.status == 200:
            return said.body
        raise self.refusal(said.status)

    async def ask(self, query: str, count: int) -> SearchAnswer:
        """One question, whatever the answer is.

        Raises:
            Unreachable: nobody answers, or not in time.
            ProviderError: the answer is endless.
        """
        if self._session is None:
            raise RuntimeError("WebSearch is used as `async with WebSearch(api, rules) as search`.")
        await self._turns.wait(self._api.name)
        question = self._api.question(query, count)
        try:
            async with self._session.get(
                question.url, params=question.parameters, allow_redirects=False, **self._way.to(question.url)
            ) as response:
                data = bytearray()
                async for chunk in response.content.iter_chunked(CHUNK):
                    data += chunk
                    if len(data) > self._rules.bytes:
                        response.close()
                        raise ProviderError(f"{self._api.name}: an answer of more than {self._rules.bytes} bytes.")
                return SearchAnswer(response.status, response.headers.get("Retry-After", ""), bytes(data))
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise Unreachable(f"{self._api.name}: {type(error).__name__}: {error}.") from error

    def refusal(self, status: int) -> ProviderError:
        """What a status other than 200 means."""
        if status in (401, 403):
            return NotAuthorised(
                f"{self._api.name}: HTTP {status}. Check the key in {self._api.secret or 'its settings'}."
            )
        if status < 500 and status not in (408, 429):
            return ProviderError(f"{self._api.name}: HTTP {status} for {self._api.question('', 1).url}.")
        return Unreachable(f"{self._api.name}: HTTP {status}.")

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
