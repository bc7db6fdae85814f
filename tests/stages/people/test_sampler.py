import pickle
from collections import Counter
from functools import cache

import pytest

from stark_udfs.core.errors import SettingsError
from stark_udfs.data.population import population
from stark_udfs.settings.people import Gender, PeopleSettings
from stark_udfs.stages.people.sampler import Profile, sampler

DRAWS = 20_000
BANDS = tuple((low, low + 10) for low in range(10, 90, 10))
PAPER = (
    "United States",
    "China",
    "Japan",
    "India",
    "United Arab Emirates",
    "France",
    "Germany",
    "Italy",
    "South Korea",
    "Saudi Arabia",
    "Kazakhstan",
    "Brazil",
    "Mexico",
    "Egypt",
    "Argentina",
    "Russia",
    "United Kingdom",
    "Spain",
    "Canada",
)


def gender(word: str, counts_as: str, weight: float = 1.0) -> Gender:
    return Gender(
        word=word,
        noun=word,
        child_noun=word,
        subject="they",
        object="them",
        possessive="their",
        weight=weight,
        counts_as=counts_as,
    )


MALE, FEMALE, NEITHER = gender("male", "male"), gender("female", "female"), gender("non-binary", "both", 0.02)


def people(**changes: object) -> PeopleSettings:
    return PeopleSettings.model_validate(
        {"bands": BANDS, "genders": (MALE, FEMALE, NEITHER), "countries": PAPER, **changes}
    )


@cache
def drawn(settings: PeopleSettings, seed: int = 42, count: int = DRAWS) -> list[Profile]:
    made = sampler(settings)
    return [made.draw(seed, number) for number in range(count)]


def chi_square(found: Counter[object], expected: dict[object, float]) -> float:
    """Of shares, over cells with at least 5 people expected; what is left is one cell more."""
    total, weights = sum(found.values()), sum(expected.values())
    cells = {cell: weight / weights * total for cell, weight in expected.items() if weight / weights * total >= 5}
    rest = total - sum(cells.values()), total - sum(found[cell] for cell in cells)
    statistic = sum((found[cell] - mean) ** 2 / mean for cell, mean in cells.items())
    if rest[0] >= 5:
        statistic += (rest[1] - rest[0]) ** 2 / rest[0]
    return statistic / len(cells)


