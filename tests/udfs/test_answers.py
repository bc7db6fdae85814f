"""What one task of `chat_udf` does, without Spark: a real server, a real broker, real files."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pydantic import BaseModel

from stark_udfs.calls.errors import BrokerLost
from stark_udfs.calls.limits.budget import Budget
from stark_udfs.calls.limits.messages import CallLimits
from stark_udfs.calls.limits.server import BrokerServer
from stark_udfs.calls.policy import ChatPolicy
from stark_udfs.core.errors import InputError, StorageError
from stark_udfs.settings.chat_models import ChatStageSettings
from stark_udfs.settings.run import RunSettings
from stark_udfs.udfs.chat import ROWS_AHEAD, ChatTask, answers
from stark_udfs.udfs.session import SharedBroker
from stark_udfs.udfs.shapes import reply_shape
from stark_udfs.udfs.store import StorePlace, spent
from tests.engine.servers import Guide, serving


class Word(BaseModel):
    word: str


def spoken(prompt: str, number: int) -> str:
    return f"to {prompt}"


@dataclass
class Town:
    """A broker, a server, and a place for replies."""

    guide: Guide
    task: ChatTask

    def ask(self, *prompts: str | None, task: ChatTask | None = None) -> list[dict[str, Any]]:
        columns = iter([pd.Series(prompts, dtype=object)])
        return [row for frame in answers(task or self.task, columns) for row in frame.to_dict("records")]


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    guide, broker = Guide(spoken), SharedBroker()
    with serving(guide) as url, BrokerServer(broker) as server:
        wire = {"name": "m", "base_url": url, "in_flight": 8, "attempts": 1, "price": {"input": 1.0}}
        settings = RunSettings.model_validate({"models": {"default": wire}})
        chat = ChatPolicy.of(settings, ChatStageSettings())
        broker.open("m", CallLimits(in_flight=8), Budget(None))
        place = StorePlace.of(str(tmp_path), "m", None)
        yield Town(guide, ChatTask(chat, reply_shape(None), "", place, server.place, 2))


def describe_two_tasks_at_once():
    def they_pay_once_for_what_both_ask(town: Town):
        town.guide.delay_s = 0.1
        said: list[list[dict[str, Any]]] = []
        tasks = [threading.Thread(target=lambda: said.append(town.ask("a", "b", "c"))) for _ in range(3)]
        for task in tasks:
            task.start()
        for task in tasks:
            task.join()
        assert town.guide.prompts == {"a": 1, "b": 1, "c": 1}
        assert [[row["text"] for row in rows] for rows in said] == [["to a", "to b", "to c"]] * 3
        assert sorted(row["reused"] for rows in said for row in rows) == [False] * 3 + [True] * 6

    def one_that_fails_leaves_its_turn_to_the_other(town: Town):
        town.guide.answer = lambda prompt, number: 500 if number == 1 else spoken(prompt, number)
        town.guide.delay_s = 0.1
        said: list[str | None] = []
        tasks = [threading.Thread(target=lambda: said.append(town.ask("a")[0]["text"])) for _ in range(2)]
        for task in tasks:
            task.start()
        for task in tasks:
            task.join()
        assert sorted(said, key=str) == [None, "to a"]
        assert town.guide.calls == 2


def describe_replies():
    def they_are_found_by_another_task_and_their_money_is_known(town: Town, tmp_path: Path):
        town.ask("a", "b")
        assert [row["reused"] for row in town.ask("b", "c")] == [True, False]
        assert spent(str(tmp_path)) == pytest.approx(3 * 100e-6)

    def they_are_kept_where_nothing_can_be_appended_bad_ones_included(town: Town):
        town.guide.answer = lambda prompt, number: {"word": "b"} if "cannot be used" in prompt else "no json"
        task = replace(town.task, store=replace(town.task.store, local=False), shape=reply_shape(Word))
        (first,) = town.ask("a", task=task)
        assert (first["word"], first["tokens_in"]) == ("b", 200)
        assert town.ask("a", task=task) == [{**first, "reused": True}]
        assert town.guide.calls == 2

    def one_that_a_crash_tore_is_asked_again_and_spoils_no_other(town: Town, tmp_path: Path):
        town.ask("a")
        (file,) = tmp_path.rglob("*.jsonl")
        file.write_bytes(file.read_bytes()[:-20])
        assert [row["reused"] for row in (*town.ask("a"), *town.ask("a"))] == [False, True]
        assert town.guide.calls == 2

    def they_depend_on_system_message_parameters_and_shape(town: Town):
        other = replace(town.task.chat, parameters={"temperature": 0.5})
        for task in (town.task, replace(town.task, system="Be brief."), replace(town.task, chat=other)):
            assert [row["reused"] for row in town.ask("a", task=task)] == [False]


def describe_rows():
    def they_come_in_their_order_however_many_have_no_question(town: Town):
        nulls: list[str | None] = [None] * (2 * ROWS_AHEAD + 50)
        said = town.ask("a", *nulls, "b", "a")
        assert [row["text"] for row in said] == ["to a", *nulls, "to b", "to a"]
        assert town.guide.calls == 2

    def they_come_early_where_the_reader_wants_no_more_and_what_is_in_flight_is_kept(town: Town, tmp_path: Path):
        town.guide.delay_s = 0.02
        reader = answers(town.task, iter([pd.Series([f"q{n}" for n in range(3_000)])]))
        assert next(reader)["text"].iloc[0] == "to q0"
        reader.close()
        assert len(list(tmp_path.rglob("*.jsonl"))) == town.guide.calls < 3_000

    def a_prompt_that_is_no_text_is_a_mistake_of_the_query(town: Town):
        with pytest.raises(InputError, match="prompts must be text, and this is int: cast the column"):
            list(answers(town.task, iter([pd.Series([1, 2], dtype=object)])))


def describe_what_ends_a_task_before_it_pays():
    def a_broker_that_cannot_be_reached(town: Town):
        with pytest.raises(BrokerLost):
            town.ask("a", task=replace(town.task, broker=replace(town.task.broker, port=9)))
        assert town.guide.calls == 0

    def a_place_that_cannot_be_used(town: Town, tmp_path: Path):
        (tmp_path / "file").write_text("")
        with pytest.raises(StorageError, match="No further call is paid"):
            town.ask("a", task=replace(town.task, store=replace(town.task.store, files=f"{tmp_path}/file")))
        assert town.guide.calls == 0
