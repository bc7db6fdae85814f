"""The answers are written here after the documentation of each API; none was recorded."""

import json
from urllib.parse import urlsplit

import pytest

from stark_udfs.core.errors import ProviderError
from stark_udfs.images.web.providers import Brave, Commons, Openverse, Searx
from stark_udfs.images.web.results import SearchApi, WebImage

OPENVERSE = {
    "result_count": 2,
    "page_count": 1,
    "page_size": 20,
    "page": 1,
    "results": [
        {
            "id": "0aff3595-8168-440b-83ff-7a80b65dea42",
            "title": "A red bicycle",
            "foreign_landing_url": "https://photos.example/ana/1",
            "url": "https://live.photos.example/1.jpg",
            "creator": "Ana",
            "license": "by-sa",
            "license_version": "2.0",
            "license_url": "https://creativecommons.org/licenses/by-sa/2.0/",
            "provider": "flickr",
            "source": "flickr",
            "height": 683,
            "width": 1024,
            "mature": False,
            "tags": [{"name": "bike"}],
        },
        {"url": "https://live.photos.example/2.jpg", "license": "cc0", "license_version": "1.0", "title": None},
    ],
}
COMMONS = {
    "batchcomplete": True,
    "query": {
        "pages": [
            {
                "pageid": 2,
                "ns": 6,
                "title": "File:Second.png",
                "index": 2,
                "imageinfo": [{"url": "https://up.example/2.png"}],
            },
            {
                "pageid": 1,
                "ns": 6,
                "title": "File:Red bicycle.jpg",
                "index": 1,
                "imageinfo": [
                    {
                        "size": 5_000_000,
                        "width": 4000,
                        "height": 3000,
                        "thumburl": "https://up.example/thumb/1280px-1.jpg",
                        "thumbwidth": 1280,
                        "thumbheight": 960,
                        "url": "https://up.example/1.jpg",
                        "descriptionurl": "https://commons.example/wiki/File:Red_bicycle.jpg",
                        "extmetadata": {
                            "LicenseShortName": {"value": "CC BY-SA 4.0", "source": "commons-desc-page", "hidden": ""},
                            "LicenseUrl": {"value": "https://creativecommons.org/licenses/by-sa/4.0"},
                            "Artist": {"value": '<a href="//commons.example/User:Ana">Ana</a>'},
                            "DateTime": {"value": 20210305},
                        },
                    }
                ],
            },
        ]
    },
}
SEARX = {
    "query": "red bicycle",
    "number_of_results": 0,
    "results": [
        {
            "url": "https://page.example/1",
            "title": "Red <b>bicycle</b>",
            "content": "",
            "img_src": "//pics.example/1.jpg",
            "thumbnail_src": "https://pics.example/t1.jpg",
            "resolution": "1200 x 800",
            "source": "page.example",
            "engine": "bing images",
            "template": "images.html",
            "category": "images",
        },
        {"url": "https://page.example/2", "title": "no picture"},
    ],
}
BRAVE = {
    "type": "images",
    "query": {"original": "red bicycle", "spellcheck_off": True, "show_strict_warning": False},
    "results": [
        {
            "type": "image_result",
            "title": "Red bicycle",
            "url": "https://page.example/1",
            "source": "page.example",
            "page_fetched": "2026-01-01T00:00:00Z",
            "thumbnail": {"src": "https://imgs.example/1", "width": 500, "height": 333},
            "properties": {
                "url": "https://pics.example/1.jpg",
                "placeholder": "https://imgs.example/p",
                "width": 1200,
                "height": 800,
            },
            "confidence": "high",
        }
    ],
    "extra": {"might_be_offensive": False},
}
APIS: list[tuple[SearchApi, dict[str, object]]] = [
    (Openverse(), OPENVERSE),
    (Commons(), COMMONS),
    (Searx("http://searx.internal:8888"), SEARX),
    (Brave(), BRAVE),
]


def read(api: SearchApi, answer: object) -> list[WebImage]:
    return api.read(json.dumps(answer).encode())


def items_of(answer: dict[str, dict[str, list[object]]]) -> list[object]:
    return answer["query"]["pages"] if "pages" in answer.get("query", {}) else answer["results"]  # type: ignore[return-value]


