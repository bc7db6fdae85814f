"""Who may be shown, and by which modules."""

import pytest

from stark_udfs.core.rejects import Reject, RejectReason
from stark_udfs.images.requests import Module
from stark_udfs.stages.images.image_plans.rules import Shown
from stark_udfs.stages.images.safety import may_make
from tests.stages.images import decisions

BEFORE = decisions.kept()


@pytest.fixture(scope="module")
def decided() -> dict[str, list[str]]:
    return decisions.decided()


def modules_of(shown: Shown, real_person: str | None) -> tuple[Module, ...]:
    allowed = may_make(shown, real_person)
    assert not isinstance(allowed, Reject)
    return allowed


def describe_the_one_rule():
    @pytest.mark.parametrize("name", sorted(BEFORE))
    def it_decides_as_the_two_rules_did_that_stood_in_its_place(name: str, decided: dict[str, list[str]]):
        now = decided[name]
        assert len(now) == len(BEFORE[name])
        moved = [
            (number, was, is_now)
            for number, (was, is_now) in enumerate(zip(BEFORE[name], now, strict=True))
            if was != is_now
        ]
        assert moved == []

    def it_is_held_against_every_kind_of_decision():
        found = {decision.split()[0] for rows in BEFORE.values() for decision in rows}
        assert found >= {"asked", "silent", "withheld_minor", "real_person", "no_face", *Module}


def describe_may_make():
    @pytest.mark.parametrize("shown", [Shown.USER, Shown.WITH_OTHERS])
    def the_user_is_painted_with_their_own_face_and_nothing_else(shown: Shown):
        assert may_make(shown, None) == (Module.P_T2I,)

    def nobody_else_gets_the_users_face():
        for shown in (Shown.OTHERS, Shown.NOBODY, Shown.DOCUMENT):
            assert Module.P_T2I not in modules_of(shown, None)

    def a_real_person_is_never_painted():
        for shown in (Shown.OTHERS, Shown.NOBODY, Shown.DOCUMENT):
            assert set(modules_of(shown, "Frida Kahlo")) == {Module.WEB, Module.RETRIEVAL}

    def a_real_person_with_the_user_is_made_by_nothing():
        refused = may_make(Shown.WITH_OTHERS, "Frida Kahlo")
        assert isinstance(refused, Reject) and refused.reason is RejectReason.REAL_PERSON
