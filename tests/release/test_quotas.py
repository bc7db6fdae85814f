import pytest

from stark_udfs.core.errors import SettingsError
from stark_udfs.release.quotas import Tally, filled, first_round, next_round
from stark_udfs.stages.people.quotas import QuotasSettings

STRATA = ["a", "b", "c"]
QUOTAS = QuotasSettings(accepted=4, max_candidates=100)
NOTHING = Tally({}, {})


def describe_first_round():
    def it_starts_as_many_as_are_to_be_accepted_or_were_started_before():
        assert first_round(QUOTAS, STRATA, Tally({}, {"b": 9})) == {"a": 4, "b": 9, "c": 4}

    def it_refuses_quotas_that_the_limit_cannot_hold():
        with pytest.raises(SettingsError, match="3 strata with 4 episodes each take 12 candidates at least"):
            first_round(QUOTAS.model_copy(update={"max_candidates": 11}), STRATA, NOTHING)

    def it_needs_a_quota():
        with pytest.raises(SettingsError, match=r"quotas\.accepted is not set"):
            first_round(QuotasSettings(), STRATA, NOTHING)


def describe_next_round():
    def it_raises_open_strata_by_what_their_acceptance_says_and_leaves_the_others():
        started = {"a": 4, "b": 4, "c": 4}
        now = Tally({"a": 4, "b": 2}, {"a": 4, "b": 4, "c": 4})
        found, short = next_round(QUOTAS, started, now, None)
        assert found == {"a": 4, "b": 8, "c": 44}
        assert short == []
        assert next_round(QUOTAS, started, now, None) == (found, short)

    def it_guesses_where_a_stratum_has_too_few_to_tell():
        found, _ = next_round(QUOTAS, {"a": 4}, Tally({}, {"a": 2}), None)
        assert found == {"a": 12}

    def it_ends_where_no_candidate_is_allowed_any_more():
        quotas = QUOTAS.model_copy(update={"max_candidates": 12})
        now = Tally({"a": 4, "b": 3}, {"a": 4, "b": 4, "c": 4})
        found, short = next_round(quotas, {"a": 4, "b": 4, "c": 4}, now, None)
        assert found == {"a": 4, "b": 4, "c": 4}
        assert [(one.stratum, one.accepted) for one in short] == [("c", 0), ("b", 3)]
        assert {one.why for one in short} == {"quotas.max_candidates is reached"}

    def it_shares_what_is_left_with_those_that_lack_most_first():
        quotas = QUOTAS.model_copy(update={"max_candidates": 20})
        found, short = next_round(quotas, {"a": 4, "b": 4}, Tally({"b": 3}, {"a": 4, "b": 4}), None)
        assert sum(found.values()) == 20
        assert found["a"] == 16
        assert [one.stratum for one in short] == ["b"]

    def it_gives_up_on_a_stratum_that_has_nobody_left():
        before, now = Tally({"a": 1}, {"a": 2}), Tally({"a": 1}, {"a": 2})
        found, short = next_round(QUOTAS, {"a": 12}, now, before)
        assert found == {"a": 12}
        assert short[0].why.startswith("nobody left")

    def it_does_not_give_up_for_one_candidate_that_was_dropped():
        before, now = Tally({"a": 3}, {"a": 4}), Tally({"a": 3}, {"a": 4})
        found, short = next_round(QUOTAS, {"a": 5}, now, before)
        assert found["a"] > 5
        assert short == []


def describe_filled():
    def it_names_the_strata_that_have_enough():
        assert filled(QUOTAS, STRATA, Tally({"a": 4, "b": 3, "c": 9}, {})) == ["a", "c"]
