from collections import Counter

import pytest

from stark_udfs.core.ids import rng_of
from stark_udfs.release.audit import STAGE, as_checks, audit, audits
from stark_udfs.release.targets import (
    BAND,
    CATEGORY,
    COUNTRY,
    DIMENSIONS,
    GENDER,
    PAPER,
    REST,
    category_target,
    people_target,
    population_target,
    quotas_target,
)
from stark_udfs.settings.people import PeopleSettings
from stark_udfs.stages.people.sampler import Profile, sampler
from stark_udfs.stages.people.strata import band_of
from stark_udfs.stages.text.personas.categories import CATEGORIES
from stark_udfs.stages.text.personas.settings import PersonasSettings

DICE = dict.fromkeys("abcdef", 1.0)


def thrown(count: int, weights: dict[str, float], seed: int = 0) -> Counter[str]:
    return Counter(rng_of("dice", seed).choices(list(weights), list(weights.values()), k=count))


def describe_audit():
    def it_is_chi_square_as_by_hand():
        found = audit("dice", {"a": 10, "b": 20, "c": 30}, {"a": 1, "b": 1, "c": 1})
        assert found.chi2 == pytest.approx((100 + 0 + 100) / 20)
        assert found.dof == 2
        assert found.p == pytest.approx(0.0067379, rel=1e-4)

    def it_passes_what_was_drawn_from_the_target_nearly_always():
        assert sum(audit("dice", thrown(500, DICE, seed), DICE).ok for seed in range(60)) >= 53

    def it_finds_a_loaded_die():
        found = audit("dice", thrown(500, {**DICE, "a": 2.0}), DICE)
        assert not found.ok
        assert found.p is not None
        assert found.p < 1e-3
        assert found.distance > found.by_chance
        assert found.low <= found.distance <= found.high
        assert next(one.value for one in found.strata if one.off) == "a"

    def its_interval_holds_the_distance_also_of_a_small_set():
        found = audit(
            "dice", thrown(20, dict.fromkeys(map(str, range(30)), 1.0)), dict.fromkeys(map(str, range(30)), 1.0)
        )
        assert found.low <= found.distance <= found.high

    def it_takes_rare_values_together():
        found = audit("x", {"a": 50, "b": 48, "c": 1, "d": 1}, {"a": 50, "b": 48, "c": 1, "d": 1})
        assert found.pooled == ("c", "d")
        assert found.dof == 2
        assert found.p == pytest.approx(1)

    def it_counts_values_beyond_the_target_as_the_others_or_as_impossible():
        assert {one.value: one.count for one in audit("x", {"z": 5}, {"a": 0.5, REST: 0.5}).strata} == {"a": 0, REST: 5}
        assert audit("x", {"z": 50, "a": 50}, {"a": 1.0}).p == 0.0

    def it_says_nothing_of_an_empty_set():
        found = audit("x", {}, DICE)
        assert (found.people, found.p, found.distance) == (0, None, 0.0)

    def it_is_one_where_nothing_is_shared():
        assert audit("x", {"a": 9}, {"b": 1.0}).distance == pytest.approx(1)


def describe_targets():
    def people_drawn_from_the_population_pass():
        people = PeopleSettings()
        drawn = sampler(people)
        found = audits([drawn.draw(7, number) for number in range(3000)], population_target(people))
        assert [one.dimension for one in found] == list(DIMENSIONS)
        assert all(one.ok for one in found), found

    def the_papers_set_is_no_population():
        people = PeopleSettings()
        drawn = sampler(people)
        found = {one.dimension: one for one in audits([drawn.draw(7, number) for number in range(3000)], PAPER)}
        assert not found[BAND].ok
        assert not found[COUNTRY].ok

    def a_users_table_is_its_own_target():
        table = [Profile(age, "male", "Japan", "Japan") for age in (15, 34, 34, 88)]
        target = people_target(table)
        assert target[BAND] == {"10-19": 1, "30-39": 2, "80+": 1}
        assert all(one.distance == 0 for one in audits(table, target))
        assert target[GENDER] == {"male": 4}

    def categories_take_turns_by_their_keys():
        target = category_target(PersonasSettings(sensitive=False))[CATEGORY]
        assert target["Location > Residence"] == 2  # city-state and country
        assert "Medicine" not in target
        even = audits([], category_target(PersonasSettings()), categories=[one.path for one in CATEGORIES] * 10)
        assert [(one.dimension, one.distance, one.ok) for one in even] == [(CATEGORY, 0, True)]

    def quotas_mean_equal_strata_of_the_people_there_are():
        table = [Profile(age, gender, "Japan", "Japan") for age, gender in ((15, "male"), (16, "male"), (34, "female"))]
        target = quotas_target(("age_band", "category"), table, ["Preference > Food"])
        assert target == {BAND: {"10-19": 1, "30-39": 1}, CATEGORY: {"Preference > Food": 1}}
        assert quotas_target(("gender",), table, []) == {GENDER: {"male": 1, "female": 1}}


def describe_as_checks():
    def it_keeps_distance_and_p_with_their_bounds():
        rows = as_checks([audit("dice", thrown(500, {**DICE, "a": 2.0}), DICE)], "equal strata", "r1")
        assert [row.name for row in rows] == [
            "dice: Jensen–Shannon distance to equal strata",
            "dice: p of χ² against equal strata",
        ]
        assert {(row.stage, row.run_id, row.n, row.ok, row.state) for row in rows} == {
            (STAGE, "r1", 500, False, "failed")
        }
        assert rows[0].interval_low is not None
        assert rows[0].high is not None
        assert (rows[1].low, rows[1].high) == (0.01, None)

    def it_says_nothing_of_chi_square_where_it_could_not_be_had():
        assert len(as_checks([audit("x", {}, DICE)], "the population", "r1")) == 1


def describe_band_of():
    def it_goes_in_tens_with_the_oldest_together():
        assert [band_of(age) for age in (10, 19, 20, 79, 80, 104)] == ["10-19", "10-19", "20-29", "70-79", "80+", "80+"]
