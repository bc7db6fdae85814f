"""Drawn people on executors: numbers become profiles."""

from collections.abc import Callable, Iterable
from dataclasses import asdict

import pyarrow as pa
from pyspark.sql.types import StructType

from stark_udfs.core.ids import stable_id
from stark_udfs.engine.frames import arrow, arrow_schema, dicts
from stark_udfs.stages.people.sampler import Sampler

Row = dict[str, object]
Batchwise = Callable[[Iterable[pa.RecordBatch]], Iterable[pa.RecordBatch]]


def drawn_row(sampler: Sampler, seed: int, origin: str, number: int) -> Row:
    """Row `number` of `demographics`, columns in the table's order."""
    profile = sampler.draw(seed, number)
    return {"demographic_id": stable_id(seed, number), **asdict(profile), "origin": origin}


def drawing(sampler: Sampler, seed: int, origin: str, struct: StructType) -> Batchwise:
    """A mapInArrow function: `id`, the number of a profile, in; rows of `demographics`, whose type is `struct`, out."""
    schema = arrow_schema(struct)

    def draw(batches: Iterable[pa.RecordBatch]) -> Iterable[pa.RecordBatch]:
        rows = (drawn_row(sampler, seed, origin, int(str(row["id"]))) for row in dicts(batches))
        return arrow(rows, schema)

    return draw
