"""`chat_udf` on real Spark against a real HTTP server that counts: each question is paid once."""

import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

import psutil
import pytest
from pydantic import BaseModel, Field
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from stark_udfs.core.errors import SchemaError, SettingsError
from stark_udfs.settings.run import RunSettings
from stark_udfs.testing.faults import Faults
from stark_udfs.udfs.chat import chat_udf
from tests.engine.servers import Guide, serving
from tests.engine.stubs import stubbed


class Mood(StrEnum):
    GOOD = "good"
    BAD = "bad"


class Aspect(BaseModel):
    name: str
    score: float | None = None


class Review(BaseModel):
    """What a review says."""

    mood: Mood
    kind: Literal["short", "long"]
    aspects: list[Aspect]
    best: Aspect | None = None
    stars: int = Field(ge=1, le=5)


REVIEW = {"mood": "good", "kind": "short", "stars": 4, "best": {"name": "price"}}
REVIEW |= {"aspects": [{"name": "taste", "score": 0.5}, {"name": "price", "score": None}]}


def spoken(prompt: str, number: int) -> str:
    return f"to {prompt}"


@dataclass
class Desk:
    """One place for replies, and one server."""

    spark: SparkSession
    folder: Path
    guide: Guide
    url: str

    def settings(self, url: str = "", limits: dict[str, object] | None = None, **model: object) -> RunSettings:
        wire = {"name": f"m-{self.folder.name}", "base_url": url or self.url, "in_flight": 8, "timeout_s": 20}
        wire |= {"price": {"input": 1.0, "output": 2.0}, **model}
        storage = {"tables": f"{self.folder}/tables", "files": f"{self.folder}/files"}
        return RunSettings.model_validate({"storage": storage, "models": {"default": wire}, "limits": limits or {}})

    def udf(self, shape: type[BaseModel] | None = None, **more: Any) -> Callable[..., Any]:
        own = {name: more.pop(name) for name in ("system", "reasks", "model") if name in more}
        return chat_udf(self.settings(**more), shape=shape, spark=self.spark, **own)

    def prompts(self, count: int, tasks: int = 2) -> DataFrame:
        return self.spark.range(0, count, 1, tasks).select("id", F.format_string("q%d", "id").alias("prompt"))


@pytest.fixture
def desk(spark: SparkSession, tmp_path: Path) -> Iterator[Desk]:
    guide = Guide(spoken)
    with serving(guide) as url:
        yield Desk(spark, tmp_path, guide, url)


def rows(frame: DataFrame, struct: str = "said") -> list[dict[str, Any]]:
    found = [row.asDict(recursive=True) for row in frame.select("id", f"{struct}.*").collect()]
    return sorted(found, key=lambda row: row["id"])


def kill_a_client_of(url: str) -> None:
    port = int(url.rsplit(":", 1)[1].split("/", maxsplit=1)[0])
    for process in psutil.Process().children(recursive=True):
        if any(one.raddr and one.raddr.port == port for one in process.net_connections()):
            process.send_signal(signal.SIGKILL)
            return
    raise AssertionError("no client was found")


