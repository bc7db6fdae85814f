"""The batch loop over image orders, with a simulated device."""

import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

import pytest

from stark_udfs.core.errors import StorageError
from stark_udfs.images.protocols import DeviceLost
from stark_udfs.images.requests import (
    Candidate,
    Candidates,
    Finish,
    ImageRequest,
    ImageResult,
    ImageTask,
    Module,
    ScoreRequest,
    Scores,
    Unavailable,
    kind_of,
)
from stark_udfs.images.worker import BATCHES_HELD, TRIES, ImageWorker

AT_ONCE = 4


@dataclass
class SlowDevice:
    """Takes `finish_s` an order beside the device. What goes wrong is planted."""

    finish_s: float = 0.0
    lose_at: int = 0
    busy: frozenset[str] = frozenset()
    unwritable: frozenset[str] = frozenset()
    batches: list[list[ImageTask]] = field(default_factory=list)
    told: list[list[ImageTask]] = field(default_factory=list)
    threads: set[str] = field(default_factory=set)
    unfinished: int = 0
    most_unfinished: int = 0

    def begin(self, orders: Sequence[ImageTask]) -> Iterator[tuple[int, Finish]]:
        self.batches.append(list(orders))
        if len(self.batches) == self.lose_at:
            raise DeviceLost("planted")
        for place, order in enumerate(orders):
            self.unfinished += 1
            self.most_unfinished = max(self.most_unfinished, self.unfinished)
            yield place, partial(self._finish, order)

    def ahead(self, orders: Sequence[ImageTask]) -> None:
        self.told.append(list(orders))

    def work(self, orders: Sequence[ImageTask]) -> list[ImageResult | Unavailable]:
        return [finish() for _, finish in self.begin(orders)]

    def _finish(self, order: ImageTask) -> ImageResult | Unavailable:
        time.sleep(self.finish_s)
        self.threads.add(threading.current_thread().name)
        self.unfinished -= 1
        if isinstance(order, ScoreRequest):
            return Scores()
        if order.prompt in self.unwritable:
            raise StorageError("planted: the disk is full")
        if order.prompt in self.busy:
            return Unavailable("busy", order.prompt)
        return Candidates(candidates=[Candidate(caption=order.prompt)])


def wish(number: int, module: Module = Module.T2I) -> ImageRequest:
    return ImageRequest(module=module, prompt=f"{module.value} {number}", query=f"{number}")


RATE = ScoreRequest(paths=(), captions=(), description="")


def answered(worker: ImageWorker[int], *, begin: bool = True) -> dict[int, ImageResult | Unavailable]:
    found: dict[int, ImageResult | Unavailable] = {}
    while (worker.held if begin else worker.under_way) and worker.failure is None:
        for one in worker.turn(begin=begin):
            assert one.unit not in found
            found[one.unit] = one.answer
    return found


def describe_turns():
    def they_answer_every_order_once_in_batches_of_one_kind():
        device = SlowDevice()
        orders = [wish(n, (Module.T2I, Module.P_T2I, Module.RETRIEVAL)[n % 3]) for n in range(30)] + [RATE] * 10
        with ImageWorker(device, at_once=AT_ONCE) as worker:
            for number, order in enumerate(orders):
                worker.put(number, order)
            found = answered(worker)
        assert sorted(found) == list(range(40))
        assert all(len({kind_of(order) for order in batch}) == 1 for batch in device.batches)
        assert all(len(batch) <= AT_ONCE for batch in device.batches)
        assert len(device.batches) == 12  # 10 of each kind: 4 + 4 + 2

    def full_batches_go_first():
        device = SlowDevice()
        with ImageWorker(device, at_once=AT_ONCE) as worker:
            worker.put(0, RATE)
            for number in range(1, 1 + AT_ONCE):
                worker.put(number, wish(number))
            answered(worker)
        assert [len(batch) for batch in device.batches] == [AT_ONCE, 1]

    def they_stop_between_batches_and_give_the_rest_back():
        device = SlowDevice()
        with ImageWorker(device, at_once=AT_ONCE) as worker:
            for number in range(12):
                worker.put(number, wish(number))
            first = worker.turn()
            rest = answered(worker, begin=False)
            left = worker.give_back()
        assert len(device.batches) == 1
        assert sorted([*(one.unit for one in first), *rest, *left]) == list(range(12))
        assert len(left) == 8


