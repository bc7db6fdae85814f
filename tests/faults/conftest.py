"""The fault suite's benches, small: a toy stage in this process, and `stark run` up to the first paid stage."""

import json
from collections.abc import Mapping, Sequence

import pytest
from pyspark.sql import SparkSession

from bench.faults.trial import Bench, Work
from stark_udfs.calls.providers.offline import embedded
from stark_udfs.core.ids import Json
from stark_udfs.engine.stage import Stage
from stark_udfs.settings.chat_models import Defects
from stark_udfs.stages import pipeline
from stark_udfs.stages.pipeline import Settings, load_settings
from tests.engine import toy
from tests.engine.servers import sights

TOY = toy.Toy(towns=12)
PRICE = "models.default.price={input: 1.0, output: 2.0}"


def guide(block: Mapping[str, Json]) -> tuple[str, str]:
    """The toy stage's author."""
    row = block["row"]
    assert isinstance(row, Mapping)
    return json.dumps(sights(f"of {row['name']}: {('sights', 'motto')[int(str(block['round']))]}", 0)), "stop"


def toy_stages(settings: Settings) -> Sequence[Stage]:
    model = settings.models["default"]
    return toy.stages(
        TOY, str(model.base_url), provider="offline", in_flight=model.in_flight, attempts=6, call_budget_s=60
    )


def to_personas(settings: Settings) -> Sequence[Stage]:
    return pipeline.stages(settings)[:2]


def demo_settings(overrides: Sequence[str]) -> Settings:
    return load_settings("demo", overrides=overrides)


@pytest.fixture(scope="session")
def toy_bench(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    work = Work(demo_settings, toy_stages, guide, ("models.default.in_flight=4", PRICE))
    return Bench(tmp_path_factory.mktemp("toy-faults"), spark, work)


@pytest.fixture(scope="session")
def stark_bench(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    small = ("people.count=40", "pipeline.episodes=32", "models.default.in_flight=2", PRICE)
    author = embedded(Defects())
    command = ("run", "--target", "demo", "--until", "personas", "--set", "tracking.enabled=false")
    work = Work(demo_settings, to_personas, author, small, command)
    return Bench(tmp_path_factory.mktemp("stark-faults"), spark, work)
