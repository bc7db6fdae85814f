"""One picture from an address that somebody else chose: every hop checked, everything bounded, nothing raised.

aiohttp, because it asks our resolver for the addresses of a name and connects to just those, hands every address to
our socket factory before it connects, and lets one deadline cancel a request at any point. A name that resolves to
something else the second time it is asked has no second time: an address is checked and used in one step.
"""

import asyncio
import re
import ssl
from dataclasses import dataclass, field
from enum import StrEnum

import aiohttp
from yarl import URL

from stark_udfs.images.decode import Bounds, NoPicture, take
from stark_udfs.images.web.egress import AT_ONCE, Blocked, EgressGuard, Lookup, system_lookup
from stark_udfs.images.web.opt_out import AGENT, opted_out
from stark_udfs.images.web.proxy import Proxy, Way
from stark_udfs.images.web.robots import ROBOTS_BYTES, Closed, Robots, RobotsAnswer, RobotsCache
from stark_udfs.images.web.throttle import Turns

REDIRECTS = frozenset({301, 302, 303, 307, 308})
NAME = re.compile(r"[a-z0-9_-]([a-z0-9._-]*[a-z0-9_-])?\.?", re.IGNORECASE)
URL_LENGTH = 2000  # characters
CHUNK = 64 * 1024  # bytes
DECODED = 4  # pictures at once; one within bounds can take 300 MB while it is decoded


class FetchRefusal(StrEnum):
    """Why a picture was not fetched, or not kept."""

    # before a connection
    BAD_URL = "bad_url"
    SCHEME = "scheme"
    PORT = "port"
    ADDRESS = "address"  # not a public one, or spelt so that resolvers disagree
    # on the way
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    REDIRECTS = "redirects"
    STATUS = "status"
    BUSY = "busy"  # 429 or 5xx
    OPTED_OUT = "opted_out"
    ROBOTS = "robots"  # robots.txt of the site says no
    ENCODED = "encoded"  # a content encoding, behind which a bomb can hide
    TOO_LARGE = "too_large"
    # the bytes; as DecodeError
    EMPTY = "empty"
    MARKUP = "markup"
    UNKNOWN_FORMAT = "unknown_format"
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_SMALL = "too_small"
    BROKEN = "broken"

    @property
    def passing(self) -> bool:
        """Whether another try later may end better."""
        return self in (FetchRefusal.UNREACHABLE, FetchRefusal.TIMEOUT, FetchRefusal.BUSY)


@dataclass(frozen=True)
class Fetched:
    """A picture that was fetched, decoded and encoded anew."""

    data: bytes
    width: int
    height: int
    format: str  # JPEG or PNG
    sha256: str  # of data, not of what the server sent
    final_url: str


@dataclass(frozen=True)
class Refused:
    """A picture that was not fetched or not kept, and why."""

    reason: FetchRefusal
    detail: str  # at most 300 characters


@dataclass(frozen=True)
class FetchRules:
    """What a fetch may do."""

    bytes: int = 15_000_000
    seconds: float = 20.0  # of network time over all hops; waiting for a turn does not count
    redirects: int = 3
    interval_s: float = 1.0  # least time between two requests to one host, per process
    ports: frozenset[int] = frozenset({80, 443})
    allow: frozenset[str] = frozenset()  # addresses that pass though they are not public; for tests
    agent: str = f"{AGENT} (research data set; honours noai)"
    proxy: Proxy | None = None  # connects in our place
    bounds: Bounds = field(default_factory=Bounds)


class Stop(Exception):
    """Ends a fetch with a refusal; stays inside this module."""

    def __init__(self, reason: FetchRefusal, detail: str) -> None:
        """Keep the refusal."""
        super().__init__(detail)
        self.refused = Refused(reason, detail[:300])


