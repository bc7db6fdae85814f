from pathlib import Path

import pytest

from stark_udfs.cli.options import ALL, RunSelection
from stark_udfs.cli.run import between, of_episodes, wanted_of, with_downstream
from stark_udfs.core.errors import NotFound, SettingsError
from stark_udfs.engine.stage import Stage
from stark_udfs.stages.pipeline import Settings, load_settings, stages
from tests.cli import small
from tests.cli.conftest import CONF


@pytest.fixture(scope="module")
def settings() -> Settings:
    return load_settings("demo", conf=CONF)


@pytest.fixture(scope="module")
def pipeline(settings: Settings) -> tuple[Stage, ...]:
    return stages(settings)


def names(chosen: tuple[Stage, ...]) -> list[str]:
    return [stage.name for stage in chosen]


def describe_between():
    def it_takes_both_ends_in(pipeline):
        assert names(between(pipeline, "narratives", "albums")) == ["narratives", "faces", "events", "albums"]
        assert between(pipeline, None, None) == pipeline

    def it_refuses_ends_that_cross(pipeline):
        with pytest.raises(SettingsError, match="--until personas comes before --from events"):
            between(pipeline, "events", "personas")


def describe_with_downstream():
    def it_adds_all_that_hangs_on_a_stage(pipeline):
        found = with_downstream(pipeline, ["events"])
        assert {"events", "sessions", "summaries", "image_plans", "images", "episodes", "training_samples"} <= found
        assert found.isdisjoint({"personas", "narratives", "faces", "albums"})
        assert "albums" in with_downstream(pipeline, ["narratives"])
        assert with_downstream(pipeline, [ALL]) == set(names(pipeline))
        assert with_downstream(pipeline, []) == frozenset()

    def it_knows_no_other_stage(pipeline):
        with pytest.raises(NotFound):
            with_downstream(pipeline, ["dreams"])


def describe_wanted_of():
    def it_redraws_the_stages_of_an_episode(settings, pipeline, warehouse: Path):
        here = load_settings("demo", conf=CONF, overrides=[f"storage.tables={warehouse}/tables"])
        wanted = wanted_of(here, pipeline, RunSelection(only=small.EPISODE[:4], redraw=True))
        assert wanted.only == small.EPISODE
        assert wanted.redraw == set(names(of_episodes(pipeline)))
        assert "personas" not in wanted.redraw
        assert {"narratives", "sessions"} <= wanted.redraw

    def it_tells_a_reason_from_all_reasons(settings, pipeline):
        assert wanted_of(settings, pipeline, RunSelection(retry_rejects=ALL)).retry_reason is None
        wanted = wanted_of(settings, pipeline, RunSelection(retry_rejects="refused"))
        assert (wanted.retry_rejects, wanted.retry_reason) == (True, "refused")

    def it_removes_only_people_who_left_a_table(settings, pipeline):
        given = load_settings("demo", conf=CONF, overrides=["people.source=main.crm.people"])
        assert wanted_of(given, pipeline, RunSelection(remove_missing=25)).remove_missing == 25
        with pytest.raises(SettingsError, match=r"left people\.source, and it is not set"):
            wanted_of(settings, pipeline, RunSelection(remove_missing=25))
        with pytest.raises(SettingsError, match="--only at one episode"):
            wanted_of(given, pipeline, RunSelection(remove_missing=25, only=small.EPISODE))
