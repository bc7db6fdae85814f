from dataclasses import replace
from pathlib import Path

import pytest

from stark_udfs.core.rejects import Reject
from stark_udfs.engine.estimate import EstimateSource, of_example
from stark_udfs.engine.forecast import forecast
from stark_udfs.engine.stage import ChatStage
from stark_udfs.stages.pipeline import load_settings, stages

CONF = Path(__file__).parents[2] / "conf"
CHAT = [stage for stage in stages(load_settings("base", conf=CONF)) if isinstance(stage, ChatStage)]


def describe_examples():
    @pytest.mark.parametrize("target", ["base", "demo", "paper", "openai"])
    def it_has_a_unit_for_every_chat_stage_that_is_asked_to_its_end(target: str):
        settings = load_settings(target, conf=CONF)
        for stage in stages(settings):
            if isinstance(stage, ChatStage):
                assert stage.example is not None
                sizes = of_example(stage, stage.example)
                assert sizes.calls == len(stage.example.replies)
                assert sizes.tokens_in > 100

    @pytest.mark.parametrize("stage", CHAT, ids=lambda stage: stage.name)
    def it_is_accepted_by_the_parsers(stage):
        parsed = stage.parse(stage.example.row, stage.example.replies)
        rejects = [item for item in parsed if isinstance(item, Reject)]
        assert parsed
        assert {reject.reason.value for reject in rejects} <= {"repetitive"}  # one summary stands for all


def describe_forecast():
    def it_follows_from_the_settings_where_there_is_no_warehouse():
        settings = load_settings("openai", conf=CONF, overrides=["pipeline.episodes=10"])
        found = {one.stage: one for one in forecast(stages(settings), settings, None)}
        pictures = {name for name, one in found.items() if one.basis is EstimateSource.PICTURES}
        assert pictures == {"faces", "images"}
        assert {found[name].basis for name in found.keys() - pictures} == {EstimateSource.EXAMPLE}
        assert found["images"].todo.units == found["image_plans"].todo.units > found["faces"].todo.units == 10
        assert (found["sessions"].todo.counted, found["sessions"].todo.units) == (None, 10)
        assert found["sessions"].calls == 60
        assert 0 < found["sessions"].money_low < found["sessions"].money < found["sessions"].money_high

    def it_grows_with_the_episodes_and_the_price():
        one, ten = (_money("openai", f"pipeline.episodes={count}") for count in (1, 10))
        dear = _money("openai", "pipeline.episodes=10", "models.default.price.output=6.0")
        assert ten == pytest.approx(10 * one, rel=0.2)
        assert dear > 2 * ten

    def it_refuses_a_example_that_ends_too_soon():
        settings = load_settings("base", conf=CONF)
        stage = next(stage for stage in stages(settings) if stage.name == "sessions")
        assert isinstance(stage, ChatStage)
        assert stage.example is not None
        short = replace(stage.example, replies=())
        with pytest.raises(IndexError, match="asks for one more"):
            of_example(stage, short)


def _money(target: str, *overrides: str) -> float:
    settings = load_settings(target, conf=CONF, overrides=overrides)
    return sum(one.money for one in forecast(stages(settings), settings, None))
