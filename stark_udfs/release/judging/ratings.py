"""Writing people's ratings: those of sessions that are there, each once, the newest of a person."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from stark_udfs.core.errors import InputError
from stark_udfs.engine import diff
from stark_udfs.engine.system_tables import Provenance
from stark_udfs.release.judging.label_studio import MOST_BYTES, read_ratings
from stark_udfs.settings.run import StorageSettings
from stark_udfs.stages.text.sessions import stage as sessions
from stark_udfs.stages.verdicts.ratings import TABLE
from stark_udfs.tables.schema import struct_type
from stark_udfs.tables.tables import Tables

IMPORTED = {"provider": "people", "run_id": "import"}


@dataclass(frozen=True)
class Imported:
    """What an import did; `gone` counts ratings of sessions that are not there, `unusable` the others left out."""

    annotations: int
    added: int
    changed: int
    kept: int
    gone: int
    unusable: Mapping[str, int] = field(default_factory=dict)


def import_ratings(spark: SparkSession, storage: StorageSettings, file: Path) -> Imported:
    """Read Label Studio's export into `ratings`.

    Args:
        spark: the session.
        storage: of the warehouse.
        file: JSON or JSON-MIN, 500 MB at most.

    Raises:
        InputError: the file is not there, too large, or no export.
    """
    read = read_ratings(_text(file), where=str(file))
    tables = Tables(spark, storage)
    rows = spark.createDataFrame([one.model_dump() for one in read.ratings], struct_type(TABLE.record))
    there = tables.read(sessions.TABLE).select("episode_id", "session_number")
    rows = rows.join(there, ["episode_id", "session_number"], "left_semi")
    named = {"unit_key": F.concat_ws(":", "episode_id", "session_number"), **{k: F.lit(v) for k, v in IMPORTED.items()}}
    rows = rows.select(*struct_type(TABLE.record).names, *(named[name].alias(name) for name in Provenance.model_fields))
    rows = rows.localCheckpoint()
    usable = rows.count()
    counts = diff.RowChanges(insert=usable)
    if not tables.exists(TABLE):
        tables.append(TABLE, rows)
    else:
        old = tables.read(TABLE)
        newer = (
            rows.alias("new")
            .join(old.select("rating_id", F.col("rated_at").alias("before")), "rating_id", "left")
            .where("before IS NULL OR rated_at >= before")
        )
        changed = diff.row_changes(TABLE, newer.drop("before"), old).where("op <> 'delete'").localCheckpoint()
        counts = diff.count(changed)
        diff.write(tables, TABLE, changed, counts)
    return Imported(
        annotations=read.annotations,
        added=counts.insert,
        changed=counts.update,
        kept=usable - counts.insert - counts.update,
        gone=len(read.ratings) - usable,
        unusable=read.unusable,
    )


def _text(file: Path) -> str:
    try:
        if file.stat().st_size > MOST_BYTES:
            raise InputError(f"{file} has more than {MOST_BYTES:,} bytes. Export fewer tasks at once.")
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file} cannot be read: {error}") from None
