import asyncio
import io
import math

import pytest
from PIL import Image

from stark_udfs.core.errors import NotFound
from stark_udfs.demo.drawings.catalogue import LICENCE, DemoCatalogue, DemoWebSearch, TextIndex, captions
from stark_udfs.demo.drawings.words import scene_of
from stark_udfs.images.web.fetch import Fetched, FetchRefusal, Refused


def describe_captions():
    def there_are_enough_and_each_once():
        assert len(captions()) >= 150
        assert len(set(captions())) == len(captions())

    def almost_all_name_something_that_is_drawn():
        assert sum(bool(scene_of(caption).things) for caption in captions()) / len(captions()) > 0.95


def describe_search():
    @pytest.mark.parametrize("number", range(0, 160, 7))
    def a_caption_finds_itself_first(number: int):
        hit = DemoCatalogue().search(captions()[number], 1)[0]
        assert hit.caption == captions()[number]
        assert hit.score == pytest.approx(1.0)

    @pytest.mark.parametrize(
        ("query", "caption"),
        {
            "a photo of my cats on the sofa": "An orange cat curled up on the sofa",
            "we watched the sunset by the ocean": "A sunset over the ocean",
            "bar chart showing the sales": "A bar chart of monthly sales",
            "telescopes": "A telescope under a starry sky",
        }.items(),
    )
    def other_words_for_it_find_it(query: str, caption: str):
        assert DemoCatalogue().search(query, 1)[0].caption == caption

    def best_come_first_and_no_more_than_asked_for():
        hits = DemoCatalogue().search("a dog in the park near a lake with trees", 5)
        assert len(hits) == 5
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)

    @pytest.mark.parametrize("query", ["", "the of and", "xyzzy", "猫", "%*(["])
    def no_shared_word_finds_nothing(query: str):
        assert DemoCatalogue().search(query, 5) == []


def describe_picture():
    def it_is_drawn_and_always_the_same():
        first, again = DemoCatalogue().picture("scene-000"), DemoCatalogue().picture("scene-000")
        assert first == again
        assert Image.open(io.BytesIO(first.data)).info["Software"] == "stark offline drawing"

    def another_shelf_holds_another_drawing():
        assert DemoCatalogue().picture("scene-001").sha256 != DemoCatalogue("web").picture("scene-001").sha256

    @pytest.mark.parametrize("scene", ["scene-999", "", "../scene-000"])
    def an_unknown_one_is_named(scene: str):
        with pytest.raises(NotFound, match="scene-000 to"):
            DemoCatalogue().picture(scene)


def describe_shelf_web():
    def its_results_say_where_they_come_from():
        for image in asyncio.run(DemoWebSearch().search("coffee", 3)):
            assert (image.source, image.licence) == ("offline shelf", LICENCE)
            assert not image.url.startswith("http")

    def its_results_can_be_fetched():
        async def both() -> Fetched | Refused:
            (found,) = await DemoWebSearch().search("a birthday cake", 1)
            return await DemoWebSearch().fetch(found.url)

        fetched = asyncio.run(both())
        assert isinstance(fetched, Fetched)
        assert (fetched.width, fetched.height) == (640, 480)

    @pytest.mark.parametrize(
        ("url", "why"),
        {
            "http://127.0.0.1/": FetchRefusal.SCHEME,
            "file:///etc/passwd": FetchRefusal.SCHEME,
            "offline-shelf:retrieval/scene-000": FetchRefusal.SCHEME,
            "offline-shelf:web/scene-999": FetchRefusal.STATUS,
        }.items(),
    )
    def nothing_else_can(url: str, why: FetchRefusal):
        refused = asyncio.run(DemoWebSearch().fetch(url))
        assert isinstance(refused, Refused)
        assert refused.reason is why


def describe_text_index():
    def scores_are_tf_idf_cosines():
        index = TextIndex.of(["red cat", "red dog", "blue dog dog"])
        rare, common = math.log(1 + 3 / 1), math.log(1 + 3 / 2)
        ((number, score), *_) = index.nearest("cat", 3)
        assert number == 0
        assert score == pytest.approx(rare / math.hypot(rare, common))
        assert [n for n, _ in index.nearest("dogs", 3)] == [2, 1]

    def an_empty_one_finds_nothing():
        assert TextIndex.of([]).nearest("cat", 3) == []
