import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping

import pytest
from aiohttp import web

from stark_udfs.core.errors import NotAuthorised, ProviderError, Unreachable
from stark_udfs.images.web.providers import Brave, Commons, Openverse, Searx
from stark_udfs.images.web.results import SearchApi, WebImage
from stark_udfs.images.web.search import SearchRules, WebSearch

RULES = SearchRules(interval_s=0, seconds=3)
FOUND = {"results": [{"img_src": f"https://pics.example/{n}.jpg", "url": "https://page.example"} for n in range(5)]}

KEYS = {"BRAVE_API_KEY": "k-123"}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def searching(
    handler: Handler,
    api: Callable[[str], SearchApi] = Searx,
    rules: SearchRules = RULES,
    times: int = 1,
    secrets: Mapping[str, str] = KEYS,
) -> list[WebImage]:
    """The last of some searches against a server on loopback."""

    async def run() -> list[WebImage]:
        app = web.Application()
        app.router.add_get("/{path:.*}", handler)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        try:
            async with WebSearch(api(f"http://127.0.0.1:{port}"), rules, secrets) as search:
                for _ in range(times):
                    found = await search.search("red bicycle", 3)
                return found
        finally:
            await runner.cleanup()

    return asyncio.run(run())


def describe_search():
    def it_gives_as_many_as_were_asked_for():
        async def answer(request: web.Request) -> web.Response:
            assert request.path == "/search"
            assert request.query["q"] == "red bicycle"
            assert "stark-udfs" in request.headers["User-Agent"]
            return web.json_response(FOUND)

        assert [image.url[-5] for image in searching(answer)] == ["0", "1", "2"]

    @pytest.mark.parametrize(("api", "path"), [(Openverse, "/v1/images/"), (Commons, "/w/api.php")])
    def it_asks_each_provider_at_its_own_path(api: Callable[[str], SearchApi], path: str):
        paths = []

        async def answer(request: web.Request) -> web.Response:
            paths.append(request.path)
            return web.json_response({"results": []})

        assert searching(answer, api) == []
        assert paths == [path]

    def it_keeps_its_distance():
        times = []

        async def answer(request: web.Request) -> web.Response:
            times.append(time.monotonic())
            return web.json_response(FOUND)

        searching(answer, rules=SearchRules(interval_s=0.1), times=3)
        assert times[2] - times[0] >= 0.19


def describe_keys():
    def they_go_into_a_header_and_not_into_the_url():
        seen = []

        async def answer(request: web.Request) -> web.Response:
            seen.append((request.headers["X-Subscription-Token"], "k-123" in str(request.url)))
            return web.json_response({"results": []})

        searching(answer, Brave)
        assert seen == [("k-123", False)]

    def a_missing_one_is_named():

        async def answer(request: web.Request) -> web.Response:
            raise AssertionError("asked without a key")

        with pytest.raises(NotAuthorised, match="BRAVE_API_KEY"):
            searching(answer, Brave, secrets={})

    @pytest.mark.parametrize("status", [401, 403])
    def a_refused_one_is_named_and_not_tried_again(status: int):
        asked = []

        async def answer(request: web.Request) -> web.Response:
            asked.append(1)
            return web.Response(status=status)

        with pytest.raises(NotAuthorised, match="BRAVE_API_KEY") as refused:
            searching(answer, Brave)
        assert "k-123" not in str(refused.value)
        assert len(asked) == 1

    def they_do_not_follow_a_redirect():
        paths = []

        async def answer(request: web.Request) -> web.Response:
            paths.append(request.path)
            return web.Response(status=302, headers={"Location": "/elsewhere"})

        with pytest.raises(ProviderError, match="302"):
            searching(answer, Brave)
        assert paths == ["/res/v1/images/search"]


def describe_trouble():
    @pytest.mark.parametrize("status", [429, 500, 503])
    def a_busy_server_is_asked_once_and_whoever_asked_decides(status: int):
        asked = []

        async def answer(request: web.Request) -> web.Response:
            asked.append(1)
            return web.Response(status=status)

        with pytest.raises(Unreachable, match=f"HTTP {status}"):
            searching(answer)
        assert len(asked) == 1

    def a_bad_request_is_not_repeated():
        asked = []

        async def answer(request: web.Request) -> web.Response:
            asked.append(1)
            return web.Response(status=400)

        with pytest.raises(ProviderError, match="HTTP 400"):
            searching(answer)
        assert len(asked) == 1

    def silence_is_bounded():
        async def answer(request: web.Request) -> web.Response:
            await asyncio.sleep(1)  # what the server's own end waits for
            return web.json_response(FOUND)

        with pytest.raises(Unreachable, match="Timeout"):
            searching(answer, rules=SearchRules(interval_s=0, seconds=0.1))

    def nobody_at_home_is_unreachable():
        async def ask() -> None:
            async with WebSearch(Searx("http://127.0.0.1:1"), RULES) as search:
                await search.search("x", 1)

        with pytest.raises(Unreachable, match="searxng"):
            asyncio.run(ask())

    def an_endless_answer_is_left():
        async def answer(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse()
            await response.prepare(request)
            while True:
                await response.write(bytes(65536))

        with pytest.raises(ProviderError, match="more than 100000 bytes"):
            searching(answer, rules=SearchRules(interval_s=0, bytes=100_000))

    def an_answer_that_is_packed_is_not_unpacked():
        async def answer(request: web.Request) -> web.Response:
            assert request.headers["Accept-Encoding"] == "identity"
            response = web.Response(body=json.dumps(FOUND).encode())
            response.enable_compression(web.ContentCoding.gzip)
            response.headers["Content-Encoding"] = "gzip"
            return response

        with pytest.raises(ProviderError, match="something else"):
            searching(answer)
