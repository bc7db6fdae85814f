import pytest

from stark_udfs.images.web.results import clean, web_image, web_url, words


def describe_clean():
    @pytest.mark.parametrize(
        ("text", "plain"),
        {
            '<a href="//commons.example/User:Ana">Ana</a> &amp; friends': "Ana & friends",
            "two\n lines\tand tabs": "two lines and tabs",
            "bidi \u202egnp.exe": "bidi gnp.exe",
            "nul\x00 bell\x07": "nul bell",
            "<script>alert(1)</script>": "alert(1)",
            "1 < 2 and 3 > 2": "1 2",
            "": "",
        }.items(),
    )
    def it_leaves_plain_text_on_one_line(text: str, plain: str):
        assert clean(text) == plain

    def it_bounds_its_length_and_its_work():
        assert len(clean("<b" * 10_000_000)) <= 300
        assert clean(None) == ""


def describe_web_url():
    @pytest.mark.parametrize("url", ["http://a.example/x.jpg", "https://a.example"])
    def it_takes_addresses_of_the_web(url: str):
        assert web_url(url) == url

    @pytest.mark.parametrize(
        "url",
        ["javascript:alert(1)", "data:,x", "file:///x", "//a.example/x", "http://", "http://[", "x" * 3000, "", None],
    )
    def it_takes_no_other(url: str | None):
        assert web_url(url) is None


def describe_words():
    def it_bounds_a_query():
        assert words("<b>cat</b>\n" + "dog " * 500) == "cat " + " ".join(["dog"] * 49)
        assert len(words("x" * 5000)) == 300


def describe_web_image():
    @pytest.mark.parametrize("side", [0, -5, 10**9])
    def it_forgets_sizes_that_cannot_be(side: int):
        image = web_image(url="http://a.example/x", page=None, title=None, source="s", size=(side, 100))
        assert image is not None
        assert (image.width, image.height) == (None, 100)

    def it_is_none_without_an_address():
        assert web_image(url="javascript:x", page=None, title=None, source="s", size=(None, None)) is None
