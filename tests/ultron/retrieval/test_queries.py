"""From dialogues to queries."""

import pytest

from stark_udfs.ultron.retrieval.queries import LAST_TURN, QueryForm, without_pleasantries
from tests.ultron.retrieval.worlds import said

QUERY = said("one", "two", "three", target="i")


@pytest.mark.parametrize(
    ("form", "parts"),
    [
        (LAST_TURN, [("three", 1)]),
        (QueryForm(turns=2), [("two three", 1)]),
        (QueryForm(turns=None), [("one two three", 1)]),
        (QueryForm(turns=None, weights=(1, 0.5)), [("three", 1), ("two", 0.5)]),
        (QueryForm(turns=None, own=True), [("one three", 1)]),
        (QueryForm(speakers=True), [("Ana: three", 1)]),
    ],
)
def test_a_form_takes_its_turns(form: QueryForm, parts: list[tuple[str, float]]):
    assert form.parts(QUERY) == parts


def test_two_forms_have_two_names():
    forms = [
        LAST_TURN,
        QueryForm(turns=2),
        QueryForm(own=True),
        QueryForm(weights=(1, 2)),
        QueryForm(pleasantries=False),
    ]
    assert len({form.name for form in forms}) == len(forms)


def test_pleasantries_go_and_the_rest_stays():
    assert without_pleasantries("Thanks, Mel! I painted that lake. Take a look at this.") == "I painted that lake."
    assert without_pleasantries("Wow!") == "Wow!"
