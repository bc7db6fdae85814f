"""A task of an image stage without Spark: real broker over TCP, real journal, a real site on loopback."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from stark_udfs.calls.journal import JournalPlace, read_buckets
from stark_udfs.calls.limits.broker import Broker
from stark_udfs.calls.limits.server import BrokerServer
from stark_udfs.calls.request import Reply
from stark_udfs.calls.sequence import OpenCall, SequenceEnd, advance
from stark_udfs.core.records import Record
from stark_udfs.core.rejects import Reject
from stark_udfs.engine.images.open_units import known_replies
from stark_udfs.engine.images.replay import ImageReplay
from stark_udfs.engine.images.requests import PaidKind, PaidRequest
from stark_udfs.engine.images.worker import ImageEnd, ImagePartition, ImageWork
from stark_udfs.images.backend import ModelBackendSpec, NamedPainter
from stark_udfs.images.models.clip import ClipSpec
from stark_udfs.images.models.sdxl import SdxlBase, SdxlSpec
from stark_udfs.images.protocols import DeviceLost
from stark_udfs.images.requests import Candidates, ImageRequest, ImageResult, ImageTask, Module
from stark_udfs.images.web.providers import Brave, Searx
from stark_udfs.images.web.results import SearchTerms
from stark_udfs.settings.run import LimitsSettings
from tests.engine.gallery import ToyBackend, orders, request
from tests.engine.toy import Town
from tests.images.site import FAST, Site, serving

PRICE = 0.005


@dataclass(frozen=True)
class Task:
    """What one task is run with."""

    script: ImageReplay
    journal: JournalPlace
    server: BrokerServer

    def run(self, *names: str, attempt: str = "0-0", known: dict[str, list[Reply]] | None = None) -> list[ImageEnd]:
        """The ends of some towns' units."""
        work = ImageWork(self.script, self.journal, self.server.place, 1)
        rows: list[dict[str, Any]] = [
            {
                "unit_key": name,
                "row": Town(town_id=name, name=name).model_dump_json(),
                "redraw": 0,
                "bucket": 3,
                "known": None if not known or name not in known else json.dumps([dict(reply) for reply in known[name]]),
            }
            for name in names
        ]
        with ImagePartition(work, attempt) as partition:
            return [end for ends in partition.run(iter(rows)) for end in ends]

    @property
    def replies(self) -> list[Reply]:
        return list(read_buckets(self.journal, [3]).replies)


@contextmanager
def task(folder: Path, script: ImageReplay, limits: LimitsSettings | None = None, spent: float = 0.0) -> Iterator[Task]:
    broker = Broker()
    found = script.limits(limits or LimitsSettings(), run_spent=spent, stage_spent=spent)
    script.begin(broker, found)
    with BrokerServer(broker) as server:
        yield Task(script, JournalPlace(str(folder), "run-1", script.stage), server)


def script(backend: Any, ask: Any = request) -> ImageReplay:
    return ImageReplay("views", Town, Record, ask, no_rows, backend, 7)


def no_rows(row: Town, answers: Sequence[ImageResult]) -> list[Record | Reject]:
    return []


def from_the_web(row: Town, answers: Sequence[ImageResult]) -> ImageTask | None:
    return None if answers else ImageRequest(module=Module.WEB, query=row.name, count=2)


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as site:
        site.picture("a.png", 1)
        yield site


def searching(site: Site, folder: Path, price: float = PRICE, rate: int | None = None) -> ModelBackendSpec:
    base = SdxlSpec(SdxlBase("none"))
    return ModelBackendSpec(
        files=str(folder),
        painter=NamedPainter("none", base),
        personal=NamedPainter("none", base),
        clip=ClipSpec("none"),
        web=Searx(site.url),
        search=FAST,
        fetch=site.rules,
        terms=SearchTerms(price, "USD" if price else "", rate),
        at_once=4,
    )


