"""robots.txt by RFC 9309, against a site on loopback."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest
from yarl import URL

from stark_udfs.images.web.fetch import Fetched, FetchRefusal, Refused, WebFetch
from stark_udfs.images.web.robots import (
    KEPT_S,
    RETRY_S,
    SITES,
    Closed,
    NoRules,
    RobotsAnswer,
    RobotsCache,
    SiteRules,
    rules_of,
    site_of,
)
from tests.images.site import Site, serving

HIDDEN = b"User-agent: *\nDisallow: /hidden\n\nUser-agent: stark-udfs\nDisallow: /mine\nAllow: /mine/open\n"


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as site:
        for name in ("a.png", "hidden.png", "mine/b.png", "mine/open.png"):
            site.picture(name, 1)
        yield site


def fetch(site: Site, *paths: str, cache: RobotsCache | None = None) -> list[Fetched | Refused]:
    async def together() -> list[Fetched | Refused]:
        async with WebFetch(site.rules, robots=cache or RobotsCache()) as web:
            return list(await asyncio.gather(*(web.fetch(f"{site.url}{path}") for path in paths)))

    return asyncio.run(together())


def refusals(site: Site, *paths: str, cache: RobotsCache | None = None) -> list[FetchRefusal | None]:
    found = fetch(site, *paths, cache=cache)
    return [one.reason if isinstance(one, Refused) else None for one in found]


def describe_a_fetch():
    def it_obeys_the_group_that_names_us_and_not_the_one_for_all(site: Site):
        site.pages["/robots.txt"] = (200, {}, HIDDEN)
        paths = ("/a.png", "/hidden.png", "/mine/b.png", "/mine/open.png")
        assert refusals(site, *paths) == [None, None, FetchRefusal.ROBOTS, None]
        assert "/mine/b.png" not in site.asked

    def it_asks_each_site_once_however_many_wait(site: Site):
        cache = RobotsCache()
        fetch(site, "/a.png", "/hidden.png", "/a.png", cache=cache)
        fetch(site, "/a.png", cache=cache)
        assert site.asked.count("/robots.txt") == 1

    @pytest.mark.parametrize("status", [404, 403, 410])
    def a_file_that_is_not_there_forbids_nothing(site: Site, status: int):
        site.pages["/robots.txt"] = (status, {}, b"User-agent: *\nDisallow: /\n")
        assert refusals(site, "/a.png") == [None]

    @pytest.mark.parametrize("status", [500, 503, 429])
    def a_file_that_cannot_be_reached_forbids_everything_for_now(site: Site, status: int):
        site.pages["/robots.txt"] = (status, {}, b"")
        (refused,) = fetch(site, "/a.png")
        assert isinstance(refused, Refused)
        assert (refused.reason, refused.reason.passing) == (FetchRefusal.UNREACHABLE, True)
        assert refused.detail == f"robots.txt: HTTP {status}"
        assert "/a.png" not in site.asked

    def it_follows_redirects_of_the_file(site: Site):
        site.pages["/robots.txt"] = (301, {"Location": "/rules"}, b"")
        site.pages["/rules"] = (200, {}, b"User-agent: *\nDisallow: /a.png\n")
        assert refusals(site, "/a.png", "/hidden.png") == [FetchRefusal.ROBOTS, None]

    def more_redirects_than_the_standard_asks_for_count_as_no_file(site: Site):
        site.pages["/robots.txt"] = (301, {"Location": "/robots.txt"}, b"")
        assert refusals(site, "/a.png") == [None]
        assert site.asked.count("/robots.txt") == 6

    def a_redirect_into_ones_own_network_is_never_followed(site: Site):
        site.pages["/robots.txt"] = (302, {"Location": f"http://10.0.0.1:{site.port}/robots.txt"}, b"")
        assert refusals(site, "/a.png") == [FetchRefusal.ADDRESS]

    def a_private_address_is_refused_before_its_file_is_asked_for(site: Site):
        strict = replace(site.rules, allow=frozenset())

        async def one() -> Fetched | Refused:
            async with WebFetch(strict, robots=RobotsCache()) as web:
                return await web.fetch(f"{site.url}/a.png")

        refused = asyncio.run(one())
        assert isinstance(refused, Refused)
        assert (refused.reason, site.asked) == (FetchRefusal.ADDRESS, [])

    def where_a_picture_redirects_to_is_asked_too(site: Site):
        site.pages["/robots.txt"] = (200, {}, HIDDEN)
        site.pages["/moved.png"] = (302, {"Location": "/mine/b.png"}, b"")
        assert refusals(site, "/moved.png") == [FetchRefusal.ROBOTS]

    def the_beginning_of_an_endless_file_is_enough(site: Site):
        site.pages["/robots.txt"] = (200, {}, b"User-agent: *\nDisallow: /a.png\n" + b"#" * 2_000_000)
        assert refusals(site, "/a.png", "/hidden.png") == [FetchRefusal.ROBOTS, None]

    def what_is_no_text_forbids_nothing(site: Site):
        site.pages["/robots.txt"] = (200, {}, bytes(range(256)) * 40)
        assert refusals(site, "/a.png") == [None]


def describe_rules():
    def their_site_is_scheme_host_and_port():
        assert site_of(URL("https://a.example/b/c?d")) == "https://a.example"
        assert site_of(URL("http://a.example:8080/b")) != site_of(URL("http://a.example/b"))

    def they_follow_from_status_and_body():
        assert isinstance(rules_of(200, HIDDEN), SiteRules)
        assert rules_of(404, HIDDEN) == NoRules()
        assert rules_of(503, b"") == Closed("HTTP 503")
        assert RobotsAnswer(200, "", b"").moved == ""


def describe_cache():
    def it_forgets_rules_after_a_day_and_trouble_after_minutes():
        now = [0.0]
        cache = RobotsCache(clock=lambda: now[0])
        cache.put("http://a.example", NoRules())
        cache.put("http://b.example", Closed("HTTP 503"))
        now[0] = RETRY_S
        assert (cache.get("http://a.example"), cache.get("http://b.example")) == (NoRules(), None)
        now[0] = KEPT_S
        assert cache.get("http://a.example") is None

    def it_is_bounded_and_forgets_the_site_that_was_asked_for_longest_ago():
        cache = RobotsCache()
        for number in range(SITES):
            cache.put(f"http://{number}.example", NoRules())
        assert cache.get("http://0.example") == NoRules()
        cache.put("http://new.example", NoRules())
        assert cache.sites == SITES
        assert cache.get("http://1.example") is None
        assert cache.get("http://0.example") == NoRules()