def describe_a_column_of_prompts():
    def it_is_answered_row_by_row_in_a_struct(desk: Desk):
        said = rows(desk.prompts(30).withColumn("said", desk.udf()("prompt")))
        assert [row["text"] for row in said] == [f"to q{n}" for n in range(30)]
        assert said[0] == {
            "id": 0,
            "text": "to q0",
            "error": None,
            "tokens_in": 100,
            "tokens_out": 50,
            "money": pytest.approx(200e-6),
            "reused": False,
        }
        assert desk.guide.calls == 30

    def it_gives_the_fields_of_a_nested_shape(desk: Desk):
        desk.guide.answer = lambda prompt, number: REVIEW
        (row,) = rows(desk.prompts(1).withColumn("said", desk.udf(Review)("prompt")))
        assert {name: row[name] for name in REVIEW} == {**REVIEW, "best": {"name": "price", "score": None}}
        assert row["error"] is None

    def it_leaves_null_prompts_null_and_says_so(desk: Desk):
        frame = desk.prompts(6).withColumn("prompt", F.expr("if(id % 2 = 0, null, prompt)"))
        said = rows(frame.withColumn("said", desk.udf()("prompt")))
        assert [row["text"] for row in said] == [None, "to q1", None, "to q3", None, "to q5"]
        assert [row["error"] for row in said] == ["prompt is null", None] * 3
        assert desk.guide.calls == 3

    def it_asks_equal_prompts_once_and_different_draws_apart(desk: Desk):
        frame = desk.prompts(8, tasks=4).withColumn("prompt", F.lit("same"))
        said = rows(frame.withColumn("said", desk.udf()("prompt")))
        assert [row["text"] for row in said] == ["to same"] * 8
        assert [row["reused"] for row in said].count(False) == desk.guide.calls == 1
        drawn = rows(frame.withColumn("said", desk.udf()("prompt", F.col("id") % 3)))
        assert [row["reused"] for row in drawn].count(False) == desk.guide.calls - 1 == 3


def describe_paying_once():
    def it_holds_where_spark_evaluates_a_udf_twice(desk: Desk):
        frame = desk.prompts(20).withColumn("said", desk.udf()("prompt"))
        kept = frame.where("said.error is null").where("said.text like '%5'")
        assert [row["text"] for row in rows(kept)] == ["to q5", "to q15"]
        assert "ArrowEvalPython" in kept._jdf.queryExecution().executedPlan().toString()
        assert desk.guide.calls == 20

    def it_holds_from_show_to_write_and_for_another_session_of_the_same_storage(desk: Desk, tmp_path: Path):
        frame = desk.prompts(25).withColumn("said", desk.udf()("prompt"))
        frame.collect()
        frame.select("id", "said.*").write.parquet(f"{tmp_path}/out")
        written = desk.spark.read.parquet(f"{tmp_path}/out")
        assert written.where("reused and money > 0").count() == 25
        again = rows(desk.prompts(26).withColumn("said", desk.udf()("prompt")))
        assert [row["reused"] for row in again] == [True] * 25 + [False]
        assert desk.guide.calls == 26

    def it_holds_when_a_worker_is_killed_in_the_middle(desk: Desk):
        killed: list[int] = []

        def answer(prompt: str, number: int) -> str:
            if number == 30 and not killed:
                killed.append(number)
                kill_a_client_of(desk.url)
            return spoken(prompt, number)

        desk.guide.answer, desk.guide.delay_s = answer, 0.02
        said = rows(desk.prompts(80).withColumn("said", desk.udf()("prompt")))
        assert [row["text"] for row in said] == [f"to q{n}" for n in range(80)]
        assert killed == [30]
        assert desk.guide.calls <= 80 + 8  # what was in flight may be asked again, nothing else

    def it_holds_for_a_limit_which_ends_tasks_early(desk: Desk, tmp_path: Path):
        desk.guide.answer = lambda prompt, number: "word " * 1_000  # Spark hands rows on by 64 kB
        desk.guide.delay_s = 0.05
        few = desk.prompts(600, tasks=1).withColumn("said", desk.udf()("prompt")).where("said.error is null").limit(3)
        assert len(few.collect()) == 3
        deadline = time.monotonic() + 30  # the task's process finishes what is in flight after the query has ended
        while len(list((tmp_path / "files").rglob("*.jsonl"))) < desk.guide.calls and time.monotonic() < deadline:
            time.sleep(0.05)
        assert len(list((tmp_path / "files").rglob("*.jsonl"))) == desk.guide.calls < 600
        assert len(few.collect()) == 3
        assert all(times == 1 for times in desk.guide.prompts.values())

    def it_holds_for_two_udfs_one_on_top_of_the_other(desk: Desk):
        chat = desk.udf()
        frame = desk.prompts(20).withColumn("first", chat("prompt")).withColumn("said", chat("first.text"))
        assert [row["text"] for row in rows(frame)] == [f"to to q{n}" for n in range(20)]
        assert desk.guide.calls == 40


