import random

import pytest

from stark_udfs.demo.author.world import city_of, countries, country, festival, life_stage, place, snows, weather

WARM = ("Egypt", "United Arab Emirates", "Saudi Arabia", "India")


def describe_country():
    @pytest.mark.parametrize("name", countries())
    def it_knows_enough_about_every_country_of_the_paper(name: str):
        known = country(name)
        assert len(known.cities) >= 6
        assert all(len(city.places) >= 5 for city in known.cities)
        assert len(known.foods) >= 10
        assert set(known.family) == {"mother", "father", "grandmother", "grandfather"}
        assert all(1 <= month <= 12 for feast in known.festivals for month in feast.months)

    def it_knows_nineteen_countries():
        assert len(countries()) == 19

    def it_speaks_in_general_words_of_a_country_that_it_does_not_know():
        elsewhere = country("Atlantis")
        assert elsewhere.name == "Atlantis"
        assert len(elsewhere.cities) >= 6


def describe_weather():
    @pytest.mark.parametrize("name", WARM)
    def it_never_snows_in_warm_countries(name: str):
        assert not any(snows(name, city) for city in country(name).cities)

    def it_turns_the_seasons_round_in_the_south():
        assert weather("Argentina", 1).season == "summer"
        assert weather("Germany", 1).season == "winter"

    @pytest.mark.parametrize("name", countries())
    def it_has_words_for_every_city_and_month(name: str):
        for city in country(name).cities:
            for month in range(1, 13):
                assert weather(name, month, city).words


def describe_city_of():
    def it_is_the_same_every_time():
        assert city_of("Japan", "e1") == city_of("Japan", "e1")

    def it_follows_a_city_or_a_place_that_a_text_names():
        assert city_of("Japan", "e1", "I live in Sapporo.").name == "Sapporo"
        assert city_of("Japan", "e1", "I walk to Odori Park.").name == "Sapporo"


def describe_place():
    def it_is_in_the_city():
        city = country("France").cities[0]
        assert place("France", random.Random(1), city) in city.places


def describe_festival():
    def it_falls_in_the_month():
        found = festival("Germany", 12, random.Random(1))
        assert found is not None
        assert 12 in found.months

    def it_is_none_in_a_month_without_one():
        assert festival("Germany", 1, random.Random(1)) is None


def describe_life_stage():
    @pytest.mark.parametrize(
        ("age", "name", "works", "studies"),
        [
            (12, "child", False, True),
            (17, "teen", False, True),
            (20, "student", True, True),
            (40, "midlife", True, False),
            (66, "retired", False, False),
            (103, "retired", False, False),
        ],
    )
    def it_fits_work_and_school_to_the_age(age: int, name: str, works: bool, studies: bool):
        stage = life_stage(age)
        assert (stage.name, stage.works, stage.studies) == (name, works, studies)
