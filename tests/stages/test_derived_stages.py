"""Both stages that are derived from whole episodes, on Spark."""

from dataclasses import replace

import pytest
from pyspark.sql import DataFrame, SparkSession

from stark_udfs.core.records import Record
from stark_udfs.engine.checking.checks import measured
from stark_udfs.stages.consistency import stage as consistency
from stark_udfs.stages.images.images import stage as images
from stark_udfs.stages.probes import stage as probes
from stark_udfs.stages.text import albums, narratives, summaries
from stark_udfs.stages.text.commonsense import stage as commonsense
from stark_udfs.stages.text.events import stage as events
from stark_udfs.stages.text.personas import stage as personas
from stark_udfs.stages.text.sessions import stage as sessions
from stark_udfs.tables.schema import struct_type
from tests.stages.given import settings_with
from tests.stages.histories import history, said


@pytest.fixture(scope="module")
def frames(spark: SparkSession) -> dict[str, DataFrame]:
    """Hana, who gets her name wrong in the last session; no memories and no images yet."""
    told = said(history(), "My name is Beatriz.")
    person = {**told.model_dump(), "commonsense_id": "c-1", "persona_id": "p-1", "sentence_form": ""}
    rows: dict[type[Record], list[dict[str, object]]] = {
        narratives.TABLE.record: [person],
        commonsense.TABLE.record: [person],
        personas.TABLE.record: [{**person, "seed_id": "s", "demographic_id": "d", "ordinal": 0, "number": 0}],
        events.TABLE.record: [person],
        albums.TABLE.record: [{**person, "images": person["album"]}],
        sessions.TABLE.record: [{**one.model_dump(), "episode_id": told.episode_id} for one in told.sessions],
        summaries.TABLE.record: [],
        images.TABLE.record: [],
    }
    tables = (narratives, commonsense, personas, events, albums, sessions, summaries, images)
    names = {module.TABLE.record: module.TABLE.name for module in tables}
    return {
        names[record]: spark.createDataFrame(
            [{field: row.get(field) for field in record.model_fields} for row in given],
            nullable(record),
            verifySchema=False,
        )
        for record, given in rows.items()
    }


def nullable(record: type[Record]):
    struct = struct_type(record)
    for field in struct.fields:
        field.nullable = True
    return struct


def describe_consistency():
    def it_has_a_row_for_every_check_of_every_session_and_a_check_for_each(frames):
        stage = consistency.stage(settings_with())
        rows = stage.select(frames).cache()
        wrong = [(row.session_number, row.check_name, row.turn_ids) for row in rows.where("found").collect()]
        assert sorted(wrong) == [(3, "event_told", ["e-1:3:0"]), (3, "profile", ["e-1:3:3"])]
        assert [row.failed_checks for row in consistency.failed(rows).collect()] == [["event_told", "profile"]]
        checks = [replace(check, unit="episode_id") for check in stage.checks]
        found = {one.check.name: one for one in measured({"consistency": rows}, "consistency", checks)}
        assert (found["profile"].value, found["profile"].n, found["profile"].examples) == (1 / 3, 3, "e-1:3")
        assert (found["dates"].value, found["dates"].examples) == (0, None)


def describe_probes():
    def it_has_the_probes_that_are_proved_and_rejects_for_the_others(frames):
        stage = probes.stage(settings_with())
        assert stage.rejects is not None
        rows = stage.select(frames).collect()
        assert len(rows) >= probes.LEAST
        assert {row.episode_id for row in rows} == {"e-1"}
        assert len({row.probe_id for row in rows}) == len(rows)
        assert stage.rejects(frames).columns == ["unit_key", "reason", "detail", "key", "position"]
