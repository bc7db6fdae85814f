import pytest

from stark_udfs.data.population import LAST_AGE, iso3_codes, population, population_version


def describe_population():
    def it_has_no_group_twice():
        assert len({(count.country, count.sex, count.age_from) for count in population()}) == len(population())

    def it_has_every_group_up_to_80_in_every_country():
        groups = {(count.country, count.sex, count.age_from) for count in population()}
        assert groups >= {(c, sex, age) for c in iso3_codes() for sex in ("male", "female") for age in range(0, 80, 5)}

    def it_counts_people():
        assert all(count.people > 0 and count.age_from <= count.age_to for count in population())

    def it_counts_the_world():
        assert sum(count.people for count in population()) == pytest.approx(8.1e9, rel=0.02)

    def it_closes_the_open_group():
        assert {count.age_to for count in population() if count.age_from == 100} == {LAST_AGE}

    def it_names_each_country_by_one_code():
        assert len(set(iso3_codes().values())) == len(iso3_codes()) == 193
        assert iso3_codes()["South Korea"] == "KOR"

    def it_has_a_version():
        assert len(population_version()) == 16