def describe_a_task():
    def it_answers_round_after_round_and_journals_each_answer(tmp_path: Path):
        with task(tmp_path, script(ToyBackend(str(tmp_path)))) as ours:
            ends = ours.run("Bonn", "Ulm", "Kiel")
            counts = ours.server.served.counts("views")
        assert {(end.unit_key, end.state) for end in ends} == {("Bonn", "done"), ("Ulm", "done"), ("Kiel", "done")}
        assert sorted((reply.unit_key, reply.round, reply.model_returned) for reply in ours.replies) == [
            *[("Bonn", 0, "t2i"), ("Bonn", 1, "rate"), ("Kiel", 0, "t2i"), ("Kiel", 1, "rate")]
        ]
        assert {(r.provider, r.finish_reason, r.money, r.tries) for r in ours.replies} == {("toy", "stop", 0.0, 1)}
        assert (counts.asked, counts.done, counts.in_flight) == (4, 3, 0)

    def what_an_earlier_attempt_journaled_is_not_made_again(tmp_path: Path):
        with task(tmp_path, script(ToyBackend(str(tmp_path)))) as ours:
            ours.run("Bonn", "Kiel")
            before = len(orders(str(tmp_path)))
            ours.run("Bonn", "Kiel", "Jena", attempt="0-1")
        assert (before, len(orders(str(tmp_path)))) == (4, 6)

    def replies_of_the_table_are_not_made_again(tmp_path: Path):
        with task(tmp_path / "one", script(ToyBackend(str(tmp_path / "one")))) as ours:
            ours.run("Bonn")
            stored = ours.replies
        with task(tmp_path / "two", script(ToyBackend(str(tmp_path / "two")))) as again:
            (end,) = again.run("Bonn", known={"Bonn": stored})
            assert again.replies == []
        assert (end.state, (tmp_path / "two" / "orders.jsonl").exists()) == ("done", False)

    def a_bucket_belongs_to_one_attempt(tmp_path: Path):
        with task(tmp_path, script(ToyBackend(str(tmp_path)))) as ours:
            broker = ours.server.served
            broker.join("other", "views")
            assert broker.claim("other", 3)
            broker.stop("stopped by the user")  # else it would wait until the other has left
            assert ours.run("Bonn") == []
            assert not (tmp_path / "orders.jsonl").exists()

    def a_stop_is_honoured_between_batches(tmp_path: Path):
        with task(tmp_path, script(StoppingBackend(str(tmp_path)))) as ours:
            StoppingBackend.broker = ours.server.served
            ends = ours.run(*(f"Town {number}" for number in range(40)))
        batches = (tmp_path / "batches").stat().st_size
        assert batches < 20  # of 20
        assert {end.reason for end in ends if end.state == "open"} == {"stopped"}
        assert len(ours.replies) == len(orders(str(tmp_path)))  # all that was answered is kept

    def a_lost_device_ends_the_task_after_all_is_kept(tmp_path: Path):
        with task(tmp_path, script(ToyBackend(str(tmp_path), lose_at=3))) as ours:
            with pytest.raises(DeviceLost):
                ours.run(*(f"Town {number}" for number in range(20)))
            kept = len(ours.replies)
            assert kept == len(orders(str(tmp_path))) - 4
            ours.run(*(f"Town {number}" for number in range(20)), attempt="0-1")
            assert len(ours.replies) == 40

    def a_journal_that_cannot_be_written_ends_the_task(tmp_path: Path):
        (tmp_path / "journal").write_text("in the way")
        with task(tmp_path, script(ToyBackend(str(tmp_path / "files")))) as ours:
            with pytest.raises(Exception, match="the journal cannot be written"):
                ours.run("Bonn")
            assert "journal cannot be written" in ours.server.served.stopped


@dataclass(frozen=True)
class StoppingBackend(ToyBackend):
    """Has the run stopped in its second batch."""

    broker = Broker()

    def load(self) -> "StoppingBackend":
        return self

    def begin(self, orders: Sequence[ImageTask]) -> Iterator[Any]:
        import time

        yield from super().begin(orders)
        self.broker.stop("stopped by the user")
        time.sleep(0.3)  # a batch takes its time; the word comes with a heartbeat