def describe_work_beside_the_device():
    def pictures_are_finished_on_other_threads_and_few_wait():
        device = SlowDevice(finish_s=0.005)
        with ImageWorker(device, at_once=AT_ONCE) as worker:
            for number in range(40):
                worker.put(number, wish(number))
            answered(worker)
        assert threading.current_thread().name not in device.threads
        assert device.most_unfinished <= 2 * AT_ONCE + 1

    def a_slow_search_holds_nothing_up():
        device, release, searched = SlowDevice(), threading.Event(), []

        def search(unit: int, order: ImageRequest) -> Candidates:
            searched.append(order.query)
            assert release.wait(60)
            return Candidates()

        with ImageWorker(device, at_once=AT_ONCE, search=search) as worker:
            for number in range(4):
                worker.put(number, wish(number, Module.WEB))
            for number in range(4, 24):
                worker.put(number, wish(number))
            painted: list[int] = []
            while len(painted) < 20:  # all are painted while not one search has ended
                painted += [one.unit for one in worker.turn()]
            assert worker.under_way == 4
            release.set()
            assert sorted(answered(worker)) == [0, 1, 2, 3]
        assert sorted(painted) == list(range(4, 24))
        assert len(searched) == 4

    def the_next_batch_is_on_the_device_while_the_one_before_is_finished():
        second = threading.Event()

        @dataclass
        class Waiting(SlowDevice):
            def begin(self, orders: Sequence[ImageTask]) -> Iterator[tuple[int, Finish]]:
                if self.batches:
                    second.set()
                yield from super().begin(orders)

            def _finish(self, order: ImageTask) -> ImageResult | Unavailable:
                assert second.wait(60)  # would never come if a batch waited for the files of the one before
                return super()._finish(order)

        with ImageWorker(Waiting(), at_once=AT_ONCE) as worker:
            for number in range(2 * AT_ONCE):
                worker.put(number, wish(number))
            assert len(answered(worker)) == 2 * AT_ONCE


def describe_what_goes_wrong():
    def what_cannot_be_had_now_is_tried_once_more_and_told():
        device = SlowDevice(busy=frozenset({"t2i 1"}))
        with ImageWorker(device, at_once=AT_ONCE) as worker:
            for number in range(3):
                worker.put(number, wish(number))
            found = answered(worker)
        assert found[1] == Unavailable("busy", "t2i 1")
        asked = Counter(order.prompt for batch in device.batches for order in batch)
        assert asked == {"t2i 0": 1, "t2i 1": TRIES, "t2i 2": 1}

    def a_search_that_was_tried_often_enough_is_not_tried_again():
        asked = []

        def search(unit: int, order: ImageRequest) -> Unavailable:
            asked.append(unit)
            return Unavailable("unreachable", "dead", tried=True)

        with ImageWorker(SlowDevice(), at_once=AT_ONCE, search=search) as worker:
            worker.put(7, wish(7, Module.WEB))
            assert isinstance(answered(worker)[7], Unavailable)
        assert asked == [7]

    def a_lost_device_costs_one_batch_and_what_was_begun_before_is_finished():
        device = SlowDevice(finish_s=0.01, lose_at=3)
        with ImageWorker(device, at_once=AT_ONCE) as worker:
            for number in range(20):
                worker.put(number, wish(number))
            found = answered(worker)
            found |= answered_rest(worker)
            left = worker.give_back()
        assert isinstance(worker.failure, DeviceLost)
        assert len(found) == 8
        assert sorted([*found, *left]) == list(range(20))

    def a_file_that_cannot_be_written_ends_the_work():
        device = SlowDevice(unwritable=frozenset({"t2i 2"}))
        with ImageWorker(device, at_once=AT_ONCE) as worker:
            for number in range(8):
                worker.put(number, wish(number))
            found = answered(worker)
            found |= answered_rest(worker)
        assert isinstance(worker.failure, StorageError)
        assert 2 not in found

    def orders_that_are_held_are_bounded():
        with ImageWorker(SlowDevice(), at_once=AT_ONCE, search=lambda unit, order: Candidates()) as worker:
            taken = 0
            while worker.room:
                worker.put(taken, wish(taken, Module.WEB))
                taken += 1
            assert taken == BATCHES_HELD * AT_ONCE
            answered(worker)


def answered_rest(worker: ImageWorker[int]) -> dict[int, ImageResult | Unavailable]:
    found: dict[int, ImageResult | Unavailable] = {}
    while worker.under_way:
        found |= {one.unit: one.answer for one in worker.turn(begin=False)}
    return found


def describe_an_order():
    @pytest.mark.parametrize("module", Module)
    def its_kind_is_its_module(module: Module):
        assert kind_of(wish(1, module)) == module.value

    def a_rating_is_a_kind_of_its_own():
        assert kind_of(RATE) == "rate"
