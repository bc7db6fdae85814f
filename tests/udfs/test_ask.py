"""`ask`: one's own DataFrame, real Spark and Delta, a real HTTP server that counts."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from stark_udfs.core.errors import GuardStopped, InputError
from stark_udfs.engine.system_tables import REPLIES, RUNS
from stark_udfs.settings.run import RunSettings
from stark_udfs.tables.tables import Tables
from stark_udfs.udfs.ask import ask
from tests.engine.servers import Guide, serving


class Word(BaseModel):
    length: int
    letters: list[str]


def letters(prompt: str, number: int) -> dict[str, Any]:
    word = re.split(r"\W", prompt)[-1]
    return {"length": len(word), "letters": list(word)}


@pytest.fixture
def guide() -> Guide:
    return Guide(letters)


@pytest.fixture
def asked(spark: SparkSession, tmp_path: Path, guide: Guide) -> Iterator[Callable[..., list[dict[str, Any]]]]:
    with serving(guide) as url:
        wire = {"name": "words", "base_url": url, "in_flight": 8, "attempts": 1, "price": {"input": 1.0}}
        settings = RunSettings.model_validate({"models": {"default": wire}})

        def run(words: list[str | None], **more: Any) -> list[dict[str, Any]]:
            frame = spark.createDataFrame(list(enumerate(words)), "id int, word string")
            said = F.concat(F.lit("Spell "), "word")
            more = {"reply": Word, "settings": settings, "warehouse": str(tmp_path), "prompt": said, **more}
            answered: DataFrame = ask(frame, key="id", **more)
            return sorted((row.asDict(recursive=True) for row in answered.collect()), key=lambda row: row["id"])

        yield run


def describe_ask():
    def it_adds_the_fields_of_the_reply_and_pays_for_new_rows_alone(
        asked: Callable[..., list[dict[str, Any]]], guide: Guide, spark: SparkSession, tmp_path: Path
    ):
        first = asked(["ant", "bee", None])
        assert first == [
            {"id": 0, "word": "ant", "length": 3, "letters": ["a", "n", "t"], "error": None},
            {"id": 1, "word": "bee", "length": 3, "letters": ["b", "e", "e"], "error": None},
            {"id": 2, "word": None, "length": None, "letters": None, "error": "empty: the prompt is null"},
        ]
        assert guide.calls == 2
        assert asked(["ant", "bee", None]) == first
        assert guide.calls == 2
        assert [row["length"] for row in asked(["ant", "bee", None, "mouse"])] == [3, 3, None, 5]
        assert guide.calls == 3
        storage = RunSettings(models={}).storage.model_copy(update={"tables": f"{tmp_path}/tables"})
        tables = Tables(spark, storage)
        assert tables.read(REPLIES).count() == 3
        assert tables.read(RUNS).where("stage = 'answers'").count() == 2

    def it_stops_before_it_pays_again_for_a_changed_prompt(asked: Callable[..., list[dict[str, Any]]], guide: Guide):
        asked(["ant", "bee"])
        with pytest.raises(GuardStopped, match=r"(?s)1 units because the rows .* changed.*remake=True"):
            asked(["ant", "wasp"])
        assert guide.calls == 2
        assert [row["length"] for row in asked(["ant", "wasp"], remake=True)] == [3, 4]
        assert guide.calls == 3

    def it_goes_on_where_a_run_was_cut_off(asked: Callable[..., list[dict[str, Any]]], guide: Guide):
        guide.answer = lambda prompt, number: 500 if "bee" in prompt else letters(prompt, number)
        (_, bee) = asked(["ant", "bee"])
        assert (bee["length"], bee["error"]) == (None, "open: not answered yet; ask again")
        guide.answer = letters
        assert [row["error"] for row in asked(["ant", "bee"])] == [None, None]
        assert guide.prompts["Spell ant"] == 1

    def it_takes_text_where_no_reply_is_described(asked: Callable[..., list[dict[str, Any]]], guide: Guide):
        guide.answer = lambda prompt, number: f"to {prompt}"
        (row,) = asked(["ant"], reply=None, name="texts")
        assert row == {"id": 0, "word": "ant", "text": "to Spell ant", "error": None}

    def it_refuses_keys_that_do_not_name_a_row(asked: Callable[..., list[dict[str, Any]]], spark: SparkSession):
        twice = spark.createDataFrame([(1, "a"), (1, "b"), (None, "c")], "id int, word string")
        settings = RunSettings.model_validate({"models": {"default": {"name": "m", "base_url": "http://127.0.0.1:9"}}})
        with pytest.raises(InputError, match="3 rows have 1 different keys and 1 without one"):
            ask(twice, key="id", prompt="word", settings=settings)
        with pytest.raises(InputError, match="a column 'text' already"):
            ask(twice.withColumn("text", F.lit("")), key="id", prompt="word", settings=settings)