def describe_a_paid_search():
    def its_price_is_on_the_questions_reply(tmp_path: Path, site: Site):
        with task(tmp_path, script(searching(site, tmp_path), from_the_web)) as ours:
            ends = ours.run("Bonn", "Kiel")
            counts = ours.server.served.counts("views")
        assert [end.state for end in ends] == ["done", "done"]
        money = {(reply.model_returned, reply.money) for reply in ours.replies}
        assert money == {("searxng", PRICE), ("web", 0.0)}
        assert counts.money == pytest.approx(2 * PRICE)
        assert ours.server.served.stages["views"].budget.spent == pytest.approx(2 * PRICE)

    def one_that_is_free_leaves_the_rows_of_before(tmp_path: Path, site: Site):
        with task(tmp_path, script(searching(site, tmp_path, price=0.0), from_the_web)) as ours:
            ours.run("Bonn")
        (reply,) = ours.replies
        assert (reply.model_returned, reply.money, reply.round, reply.attempt) == ("web", 0.0, 0, 0)

    def the_budget_holds(tmp_path: Path, site: Site):
        limits = LimitsSettings(budget=3 * PRICE)
        with task(tmp_path, script(searching(site, tmp_path), from_the_web), limits) as ours:
            ours.run(*(f"Town {number}" for number in range(12)))
            assert "budget" in ours.server.served.stopped
        asked = [path for path in site.asked if path.startswith("/search")]
        assert len(asked) == 3
        assert sum(reply.money for reply in ours.replies) == pytest.approx(3 * PRICE)

    def what_was_spent_before_counts(tmp_path: Path, site: Site):
        limits = LimitsSettings(budget=3 * PRICE)
        with task(tmp_path, script(searching(site, tmp_path), from_the_web), limits, spent=3 * PRICE) as ours:
            ours.run("Bonn")
        assert site.asked == []

    def a_question_is_paid_once_though_its_pictures_cannot_be_had_now(tmp_path: Path, site: Site):
        site.pages["/a.png"] = (503, {}, b"")
        with task(tmp_path, script(searching(site, tmp_path), from_the_web)) as ours:
            (end,) = ours.run("Bonn")
            assert (end.state, end.detail) == ("open", "busy: 503")
            assert [reply.model_returned for reply in ours.replies] == ["searxng"]
            site.picture("a.png", 1)
            (end,) = ours.run("Bonn", attempt="0-1")
        assert end.state == "done"
        assert len([path for path in site.asked if path.startswith("/search")]) == 1

    def its_reply_counts_into_what_the_unit_cost(tmp_path: Path, site: Site):
        backend = searching(site, tmp_path)
        with task(tmp_path, script(backend, from_the_web)) as ours:
            ours.run("Bonn")
        row = Town(town_id="Bonn", name="Bonn").model_dump_json()
        conversation = ours.script.conversation({"unit_key": "Bonn", "row": row, "redraw": 0})
        known = {reply.key: reply for reply in ours.replies}
        done = advance(conversation, known)
        assert isinstance(done, SequenceEnd)
        assert sum(known[key].money for key in done.used if key in known) == PRICE
        assert isinstance(done.accepted[0], Candidates)

    def an_answer_of_before_questions_had_a_price_replays(tmp_path: Path, site: Site):
        with task(tmp_path / "free", script(searching(site, tmp_path, price=0.0), from_the_web)) as free:
            free.run("Bonn")
        with task(tmp_path / "paid", script(searching(site, tmp_path), from_the_web)) as paid:
            (end,) = paid.run("Bonn", known={"Bonn": free.replies})
            assert (end.state, paid.replies) == ("done", [])

    def the_bound_of_an_open_wish_is_its_price(tmp_path: Path, site: Site):
        ours = script(searching(site, tmp_path), from_the_web)
        row = Town(town_id="Bonn", name="Bonn").model_dump_json()
        conversation = ours.conversation({"unit_key": "Bonn", "row": row, "redraw": 0})
        step = advance(conversation, {})
        assert isinstance(step, OpenCall)
        assert conversation.terms.bound(step.request).money == PRICE
        assert PaidRequest(PaidKind.QUESTION, step.request).model == "question"


def describe_a_search_that_fails():
    def a_busy_provider_is_asked_again_by_one_owner_and_then_left(tmp_path: Path, site: Site):
        site.search_status = 503
        with task(tmp_path, script(searching(site, tmp_path), from_the_web)) as ours:
            (end,) = ours.run("Bonn")
        assert (end.state, end.reason, end.detail[:23]) == ("open", "transient", "unreachable: searxng: H")
        assert len([path for path in site.asked if path.startswith("/search")]) == 3
        assert ours.replies == []

    def it_leaves_other_units_alone(tmp_path: Path, site: Site):
        def ask(row: Town, answers: Sequence[ImageResult]) -> ImageTask | None:
            if row.name == "Bonn":
                return from_the_web(row, answers)
            return None

        site.search_status = 400
        with task(tmp_path, script(searching(site, tmp_path), ask)) as ours:
            ends = {end.unit_key: end.state for end in ours.run("Bonn", "Kiel")}
        assert ends == {"Bonn": "open", "Kiel": "done"}
        assert len([path for path in site.asked if path.startswith("/search")]) == 1

    def a_key_that_is_refused_stops_the_run(tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setenv("STARK_TEST_KEY", "k-123")
        site.pages["/res/v1/images/search"] = (401, {}, b"")
        spec = replace(searching(site, tmp_path), web=Brave(site.url, secret="STARK_TEST_KEY"))
        with task(tmp_path, script(spec, from_the_web)) as ours:
            ours.run("Bonn")
            assert "STARK_TEST_KEY" in ours.server.served.stopped
            assert "k-123" not in ours.server.served.stopped

    def its_rate_is_one_for_all_tasks(tmp_path: Path, site: Site):
        with task(tmp_path, script(searching(site, tmp_path, rate=120), from_the_web)) as ours:
            ours.run("Bonn", "Kiel", "Jena")
            taken = ours.server.served.stages["views: web search searxng"].server.requests
        assert taken is not None
        assert taken.taken == 3


def describe_known_replies():
    def none_are_none():
        assert known_replies(None) == {}
