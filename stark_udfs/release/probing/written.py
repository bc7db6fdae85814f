"""Writing `probe_scores`: each system's last evaluation, a row per probe."""

from collections.abc import Iterable, Sequence

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from stark_udfs.core.ids import stable_id
from stark_udfs.engine import diff
from stark_udfs.engine.run import new_run_id
from stark_udfs.engine.system_tables import Provenance
from stark_udfs.release.probing.evaluation import Evaluation
from stark_udfs.settings.run import StorageSettings
from stark_udfs.stages.probes.scores import TABLE, ProbeScore
from stark_udfs.stages.text.words import excerpt
from stark_udfs.tables.schema import struct_type
from stark_udfs.tables.tables import Tables

ANSWER_LIMIT = 2000  # characters
OF_A_SYSTEM = ("system", "context", "phrased")


def score_rows(found: Evaluation, *, phrased: bool) -> list[ProbeScore]:
    """The rows of one evaluation."""
    return [
        ProbeScore(
            score_id=stable_id(one.probe_id, found.system, found.context, phrased),
            probe_id=one.probe_id,
            episode_id=one.episode_id,
            kind=one.kind,
            system=found.system,
            model=found.model,
            context=found.context,
            phrased=phrased,
            answer=excerpt(found.answers[one.probe_id], ANSWER_LIMIT) if one.probe_id in found.answers else None,
            score=one.match,
            f1=round(one.f1, 6),
            abstained=one.abstained,
        )
        for one in found.scores
    ]


def write_scores(
    spark: SparkSession, storage: StorageSettings, evaluations: Sequence[Evaluation], *, phrased: bool
) -> diff.RowChanges:
    """Put the scores in the place of those that the same systems had before; how many rows that changed.

    Args:
        spark: the session.
        storage: of the warehouse.
        evaluations: of any systems; the rows of others stay.
        phrased: whether a model's wording was asked.
    """
    tables = Tables(spark, storage)
    run = new_run_id()
    rows = [
        {**row.model_dump(mode="json"), "unit_key": row.episode_id, "provider": found.provider, "run_id": run}
        for found in evaluations
        for row in score_rows(found, phrased=phrased)
    ]
    fields = [*struct_type(TABLE.record).fields, *struct_type(Provenance).fields]
    new = spark.createDataFrame(rows, StructType(fields))
    if not tables.exists(TABLE):
        tables.append(TABLE, new)
        return diff.RowChanges(insert=len(rows))
    mine = F.broadcast(_systems(spark, evaluations, phrased=phrased))
    old = tables.read(TABLE).join(mine, list(OF_A_SYSTEM), "left_semi")
    changed = diff.row_changes(TABLE, new, old).localCheckpoint()
    counts = diff.count(changed)
    diff.write(tables, TABLE, changed, counts)
    return counts


def _systems(spark: SparkSession, evaluations: Iterable[Evaluation], *, phrased: bool) -> DataFrame:
    named = sorted({(found.system, found.context, phrased) for found in evaluations})
    return spark.createDataFrame(named, "system string, context string, phrased boolean")