def describe_population_weights():
    def it_follows_the_counts_of_country_sex_and_age():
        expected: dict[object, float] = {
            (count.country, count.sex, count.age_from): count.people
            for count in population()
            if count.country in PAPER and 10 <= count.age_from < 90
        }
        profiles = [p for p in drawn(people(genders=(MALE, FEMALE))) if p.age < 90]
        found: Counter[object] = Counter((p.birthplace, p.gender, p.age // 5 * 5) for p in profiles)
        assert chi_square(found, expected) < 1.3  # about 280 degrees of freedom: 1.0 ± 0.08

    def it_is_uniform_within_a_group():
        ages = Counter(p.age for p in drawn(people()) if 30 <= p.age < 35)
        assert chi_square(ages, dict.fromkeys(range(30, 35), 1.0)) < 4

    def it_keeps_to_the_ends_of_the_bands():
        ages = {p.age for p in drawn(people(bands=[(18, 23), (61, 62)]))}
        assert ages == {*range(18, 24), 61, 62}

    def it_counts_an_age_once_where_bands_meet():
        ages = Counter(p.age for p in drawn(people()))
        assert ages[20] < 1.25 * ages[19]

    def it_takes_the_open_group_as_five_years():
        assert {p.age for p in drawn(people(bands=[(100, 120)]), count=500)} == set(range(100, 105))

    def it_scales_genders_by_weight():
        found = Counter(p.gender for p in drawn(people()))
        assert found["non-binary"] / DRAWS == pytest.approx(0.02 / 1.02, abs=0.004)
        assert found["male"] / DRAWS == pytest.approx(0.5, abs=0.03)

    def it_lets_people_move_to_where_people_are():
        movers = [p for p in drawn(people()) if p.residence != p.birthplace]
        homes = Counter(p.residence for p in movers)
        assert [place for place, _ in homes.most_common(2)] in (["India", "China"], ["China", "India"])
        assert set(homes) == set(PAPER)


def describe_uniform_weights():
    def it_draws_bands_countries_and_genders_evenly():
        profiles = drawn(people(weights="uniform", genders=(MALE, FEMALE), bands=[(10, 19), (20, 29), (80, 89)]))
        assert chi_square(Counter(p.birthplace for p in profiles), dict.fromkeys(PAPER, 1.0)) < 2
        assert chi_square(Counter(p.gender for p in profiles), dict.fromkeys(["male", "female"], 1.0)) < 4
        assert chi_square(Counter(p.age // 10 for p in profiles), dict.fromkeys([1, 2, 8], 1.0)) < 4
        assert chi_square(Counter(p.age for p in profiles if p.age >= 80), dict.fromkeys(range(80, 90), 1.0)) < 2.5

    def it_includes_both_ends_of_a_band_and_counts_shared_ends_twice():
        ages = Counter(p.age for p in drawn(people(weights="uniform")))
        assert (min(ages), max(ages)) == (10, 90)
        assert ages[20] / ages[25] == pytest.approx(2, abs=0.5)

    def it_moves_people_anywhere_alike():
        movers = [p for p in drawn(people(weights="uniform"), seed=1) if p.residence != p.birthplace]
        assert chi_square(Counter(p.residence for p in movers), dict.fromkeys(PAPER, 1.0)) < 2

    def it_honours_gender_weights():
        found = Counter(p.gender for p in drawn(people(weights="uniform")))
        assert found["non-binary"] / DRAWS == pytest.approx(0.02 / 2.02, abs=0.003)


@pytest.mark.parametrize("weights", ["uniform", "population"])
def describe_both_weights():
    def it_moves_the_share_that_is_asked_for(weights: str):
        for share in (0.0, 0.3, 1.0):
            profiles = drawn(people(weights=weights, moved_share=share))
            moved = sum(p.birthplace != p.residence for p in profiles) / DRAWS
            assert moved == pytest.approx(share, abs=0.015 if 0 < share < 1 else 0)

    def it_draws_nobody_below_min_age(weights: str):
        profiles = drawn(people(weights=weights, min_age=35))
        assert min(p.age for p in profiles) == 35
        assert max(p.age for p in profiles) == 90

    def it_repeats_itself(weights: str):
        made, again = sampler(people(weights=weights)), pickle.loads(pickle.dumps(sampler(people(weights=weights))))
        assert [made.draw(1, n) for n in range(200)] == [again.draw(1, n) for n in range(200)]

    def it_draws_a_profile_alone_as_among_others(weights: str):
        assert sampler(people(weights=weights)).draw(42, 777) == drawn(people(weights=weights))[777]

    def it_depends_on_the_seed_and_not_on_the_count(weights: str):
        assert drawn(people(weights=weights))[:500] != drawn(people(weights=weights), seed=43)[:500]
        assert drawn(people(weights=weights, count=5))[:500] == drawn(people(weights=weights, count=5_000_000))[:500]

    def it_may_draw_twins(weights: str):
        assert len(set(drawn(people(weights=weights)))) < DRAWS

    def it_leaves_out_a_gender_without_weight(weights: str):
        genders = (MALE, FEMALE, gender("other", "both", 0))
        assert {p.gender for p in drawn(people(weights=weights, genders=genders), count=2000)} == {"male", "female"}

    def it_knows_countries_by_other_spellings(weights: str):
        made = drawn(people(weights=weights, countries=["USA", "UK"]), count=200)
        assert {p.birthplace for p in made} == {"United States", "United Kingdom"}


def describe_golden_profiles():
    def it_draws_these_whatever_the_library_or_platform():
        assert [sampler(people()).draw(42, number) for number in range(3)] == [
            Profile(15, "male", "India", "South Korea"),
            Profile(18, "male", "India", "United States"),
            Profile(23, "male", "United Kingdom", "United Kingdom"),
        ]
        assert [sampler(people(weights="uniform")).draw(42, number) for number in range(3)] == [
            Profile(72, "female", "South Korea", "Egypt"),
            Profile(17, "male", "Saudi Arabia", "United States"),
            Profile(67, "male", "Canada", "Canada"),
        ]


def describe_bad_settings():
    @pytest.mark.parametrize(
        ("changes", "complaint"),
        [
            ({"countries": ["Untied States"]}, "people.countries: unknown country 'Untied States'. Nearest: United"),
            ({"countries": ["USA", "U.S."]}, "'U.S.' and 'USA' are both United States"),
            ({"countries": ["Tuvalu", "Japan"]}, "there are no names for Tuvalu. Add them in people.names: a CSV"),
            ({"countries": ["Japan", "Kosovo"]}, "no counts of people for Kosovo. Set people.weights to uniform"),
            ({"countries": ["Japan"]}, "people.moved_share: 0.3 of the people should live abroad"),
            ({"bands": [(10, 20)], "min_age": 30}, "no band reaches people.min_age"),
            ({"bands": [(30, 20)]}, r"people.bands: \[30, 20\] is no band"),
            ({"bands": []}, "no band reaches people.min_age"),
            ({"bands": [(110, 120)]}, "nobody of these ages is counted"),
            ({"genders": []}, "people.genders: no gender has a weight above 0"),
            ({"genders": [gender("x", "both", 0)]}, "people.genders: no gender has a weight above 0"),
            ({"genders": [MALE, MALE]}, "people.genders: 'male' is there twice"),
        ],
    )
    def it_says_what_is_wrong(changes: dict[str, object], complaint: str):
        with pytest.raises(SettingsError, match=complaint):
            sampler(people(**changes))

    def it_draws_from_a_country_that_is_not_counted_when_all_count_alike():
        made = drawn(people(countries=["Kosovo", "TWN"], weights="uniform", moved_share=0), count=50)
        assert {p.birthplace for p in made} == {"Kosovo", "Taiwan"}

    def it_draws_from_one_country_when_nobody_moves():
        made = drawn(people(countries=["Japan"], moved_share=0), count=50)
        assert {(p.birthplace, p.residence) for p in made} == {("Japan", "Japan")}
