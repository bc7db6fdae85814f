import pytest

from stark_udfs.core.errors import InputError
from stark_udfs.stages.people.countries import ALIASES, WITH_ARTICLE, countries, country_named, in_a_sentence


def describe_country_named():
    @pytest.mark.parametrize("country", countries())
    def it_knows_a_country_by_its_own_name(country: str):
        assert country_named(country) == country
        assert country_named(f"  {country.upper()} ") == country

    @pytest.mark.parametrize(
        ("said", "meant"),
        [
            ("US", "United States"),
            ("USA", "United States"),
            ("U.S.", "United States"),
            ("u.s.a.", "United States"),
            ("The United States of America", "United States"),
            ("UK", "United Kingdom"),
            ("Great Britain", "United Kingdom"),
            ("Korea", "South Korea"),
            ("Republic of Korea", "South Korea"),
            ("Korea, Republic of", "South Korea"),
            ("KOR", "South Korea"),
            ("UAE", "United Arab Emirates"),
            ("U.A.E.", "United Arab Emirates"),
            ("Russian Federation", "Russia"),
            ("Viet Nam", "Vietnam"),
            ("Türkiye", "Turkey"),
            ("Cote d'Ivoire", "Côte d'Ivoire"),
            ("Guinea Bissau", "Guinea-Bissau"),
        ],
    )
    def it_knows_the_usual_spellings(said: str, meant: str):
        assert country_named(said) == meant

    def it_tells_neighbours_in_name_apart():
        assert {country_named(name) for name in ("Congo", "DR Congo", "Guinea", "Niger", "Nigeria")} == {
            "Congo",
            "Democratic Republic of the Congo",
            "Guinea",
            "Niger",
            "Nigeria",
        }

    @pytest.mark.parametrize(
        ("said", "nearest"), [("Untied States", "United States"), ("Kasachstan", "Kazakhstan"), ("Brazill", "Brazil")]
    )
    def it_names_the_nearest(said: str, nearest: str):
        with pytest.raises(InputError, match=rf"unknown country '{said}'. Nearest: .*{nearest}"):
            country_named(said)

    @pytest.mark.parametrize("said", ["", "???", "Qwxzy", "中国", "x" * 10_000])
    def it_says_how_to_write_one_when_nothing_is_near(said: str):
        with pytest.raises(InputError, match="Write it as in 'South Korea'"):
            country_named(said)


def describe_in_a_sentence():
    def it_puts_an_article_where_there_is_one():
        assert in_a_sentence("United States") == "the United States"
        assert in_a_sentence("Japan") == "Japan"

    def it_knows_only_countries():
        assert set(countries()) >= WITH_ARTICLE
        assert set(countries()) >= set(ALIASES)
