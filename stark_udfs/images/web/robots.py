"""What a site's robots.txt says about its pictures, by RFC 9309.

A file that is not there (4xx) forbids nothing; one that cannot be reached (5xx, 429, a dead line) forbids everything
until it can. Rules are kept for a day, those of a site that could not be reached for some minutes.
"""

import asyncio
import threading
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from protego import Protego
from yarl import URL

from stark_udfs.images.web.opt_out import AGENT

PATH = "/robots.txt"
ROBOTS_BYTES = 512 * 1024  # of a file that are read: RFC 9309 wants 500 KiB at least, and what follows is cut off
REDIRECTS = 5  # RFC 9309, 2.3.1.2
SECONDS = 10.0  # for one file with its redirects
KEPT_S = 24 * 3600.0  # RFC 9309, 2.4: not longer than a day
RETRY_S = 300.0  # after a site could not be reached
SITES = 2_000  # remembered per process; the file of the one that was asked longest ago is forgotten


@dataclass(frozen=True)
class NoRules:
    """A site without rules: no robots.txt, or none for us."""

    def allows(self, url: str) -> bool:
        """Everything."""
        return True


@dataclass(frozen=True)
class SiteRules:
    """The rules of a site that has some."""

    parsed: Protego

    def allows(self, url: str) -> bool:
        """Whether we may ask for the URL."""
        return bool(self.parsed.can_fetch(url, AGENT))


@dataclass(frozen=True)
class Closed:
    """A site whose robots.txt cannot be reached: nothing of it is asked for as long as that is so."""

    why: str


Rules = NoRules | SiteRules | Closed


@dataclass(frozen=True)
class RobotsAnswer:
    """What came of one request for a robots.txt; `moved`: where a redirect leads, empty if it is none."""

    status: int
    moved: str
    body: bytes


def rules_of(status: int, body: bytes) -> Rules:
    """What the answer to a request for robots.txt means."""
    if status == 429 or status >= 500:
        return Closed(f"HTTP {status}")
    if 200 <= status < 300:
        return SiteRules(Protego.parse(body[:ROBOTS_BYTES].decode("utf-8", "replace")))
    return NoRules()


def site_of(target: URL) -> str:
    """What one robots.txt holds for: scheme, host and port."""
    return str(target.origin())


@dataclass
class RobotsCache:
    """The rules of the sites that this process asked lately; for all its threads and event loops."""

    clock: Callable[[], float] = time.monotonic
    _kept: OrderedDict[str, tuple[float, Rules]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def get(self, site: str) -> Rules | None:
        """The rules, if they are known and not too old."""
        with self._lock:
            until, rules = self._kept.get(site, (0.0, None))
            if rules is None or self.clock() >= until:
                self._kept.pop(site, None)
                return None
            self._kept.move_to_end(site)
            return rules

    def put(self, site: str, rules: Rules) -> None:
        """Keep them; the site that was asked for longest ago makes room."""
        with self._lock:
            self._kept[site] = (self.clock() + (RETRY_S if isinstance(rules, Closed) else KEPT_S), rules)
            self._kept.move_to_end(site)
            while len(self._kept) > SITES:
                self._kept.popitem(last=False)

    @property
    def sites(self) -> int:
        """How many are remembered."""
        return len(self._kept)


class Robots:
    """Finds the rules of sites, each asked for once however many wait for it. Lives in one event loop."""

    def __init__(self, cache: RobotsCache, ask: Callable[[str], Awaitable[RobotsAnswer | Closed]]) -> None:
        self._cache = cache
        self._ask = ask
        self._asking: dict[str, asyncio.Lock] = {}

    async def of(self, target: URL) -> Rules:
        """The rules for the site of the target."""
        site = site_of(target)
        async with self._asking.setdefault(site, asyncio.Lock()):
            rules = self._cache.get(site)
            if rules is None:
                rules = await self._asked(str(target.origin().with_path(PATH)))
                self._cache.put(site, rules)
            return rules

    async def _asked(self, url: str) -> Rules:
        try:
            async with asyncio.timeout(SECONDS):
                for _ in range(REDIRECTS + 1):
                    answer = await self._ask(url)
                    if isinstance(answer, Closed):
                        return answer
                    if not answer.moved:
                        return rules_of(answer.status, answer.body)
                    url = answer.moved
        except TimeoutError:
            return Closed(f"more than {SECONDS:g} s")
        return NoRules()  # more redirects than are followed: as if there were no file
