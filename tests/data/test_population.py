import pytest

from stark_udfs.data.population import LAST_AGE, iso3_codes, population, population_version


def describe_population():
    def it_has_every_group_of_every_country_once():
        groups = {(count.country, count.sex, count.age_from) for count in population()}
        assert len(groups) == len(population())
        assert len(groups) == len(iso3_codes()) * 2 * 21

    def it_counts_the_world():
        assert sum(count.people for count in population()) == pytest.approx(8.1e9, rel=0.02)

    def it_closes_the_open_group():
        assert {count.age_to for count in population() if count.age_from == 100} == {LAST_AGE}

    def it_names_each_country_by_one_code():
        assert len(set(iso3_codes().values())) == len(iso3_codes()) == 193
        assert iso3_codes()["South Korea"] == "KOR"

    def it_has_a_version():
        assert len(population_version()) == 16
