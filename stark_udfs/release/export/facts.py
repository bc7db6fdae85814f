"""What the card and the metadata say of an export: read from the tables, never written by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from stark_udfs.engine.system_tables import REJECTS, REPLIES, RUNS
from stark_udfs.release.export.folder import ExportedFile
from stark_udfs.settings.chat_models import ModelSettings
from stark_udfs.settings.splits import SPLITS
from stark_udfs.stages.dataset import episodes
from stark_udfs.stages.dataset.settings import ReleaseSettings
from stark_udfs.stages.pipeline import TABLES, Settings
from stark_udfs.tables.tables import Tables, one

MOST = 12  # rows of a distribution


@dataclass(frozen=True)
class Facts:
    """All that is said. Distributions are (value, count), the commonest first."""

    release: ReleaseSettings
    seed: int
    splits: Mapping[str, int]
    sessions: int
    turns: int
    images_shared: int
    images_missing: int
    pictures: Mapping[tuple[str, str], int]
    distributions: Mapping[str, Sequence[tuple[str, int]]]
    left_out: Mapping[str, int]
    rejects: Sequence[tuple[str, str, int]]
    stages: Sequence[Mapping[str, Any]]
    calls: Sequence[Mapping[str, Any]]
    prices: Mapping[str, ModelSettings]
    versions: Mapping[str, int]
    providers: Sequence[str]
    files: Sequence[ExportedFile]
    blocked: int

    @property
    def simulated(self) -> bool:
        """Whether any text or picture is by the offline author or drawings."""
        return "offline" in self.providers

    @property
    def episodes(self) -> int:
        """Of all splits."""
        return sum(self.splits.values())


def collect(
    settings: Settings,
    tables: Tables,
    files: Sequence[ExportedFile],
    pictures: Mapping[tuple[str, str], int],
    *,
    blocked: int,
) -> Facts:
    """Read the facts; `files` are those of the data."""
    rows = tables.read(episodes.TABLE)
    kept = rows.where("left_out IS NULL")
    counts = one(
        kept.agg(
            F.sum(F.size("sessions")).alias("sessions"),
            F.sum(F.expr("aggregate(sessions, 0, (n, s) -> n + size(s.turns))")).alias("turns"),
            F.sum("images_shared").alias("images_shared"),
            F.sum("images_missing").alias("images_missing"),
            F.array_distinct(F.flatten(F.collect_set("providers"))).alias("providers"),
        )
    )
    written = [file for file in files if file.part in ("data", "messages")]
    splits = {split: sum(f.rows for f in written if f.split == split) for split in SPLITS}
    return Facts(
        release=settings.release,
        seed=settings.pipeline.seed,
        splits={split: number for split, number in splits.items() if number},
        sessions=counts["sessions"],
        turns=counts["turns"],
        images_shared=counts["images_shared"],
        images_missing=counts["images_missing"],
        pictures=pictures,
        distributions=_distributions(kept),
        left_out={
            row["left_out"]: row["count"]
            for row in rows.where("left_out IS NOT NULL").groupBy("left_out").count().collect()
        },
        rejects=_rejects(tables),
        stages=_stages(tables),
        calls=_calls(tables),
        prices=settings.models,
        versions={table.name: version for table in TABLES if (version := tables.version(table)) is not None},
        providers=sorted(counts["providers"]),
        files=files,
        blocked=blocked,
    )


def for_manifest(facts: Facts) -> dict[str, Any]:
    """The facts that the next reader of the folder may want as JSON."""
    return {
        "name": facts.release.name,
        "version": facts.release.version,
        "seed": facts.seed,
        "simulated": facts.simulated,
        "splits": dict(facts.splits),
        "pictures": {f"{part}:{state}": number for (part, state), number in sorted(facts.pictures.items())},
        "left_out": dict(facts.left_out),
        "block_list_entries": facts.blocked,
        "licences": list(facts.release.licences),
        "table_versions": dict(facts.versions),
    }


def _distributions(kept: DataFrame) -> dict[str, list[tuple[str, int]]]:
    band = F.concat(
        (F.floor(F.col("age") / 10) * 10).cast("string"),
        F.lit("–"),
        (F.floor(F.col("age") / 10) * 10 + 9).cast("string"),
    )
    modules = kept.select(F.explode("sessions.turns").alias("turns")).select(F.explode("turns.images").alias("i"))
    modules = modules.select(F.explode("i").alias("i")).select(F.col("i.picture.module").alias("module"))
    of = {
        "gender": kept.select("gender"),
        "age": kept.select(band.alias("age")),
        "residence": kept.select("residence"),
        "persona category": kept.select("persona_category"),
        "relation": kept.select("relation"),
        "sessions of an episode": kept.select(F.size("sessions").cast("string")),
        "module of a shared image": modules.where("module IS NOT NULL"),
    }
    return {name: _commonest(frame) for name, frame in of.items()}


def _commonest(frame: DataFrame) -> list[tuple[str, int]]:
    name = frame.columns[0]
    rows = (
        frame.groupBy(F.col(f"`{name}`").alias("value")).count().orderBy(F.desc("count"), "value").limit(MOST).collect()
    )
    return [(str(row["value"]), row["count"]) for row in rows]


def _rejects(tables: Tables) -> list[tuple[str, str, int]]:
    if not tables.exists(REJECTS):
        return []
    rows = tables.read(REJECTS).groupBy("stage", "reason").count().orderBy("stage", F.desc("count"), "reason").collect()
    return [(row["stage"], row["reason"], row["count"]) for row in rows]


def _stages(tables: Tables) -> list[dict[str, Any]]:
    """Per stage its last run: rows, what is open, the hash of its prompts, code and settings."""
    if not tables.exists(RUNS):
        return []
    names = ("state", "rows_out", "open", "stage_hash", "run_id")
    last = tables.read(RUNS).groupBy("stage").agg(F.max_by(F.struct(*names), "run_id").alias("last"))
    found = {row["stage"]: row["last"].asDict() for row in last.collect()}
    return [{"stage": table.name, **found[table.name]} for table in TABLES if table.name in found]


def _calls(tables: Tables) -> list[dict[str, Any]]:
    if not tables.exists(REPLIES):
        return []
    rows = (
        tables.read(REPLIES)
        .groupBy("stage", "provider", "model_returned")
        .agg(
            F.count(F.lit(1)).alias("calls"),
            F.sum("tokens_in").alias("tokens_in"),
            F.sum("tokens_out").alias("tokens_out"),
            F.sum("money").alias("money"),
        )
        .orderBy("stage", "provider", "model_returned")
    )
    return [row.asDict() for row in rows.collect()]