def describe_openverse():
    def it_reads_licence_and_creator():
        first, second = read(Openverse(), OPENVERSE)
        assert first == WebImage(
            url="https://live.photos.example/1.jpg",
            page="https://photos.example/ana/1",
            title="A red bicycle",
            licence="CC BY-SA 2.0",
            licence_url="https://creativecommons.org/licenses/by-sa/2.0/",
            creator="Ana",
            source="openverse/flickr",
            width=1024,
            height=683,
        )
        assert (second.licence, second.title, second.page, second.source) == ("CC0 1.0", "", "", "openverse/unknown")

    def it_asks_for_no_more_than_an_answer_holds():
        assert Openverse().question("red bicycle", 200).parameters == {
            "q": "red bicycle",
            "page_size": "20",
            "mature": "false",
        }


def describe_commons():
    def it_reads_the_scaled_file_with_licence_and_author_in_the_order_of_the_search():
        first, second = read(Commons(), COMMONS)
        assert first == WebImage(
            url="https://up.example/thumb/1280px-1.jpg",
            page="https://commons.example/wiki/File:Red_bicycle.jpg",
            title="Red bicycle.jpg",
            licence="CC BY-SA 4.0",
            licence_url="https://creativecommons.org/licenses/by-sa/4.0",
            creator="Ana",
            source="wikimedia commons",
            width=1280,
            height=960,
        )
        assert (second.url, second.licence) == ("https://up.example/2.png", None)

    def a_search_without_a_hit_has_none():
        assert read(Commons(), {"batchcomplete": True}) == []

    def an_error_inside_an_answer_is_one():
        with pytest.raises(ProviderError, match="maxlag"):
            read(Commons(), {"error": {"code": "maxlag", "info": "Waiting"}})

    def it_asks_for_files_with_their_licences():
        asked = Commons().question("red bicycle", 10).parameters
        assert (asked["gsrsearch"], asked["gsrlimit"], asked["gsrnamespace"]) == (
            "filetype:bitmap red bicycle",
            "10",
            "6",
        )
        assert "extmetadata" in asked["iiprop"]


def describe_searx():
    def it_reads_images_and_knows_no_licence():
        (only,) = read(Searx("http://searx.internal"), SEARX)
        assert (only.url, only.title, only.licence) == ("https://pics.example/1.jpg", "Red bicycle", None)
        assert (only.width, only.height, only.source) == (1200, 800, "searxng/bing images")


def describe_brave():
    def it_reads_images_and_knows_no_licence():
        (only,) = read(Brave(), BRAVE)
        assert (only.url, only.page, only.licence) == ("https://pics.example/1.jpg", "https://page.example/1", None)
        assert (only.width, only.height, only.source) == (1200, 800, "brave/page.example")

    def its_question_holds_no_key():
        assert "key" not in json.dumps(dict(Brave().question("cat", 3).parameters)).lower()


def describe_every_provider():
    @pytest.mark.parametrize("api", [api for api, _ in APIS])
    @pytest.mark.parametrize(
        "answer",
        [
            b"",
            b"<html>busy</html>",
            b"[]",
            b"null",
            b'"text"',
            b'{"results": 5, "query": 7}',
            b"[" * 100_000,
            b"\xff\xfe",
        ],
    )
    def it_says_so_when_an_answer_is_none(api: SearchApi, answer: bytes):
        with pytest.raises(ProviderError, match=api.name):
            api.read(answer)

    @pytest.mark.parametrize(("api", "answer"), APIS)
    def it_drops_bad_items_and_keeps_good_ones(api: SearchApi, answer: dict[str, object]):
        good = read(api, answer)
        bad: list[object] = [
            None,
            5,
            "x",
            [],
            {},
            {"url": 5},
            {"url": {"a": 1}},
            {"properties": {"url": "ftp://x"}, "img_src": ""},
        ]
        spoilt = json.loads(json.dumps(answer))
        items_of(spoilt)[:0] = bad
        assert read(api, spoilt) == good

    @pytest.mark.parametrize(("api", "answer"), APIS)
    def it_reads_a_bounded_number_of_items(api: SearchApi, answer: dict[str, object]):
        many = json.loads(json.dumps(answer))
        items_of(many).extend(items_of(many) * 400)
        assert len(read(api, many)) <= 200

    @pytest.mark.parametrize(("api", "answer"), APIS)
    def it_hands_on_no_script_and_no_endless_text(api: SearchApi, answer: dict[str, object]):
        text = (
            json.dumps(answer)
            .replace("Red", "<script>x</script>" + "y" * 9000)
            .replace("https://page", "javascript://page")
        )
        for image in api.read(text.replace("https://commons.ex", "javascript://c.ex").encode()):
            assert len(image.title) <= 300
            assert "<" not in image.title
            assert urlsplit(image.page).scheme in ("", "https")