class WebFetch:
    """Fetches single pictures by their URLs. Lives in one event loop: `async with WebFetch(rules) as web`."""

    def __init__(
        self,
        rules: FetchRules,
        lookup: Lookup = system_lookup,
        turns: Turns | None = None,
        robots: RobotsCache | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Nothing is opened before `async with`; `turns` and `robots` are shared with fetches before and after.

        robots None: no robots.txt is asked for. tls None: certificates are checked against the system's.
        """
        self._rules = rules
        self._gate = EgressGuard(rules.allow, lookup, proxied=rules.proxy is not None)
        self._robots = None if robots is None else Robots(robots, self._ask_robots)
        self._tls = tls
        self._turns = turns or Turns(rules.interval_s)
        self._free = asyncio.Semaphore(AT_ONCE)
        self._decoders = asyncio.Semaphore(DECODED)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> "WebFetch":
        """Open the connections' pool; NotAuthorised if a proxy's login is missing."""
        self._way = Way(self._rules.proxy)
        self._session = aiohttp.ClientSession(
            connector=self._gate.connector(self._tls),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,  # a proxy connects in our place, past most checks: only one that the settings name
            timeout=aiohttp.ClientTimeout(total=None),
            headers={"User-Agent": self._rules.agent, "Accept": "image/*", "Accept-Encoding": "identity"},
        )
        return self

    async def __aexit__(self, *error: object) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()

    async def fetch(self, url: str) -> Fetched | Refused:
        """The picture behind a URL, or why there is none."""
        if self._session is None:
            raise RuntimeError("WebFetch is used as `async with WebFetch(rules) as web`.")
        try:
            final, data = await self._follow(self._session, url)
        except Stop as stop:
            return stop.refused
        async with self._decoders:
            picture = await asyncio.to_thread(take, data, self._rules.bounds)
        if isinstance(picture, NoPicture):
            return Refused(FetchRefusal(picture.fault.value), picture.detail[:300])
        return Fetched(picture.data, picture.width, picture.height, picture.format, picture.sha256, final)

    async def _follow(self, session: aiohttp.ClientSession, url: str) -> tuple[str, bytes]:
        """The final URL and its body."""
        left = self._rules.seconds
        loop = asyncio.get_running_loop()
        for _ in range(self._rules.redirects + 1):
            target = checked(url, self._rules, self._gate)
            await self._obey(target)
            await self._turns.wait(target.host or "")
            async with self._free:  # waiting for a connection is no fault of the server
                start = loop.time()
                answer = await self._hop(session, target, left)
                left -= loop.time() - start
            if isinstance(answer, bytes):
                return str(target), answer
            url = answer
        raise Stop(FetchRefusal.REDIRECTS, f"more than {self._rules.redirects}")

    async def _obey(self, target: URL) -> None:
        """Raise Stop where the site's robots.txt keeps us from the target."""
        rules = None if self._robots is None else await self._robots.of(target)
        if isinstance(rules, Closed):
            raise Stop(FetchRefusal.UNREACHABLE, f"robots.txt: {rules.why}")
        if rules is not None and not rules.allows(str(target)):
            raise Stop(FetchRefusal.ROBOTS, f"robots.txt of {target.host}")

    async def _ask_robots(self, url: str) -> RobotsAnswer | Closed:
        """One request for a robots.txt, under all the rules of a fetch."""
        assert self._session is not None
        way = self._way.to(url, Accept="text/plain, */*")
        try:
            target = checked(url, self._rules, self._gate)
            await self._gate.check_name(target.raw_host or "")
            async with self._session.get(target, allow_redirects=False, **way) as response:
                moved = joined(target, response.headers["Location"]) if response.status in REDIRECTS else ""
                return RobotsAnswer(response.status, moved, await body(response, ROBOTS_BYTES, cut=True))
        except Blocked as shut:
            raise Stop(FetchRefusal.ADDRESS, f"{url}: {shut}") from shut
        except (aiohttp.ClientError, OSError, ValueError, KeyError) as error:
            return Closed(f"{type(error).__name__}: {error}"[:200])

    async def _hop(self, session: aiohttp.ClientSession, target: URL, seconds: float) -> bytes | str:
        """One request: the body, or where it redirects to."""
        try:
            await self._gate.check_name(target.raw_host or "")
            way = self._way.to(target)
            async with asyncio.timeout(seconds), session.get(target, allow_redirects=False, **way) as response:
                if response.status in REDIRECTS:
                    return joined(target, response.headers.get("Location", ""))
                check_head(response, self._rules.bytes)
                return await body(response, self._rules.bytes)
        except Blocked as shut:
            raise Stop(FetchRefusal.ADDRESS, f"{target.host}: {shut}") from shut
        except TimeoutError as late:
            raise Stop(FetchRefusal.TIMEOUT, f"more than {self._rules.seconds:g} s") from late
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise Stop(FetchRefusal.UNREACHABLE, f"{type(error).__name__}: {error}") from error


def checked(url: str, rules: FetchRules, gate: EgressGuard) -> URL:
    """The URL as it will be asked for.

    Raises:
        Stop: it is none, or one that is never asked for.
    """
    try:
        target = URL(url) if len(url) <= URL_LENGTH else None
        host, port = (target.raw_host, target.port) if target else (None, None)
    except (ValueError, TypeError) as error:
        raise Stop(FetchRefusal.BAD_URL, str(error)) from error
    if target is None:
        raise Stop(FetchRefusal.BAD_URL, f"{len(url)} characters, at most {URL_LENGTH}")
    if target.scheme not in ("http", "https"):
        raise Stop(FetchRefusal.SCHEME, target.scheme or "none")
    if not host or target.raw_user or target.raw_password:
        raise Stop(FetchRefusal.BAD_URL, "no host" if not host else "carries a user name")
    try:
        gate.check_host(host)
    except Blocked as shut:
        raise Stop(FetchRefusal.ADDRESS, f"{host}: {shut}") from shut
    if ":" not in host and not NAME.fullmatch(host):
        raise Stop(FetchRefusal.BAD_URL, f"host {host!r}")
    if port not in rules.ports:
        raise Stop(FetchRefusal.PORT, str(port))
    return target.with_fragment(None)


def joined(target: URL, location: str) -> str:
    """Where a redirect leads."""
    if not location:
        raise Stop(FetchRefusal.REDIRECTS, "a redirect to nowhere")
    try:
        return str(target.join(URL(location[: URL_LENGTH + 1])))
    except ValueError as error:
        raise Stop(FetchRefusal.BAD_URL, f"a redirect to {location[:100]!r}: {error}") from error


def check_head(response: aiohttp.ClientResponse, limit: int) -> None:
    """What can be refused before a byte of the body is read."""
    if response.status == 407:
        raise Stop(FetchRefusal.UNREACHABLE, "the proxy wants a login: pictures.web.proxy_secret")
    if response.status == 429 or response.status >= 500:
        raise Stop(FetchRefusal.BUSY, str(response.status))
    if response.status != 200:
        raise Stop(FetchRefusal.STATUS, str(response.status))
    if opt_out := opted_out(response.headers):
        raise Stop(FetchRefusal.OPTED_OUT, opt_out)
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise Stop(FetchRefusal.ENCODED, encoding)
    if (response.content_length or 0) > limit:
        raise Stop(FetchRefusal.TOO_LARGE, f"says {response.content_length} bytes, at most {limit}")


async def body(response: aiohttp.ClientResponse, limit: int, *, cut: bool = False) -> bytes:
    """The body, counted as it comes: what the head said of its length is not believed. `cut`: its beginning will do."""
    data = bytearray()
    async for chunk in response.content.iter_chunked(CHUNK):
        data += chunk
        if len(data) > limit:
            response.close()
            if cut:
                break
            raise Stop(FetchRefusal.TOO_LARGE, f"more than {limit} bytes")
    return bytes(data[:limit])
