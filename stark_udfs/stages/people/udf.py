"""People on executors: numbers become drawn profiles, a user's rows become profiles or complaints."""

from collections.abc import Callable, Iterable
from dataclasses import asdict

import pyarrow as pa
from pydantic import Field
from pyspark.sql.types import StructType

from stark_udfs.core.ids import stable_id
from stark_udfs.core.records import Record
from stark_udfs.engine.arrow import arrow, arrow_schema, dicts
from stark_udfs.stages.people.sampler import Sampler
from stark_udfs.stages.people.user_table import COLUMNS, ID, Problem, Rules, id_problem, profile_of

Row = dict[str, object]
Batchwise = Callable[[Iterable[pa.RecordBatch]], Iterable[pa.RecordBatch]]


class UserRow(Record):
    """A row of the user's table after the check: a profile, or a problem."""

    number: int = Field(description="from 1, in the order of the table")
    demographic_id: str | None
    age: int | None
    gender: str | None
    birthplace: str | None
    residence: str | None
    problem: str | None


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


def checking(allowed: Rules, struct: StructType) -> Batchwise:
    """A mapInArrow function: numbered rows of the user's table, all text, in; `UserRow`s, of type `struct`, out."""
    schema = arrow_schema(struct)

    def check(batches: Iterable[pa.RecordBatch]) -> Iterable[pa.RecordBatch]:
        return arrow((user_row(row, allowed) for row in dicts(batches)), schema)

    return check


def user_row(row: Row, allowed: Rules) -> Row:
    """One row of the user's table as a `UserRow`.

    Without a column `demographic_id` a row's id follows from what it says: rows that say the same are one.
    """
    texts = {column: None if row[column] is None else str(row[column]) for column in (*COLUMNS, ID) if column in row}
    profile = (id_problem(texts[ID]) if ID in texts else None) or profile_of(texts, allowed)
    made: Row = {**dict.fromkeys(UserRow.model_fields), "number": row["number"]}
    if isinstance(profile, Problem):
        return {**made, "problem": str(profile)}
    says = asdict(profile)
    return {**made, **says, "demographic_id": texts.get(ID) or stable_id("given", *says.values())}
