"""Rows a second and core of replaying stored replies of `personas`, thirty sentences each."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from tempfile import TemporaryDirectory

from pyspark.sql import types as spark_types

from bench.scale import given
from bench.scale.figures import Figures, timed
from bench.scale.workers import session
from stark_udfs.calls.request import Reply
from stark_udfs.engine.context import Context, Wanted
from stark_udfs.engine.frames import arrow, arrow_schema
from stark_udfs.engine.progress import Quiet
from stark_udfs.engine.replay import replayer, unit_type
from stark_udfs.engine.system_tables import REPLIES
from stark_udfs.engine.unit_stage import replay_units
from stark_udfs.stages.text.personas import stage as personas
from stark_udfs.tables.schema import struct_type
from stark_udfs.tables.tables import Tables
from stark_udfs.tables.tuning import cores

CASE = "parse"
LEAST = 5_000  # rows a second and core
BATCH = 1_000  # units, as Spark hands them out


def measure(units: int) -> Iterator[Figures]:
    """The function alone in this process, then as a job of Spark."""
    yield _alone(min(units, 2 * BATCH))
    yield _in_spark(units)


def _alone(units: int) -> Figures:
    with TemporaryDirectory() as folder:
        script = given.script(given.settings_in(folder))
    known = spark_types.ArrayType(struct_type(Reply))
    schema = arrow_schema(spark_types.StructType([*unit_type().fields, spark_types.StructField("known", known)]))
    rows = ({**given.unit(n), "known": [given.reply(script, n).model_dump()]} for n in range(units))
    batches = list(arrow(rows, schema, size=BATCH))
    play_all = replayer(script)
    took = []
    made = 0
    for _ in range(3):
        begun = time.process_time()
        made = sum(len(outs) for batch in play_all(batches) for outs in batch.column("outs"))
        took.append(time.process_time() - begun)
    return _told("function", units, made, min(took))


def _in_spark(units: int) -> Figures:
    with TemporaryDirectory() as folder, ExitStack() as closing:
        settings = given.settings_in(folder)
        spark = closing.enter_context(session(settings))
        tables = Tables(spark, settings.storage)
        tables.append(REPLIES, given.replies(spark, given.script(settings), units, cores(spark)))
        context = Context(spark, settings, tables, "scale", Wanted(), Quiet(), closing)
        rows = f"{folder}/units"
        given.units(spark, units, cores(spark)).write.parquet(rows)
        played = replay_units(context, personas.stage(settings), spark.read.schema(unit_type()).parquet(rows))
        _, took = timed(lambda: played.write.parquet(f"{folder}/played"))
        made = spark.read.parquet(f"{folder}/played").selectExpr("sum(size(outs)) AS made").first()
        assert made is not None
        figures = _told("workers of a Spark job", units, made["made"], took["worker_cpu_s"])
        return {**figures, "rows_per_s": round(made["made"] / took["wall_s"]), **took}


def _told(what: str, units: int, rows: int, cpu: float) -> Figures:
    per_core = round(rows / cpu)
    return {
        "what": what,
        "units": units,
        "rows": rows,
        "cpu_s": round(cpu, 2),
        "rows_per_s_per_core": per_core,
        "least": LEAST,
        "ok": per_core >= LEAST,
    }
