"""What paid questions to a search provider are expected to cost; no Spark."""

import dataclasses

import pytest

from stark_udfs.engine.estimate import FEWEST, CostEstimator, EstimateSource, expected_questions
from stark_udfs.stages.images import faces
from stark_udfs.stages.images.images import stage as images
from stark_udfs.stages.pipeline import load_settings

BRAVE = load_settings("base", overrides=["pictures.provider=models", "pictures.web.provider=brave"])
FREE = load_settings("base", overrides=["pictures.provider=models"])


def describe_expected_questions():
    def they_follow_from_what_finished_units_asked():
        found = expected_questions(1000, 0.005, asked=25, finished=100)
        assert (found.calls, found.money, found.basis) == (250, 1.25, EstimateSource.REPLIES)
        assert 0 < found.money_low < 1.25 < found.money_high

    def without_history_they_are_at_most_one_each():
        found = expected_questions(40, 0.005, asked=1, finished=FEWEST - 1)
        assert (found.money_low, found.money, found.money_high) == (0.0, 0.2, 0.2)
        assert found.basis is EstimateSource.QUESTIONS

    def nothing_to_do_costs_nothing():
        assert expected_questions(0, 0.005, asked=0, finished=0).money_high == 0.0


def describe_foresight():
    def it_tells_of_stages_that_search_for_money_alone():
        foresight = CostEstimator(None, ())
        told = foresight.of(images.stage(BRAVE), 10)
        assert told is not None
        assert told.money == pytest.approx(0.05)
        assert foresight.of(faces.stage(BRAVE), 10) is None
        assert foresight.of(images.stage(FREE), 10) is None

    def their_currency_is_that_of_the_price():
        assert (images.stage(BRAVE).currency, faces.stage(BRAVE).currency, images.stage(FREE).currency) == (
            "USD",
            "",
            "",
        )
        assert dataclasses.replace(images.stage(BRAVE), searches=False).price == 0.0
