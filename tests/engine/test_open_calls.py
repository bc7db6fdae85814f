"""A stage's open calls, answered from a file as a batch API would: no HTTP call, and rows by the next run."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from stark_udfs.core.errors import GuardStopped, InputError
from stark_udfs.engine.batch.files import BatchAnswer, BatchResult, take_in, unanswered
from stark_udfs.engine.run import run
from stark_udfs.engine.system_tables import REPLIES
from stark_udfs.settings.run import RunSettings
from stark_udfs.tables.schema import struct_type
from stark_udfs.tables.tables import Tables
from tests.engine.conftest import Settle
from tests.engine.servers import Guide, serving, sights
from tests.engine.toy import SIGHTS, Toy, settings_in, stages

TOY = Toy()
A_CALL = (100 * 1.0 + 50 * 2.0) / 1_000_000
SHARE = 0.5  # of the price: what a batch costs


@dataclass
class Batch:
    """One warehouse, a server that nobody should need, and a folder for files."""

    spark: SparkSession
    settings: RunSettings
    guide: Guide
    url: str
    folder: Path

    def write(self, name: str, toy: Toy = TOY) -> Path:
        """The open calls as lines of a file."""
        path = self.folder / name
        calls = unanswered(stages(toy, self.url)[1], self.settings, self.spark)
        path.write_text("".join(json.dumps(call.asDict()) + "\n" for call in calls.collect()))
        return path

    def take_in(self, answers: Path) -> BatchResult:
        rows = self.spark.read.schema(struct_type(BatchAnswer)).json(str(answers))
        return take_in(stages(TOY, self.url)[1], self.settings, self.spark, rows)


@pytest.fixture
def batch(spark: SparkSession, tmp_path: Path) -> Iterator[Batch]:
    settings = settings_in(tmp_path)
    guide = Guide()
    with serving(guide) as url:
        yield Batch(spark, settings, guide, url, tmp_path)


def answered(calls: Path) -> Path:
    """What a batch server makes of a file of calls: a file of answers, in any order, one of them twice."""
    answers = []
    for line in reversed(calls.read_text().splitlines()):
        call = json.loads(line)
        body = json.loads(call["body"])
        assert (body["model"], body["response_format"]["type"]) == ("toy", "json_schema")
        said = json.dumps(sights(body["messages"][-1]["content"], 0))
        answer = {"key": call["key"], "reply": said, "finish_reason": "stop", "model_returned": "toy-1"}
        answers.append(json.dumps({**answer, "tokens_in": 100, "tokens_out": 50}))
    path = calls.with_suffix(".answers.jsonl")
    path.write_text("\n".join([*answers, answers[0]]) + "\n")
    return path


def describe_open_calls():
    def it_answers_a_stage_from_files_round_by_round_without_a_call(batch: Batch, settle: Settle):
        towns, asked = stages(TOY, batch.url)
        settle(batch.folder, TOY.towns)
        first = batch.write("round0.jsonl")
        calls = [json.loads(line) for line in first.read_text().splitlines()]
        assert {(call["round"], call["attempt"]) for call in calls} == {(0, 0)}
        assert all(call["tokens"] > 100 and call["money"] > A_CALL for call in calls)
        assert batch.take_in(answered(first)) == BatchResult(
            replies=6, money=pytest.approx(6 * A_CALL * SHARE), left_out=1
        )
        assert batch.take_in(answered(first)) == BatchResult(replies=0, money=0.0, left_out=7)
        second = batch.write("round1.jsonl")
        assert {json.loads(line)["round"] for line in second.read_text().splitlines()} == {1}
        assert batch.take_in(answered(second)).replies == 6
        done = run((towns, asked), batch.settings, batch.spark).stages[1]
        assert (done.state, done.added, done.calls, done.open) == ("finished", 24, 0, 0)
        assert batch.guide.calls == 0
        tables = Tables(batch.spark, batch.settings.storage)
        assert tables.read(SIGHTS).count() == 24
        assert tables.read(REPLIES).select("key").distinct().count() == tables.read(REPLIES).count() == 12
        with pytest.raises(GuardStopped, match="6 units because the prompt"):
            batch.write("again.jsonl", replace(TOY, words="List three sights of"))

    def it_refuses_answers_without_their_columns(batch: Batch):
        answers = batch.spark.createDataFrame([("k", "{}")], "key string, reply string")
        with pytest.raises(InputError, match="there is no finish_reason, model_returned, tokens_in, tokens_out"):
            take_in(stages(TOY, batch.url)[1], batch.settings, batch.spark, answers)