def describe_limits():
    def they_are_shared_by_all_tasks(desk: Desk):
        with stubbed(Faults(latency_ms=60)) as (url, stub):
            frame = desk.prompts(160, tasks=4).withColumn("said", desk.udf(url=url)("prompt"))
            assert frame.where("said.error is null").count() == 160
        assert stub.max_in_flight <= 8
        assert stub.counts["served"] == 160

    def a_budget_ends_the_asking_and_the_rows_say_so(desk: Desk):
        frame = desk.prompts(150)
        said = rows(frame.withColumn("said", desk.udf(limits={"budget": 0.02})("prompt")))
        errors = {row["error"].split(";")[0] for row in said if row["error"]}
        paid = sum(row["money"] for row in said)
        assert 0 < paid <= 0.02
        assert errors and all(error.startswith("stopped: budget: ") for error in errors)
        assert desk.guide.calls == sum(row["error"] is None for row in said) < 150
        more = rows(frame.withColumn("said", desk.udf(limits={"budget": 100.0})("prompt")))
        assert [row["error"] for row in more] == [None] * 150
        assert desk.guide.calls == 150

    def a_storm_of_429_is_sat_out_together(desk: Desk):
        with stubbed(Faults(latency_ms=20, throttled=0.3, retry_after_s=0.05)) as (url, stub):
            said = desk.prompts(60).withColumn("said", desk.udf(url=url)("prompt"))
            assert said.where("said.error is null").count() == 60
        assert stub.counts["throttled"] > 0
        assert stub.counts["served"] == stub.stats()["distinct"] == 60


def describe_bad_replies():
    def it_asks_again_with_the_error_and_counts_both(desk: Desk):
        desk.guide.answer = lambda prompt, number: REVIEW if "cannot be used" in prompt else {**REVIEW, "stars": 9}
        (row,) = rows(desk.prompts(1).withColumn("said", desk.udf(Review)("prompt")))
        assert (row["stars"], row["error"], row["tokens_in"]) == (4, None, 200)

    def it_says_what_is_wrong_with_one_that_stays_bad_and_pays_no_further(desk: Desk):
        desk.guide.answer = lambda prompt, number: "no json at all"
        frame = desk.prompts(2).withColumn("said", desk.udf(Review, reasks=1)("prompt"))
        for _ in range(2):
            assert [row["error"].split(":")[0] for row in rows(frame)] == ["not_json", "not_json"]
        assert desk.guide.calls == 4

    def it_leaves_a_failed_call_for_the_next_evaluation(desk: Desk):
        desk.guide.answer = lambda prompt, number: 500
        frame = desk.prompts(2).withColumn("said", desk.udf(attempts=1)("prompt"))
        assert {row["error"].split(":")[0] for row in rows(frame)} == {"transient"}
        desk.guide.answer = spoken
        assert [row["text"] for row in rows(frame)] == ["to q0", "to q1"]


def describe_what_is_refused_before_spark_starts():
    def a_model_that_the_settings_do_not_name(desk: Desk):
        with pytest.raises(SettingsError, match=r"models\.large: no such model\. Known: default\."):
            desk.udf(model="large")

    def a_shape_with_a_field_that_the_struct_has_itself(desk: Desk):
        class Clash(BaseModel):
            error: str

        with pytest.raises(SchemaError, match=r"Clash\.error: the UDF gives a field of that name itself"):
            desk.udf(Clash)

    def a_shape_with_a_part_that_no_schema_can_say(desk: Desk):
        class Free(BaseModel):
            counts: dict[str, int]

        with pytest.raises(SchemaError, match="no free mappings"):
            desk.udf(Free)
