"""The turns that a model takes in many conversations: an adapter in Python workers, or a server. Kept either way.

An adapter answers by a pandas UDF, whose texts lie under `storage.files`; a server by `stark_udfs.ask`, whose replies
are in the tables. A second call, or one after a kill, asks for what is new alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stark_udfs.core.errors import InputError, SettingsError
from stark_udfs.core.ids import digest
from stark_udfs.ultron.model_registry.named import adapter_named, latest_adapter
from stark_udfs.ultron.samples import Sample
from stark_udfs.ultron.training.outcome import TrainedAdapter

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from stark_udfs.stages.pipeline import Settings


@dataclass(frozen=True)
class Answerer:
    """Who takes the turns.

    Attributes:
        label: in tables of results.
        adapter: a trained adapter's folder; None: a server.
        model: a key of `models`, where it is a server.
        run: the training's key in MLflow, by which its model card finds results; empty for a server.
    """

    label: str
    adapter: Path | None = None
    model: str = ""
    run: str = ""

    @classmethod
    def named(cls, name: str | None, settings: "Settings") -> "Answerer":
        """By a folder, by MLflow's name (`models:/ultron/1`) or by a key of `models`; None: the adapter trained last.

        Raises:
            SettingsError: there is no such model, or none was trained yet.
        """
        if name is not None and name in settings.models:
            return cls(settings.models[name].name, model=name)
        if name is None:
            folder = latest_adapter(settings.ultron.out, "dialogue")
            if folder is None:
                raise SettingsError(
                    f"no model was trained in {settings.ultron.out} yet: run `stark train`, or name one with --ultron: "
                    "a folder, models:/ultron/1, or a key of `models` with a server."
                )
        else:
            folder = adapter_named(name, settings.tracking, settings.storage.tables)
        facts = TrainedAdapter.read(folder)
        if facts.task != "dialogue":
            raise SettingsError(f"{folder} is a summariser: it takes no turns. Name a model of `stark train`.")
        base = Path(facts.base).name
        return cls(f"Ultron on {base} ({facts.run.rpartition('-')[2][:8] or folder.name})", folder, run=facts.run)


def answers(
    who: Answerer, samples: Mapping[str, Sample], spark: "SparkSession", settings: "Settings"
) -> dict[str, str]:
    """What is said in each conversation, by key; empty where a server gave no answer.

    Args:
        who: takes the turns.
        samples: by a key, without their targets; an answer that was begun is gone on with.
        spark: a session; an adapter is loaded in `ultron.processes` of its workers.
        settings: places, and of a server the model and its limits.

    Raises:
        InputError: there is no sample.
        SettingsError: the model cannot be loaded.
    """
    if not samples:
        raise InputError("there is no turn to take.")
    if who.adapter is None:
        return _of_server(who, samples, spark, settings)
    return _of_adapter(who.adapter, samples, spark, settings)


def _of_adapter(
    adapter: Path, samples: Mapping[str, Sample], spark: "SparkSession", settings: "Settings"
) -> dict[str, str]:
    from stark_udfs.tables.address import located
    from stark_udfs.ultron.generate import UltronSpec
    from stark_udfs.ultron.retrieval.describe_udf import describe_udf

    spec = UltronSpec.of(adapter, max_tokens=settings.ultron.max_tokens)
    rows = [(key, sample.as_json()) for key, sample in sorted(samples.items())]
    frame = spark.createDataFrame(rows, "key string, sample string").repartition(settings.ultron.processes)
    take_turn = describe_udf(spec, located(settings).storage.files)
    return {row["key"]: row["text"] for row in frame.select("key", take_turn("sample").alias("text")).collect()}


def _of_server(
    who: Answerer, samples: Mapping[str, Sample], spark: "SparkSession", settings: "Settings"
) -> dict[str, str]:
    from stark_udfs.udfs.ask import ask

    rows = [(key, prompt_of(sample)) for key, sample in sorted(samples.items())]
    asked = ask(
        spark.createDataFrame(rows, "key string, prompt string").withColumnRenamed("key", "turn_key"),
        key="turn_key",
        prompt="prompt",
        settings=settings,
        model=who.model,
        name=f"turns_{digest(who.model, rows)[:12]}",  # other conversations are another table
        reply_tokens=512,
    )
    return {row["turn_key"]: row["text"] or "" for row in asked.collect()}


def prompt_of(sample: Sample) -> str:
    """A sample as one text for a server; its pictures are left out."""
    lines = [sample.head, *(line.text for line in sample.lines), f"{sample.tail} {sample.begun}".strip()]
    if sample.begun:
        lines.append("(Go on from here; an image is shared in this turn.)")
    return "\n".join(lines)
