"""One limit for the whole cluster: who may send how much, what it may cost, and when to stop.

Workers hold slots until they are asked back; permits of a rate, where there is one, and money are lent in small
batches. A worker reports what happened and says what it lacks; the broker answers with a grant.
"""

import threading
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from stark_udfs.calls.clock import Clock
from stark_udfs.calls.limits.budget import Budget
from stark_udfs.calls.limits.messages import AskCounts, CallLimits, Grant, WorkerReport
from stark_udfs.calls.limits.server_limits import ServerLimits
from stark_udfs.core.errors import StarkError

LOST_S = 15.0  # seconds without a report after which a worker counts as dead
WAIT_FOR_MONEY_S = 0.1

Claim: TypeAlias = int | str  # what one worker works on at a time: a bucket of units, or the key of one


class UnknownWorker(StarkError):
    """A worker that never joined, or was taken for dead because it was silent for too long."""


@dataclass
class StageLedger:
    """What the broker knows of one stage, or of one of several servers that its tasks ask."""

    stage: str
    server: ServerLimits
    budget: Budget
    limits: CallLimits
    counts: AskCounts = field(default_factory=AskCounts)


@dataclass
class Worker:
    """One task that asks."""

    stage: str
    seen: float
    in_flight: int = 0


class Broker:
    """All limits of one run, for tasks on any thread. Stages of one model share its server's limits and rates.

    now: seconds of the clock, in every method; None: the present.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        """No stage has begun."""
        self.clock = clock or Clock()
        self.lock = threading.RLock()
        self.servers: dict[str, ServerLimits] = {}
        self.stages: dict[str, StageLedger] = {}
        self.workers: dict[str, Worker] = {}
        self.claims: dict[tuple[str, Claim], str] = {}
        self.stopped = ""  # why nobody sends any more; empty while they do

    def begin(
        self, stage: str, model: str, limits: CallLimits, now: float | None = None, budget: Budget | None = None
    ) -> None:
        """Open a stage; `model` names the server that it uses. Stages that are given one budget share its money."""
        with self.lock:
            server = self._server(model, limits, self._now(now))
            money = budget if budget is not None else Budget(limits.money)
            self.stages[stage] = StageLedger(stage, server, money, limits)

    def add_server(self, stage: str, model: str, limits: CallLimits, now: float | None = None) -> None:
        """A further server that a stage's tasks ask, with limits of its own; money and counts are the stage's.

        They join it as `at_server` names it.
        """
        with self.lock:
            server = self._server(model, limits, self._now(now))
            self.stages[at_server(stage, model)] = replace(self.stages[stage], server=server, limits=limits)

    def join(self, worker: str, stage: str, now: float | None = None) -> bool:
        """A worker begins; returns whether there is a rate to keep.

        Raises:
            UnknownWorker: no such stage has begun.
        """
        with self.lock:
            if stage not in self.stages:
                raise UnknownWorker(f"stage {stage!r} has not begun")
            self.workers[worker] = Worker(stage, self._now(now))
            return self.stages[stage].limits.paced

    def exchange(self, worker: str, report: WorkerReport, now: float | None = None) -> Grant:
        """Take in a report, give a grant.

        Raises:
            UnknownWorker: it never joined, or was taken for dead.
        """
        with self.lock:
            return self._exchange(worker, report, self._now(now))

    def claim(self, worker: str, claim: Claim, now: float | None = None) -> bool:
        """Whether the worker has what it claims from now on: one has it at a time."""
        with self.lock:
            known = self._heard(worker, self._now(now))
            return self.claims.setdefault((known.stage, claim), worker) == worker

    def release(self, worker: str, claim: Claim) -> None:
        """Others may have what the worker had."""
        with self.lock:
            known = self.workers.get(worker)
            if known is not None and self.claims.get((known.stage, claim)) == worker:
                del self.claims[known.stage, claim]

    def leave(self, worker: str, *, lost: bool = False) -> None:
        """The worker is gone, in good order or lost; what it held is free."""
        with self.lock:
            known = self.workers.pop(worker, None)
            if known is None:
                return
            stage = self.stages[known.stage]
            stage.server.leave(worker)
            stage.budget.leave(worker, lost=lost)
            self.claims = {place: holder for place, holder in self.claims.items() if holder != worker}

    def stop(self, reason: str) -> None:
        """Nobody sends any more; what is in flight is finished and kept. The first reason stays."""
        with self.lock:
            self.stopped = self.stopped or reason

    def counts(self, stage: str) -> AskCounts:
        """A copy of what the stage has come to so far."""
        with self.lock:
            counts = deepcopy(self.stages[stage].counts)
            counts.in_flight = sum(
                worker.in_flight for worker in self.workers.values() if self.stages[worker.stage].stage == stage
            )
            return counts

    def limits(self) -> dict[str, CallLimits]:
        """The limits of each stage that has begun."""
        with self.lock:
            return {name: stage.limits for name, stage in self.stages.items()}

    def _server(self, model: str, limits: CallLimits, now: float) -> ServerLimits:
        """The limits of a server, anew where they are set otherwise now."""
        server = self.servers.get(model)
        if server is None or server.limits.rates != limits.rates:
            server = self.servers[model] = ServerLimits(limits, now)
        return server

    def _now(self, now: float | None) -> float:
        return self.clock.now() if now is None else now

    def _exchange(self, worker: str, report: WorkerReport, now: float) -> Grant:
        known = self._heard(worker, now)
        known.in_flight = report.in_flight
        stage = self.stages[known.stage]
        stage.counts.add(report.counts)
        stage.budget.settle(worker, spent=report.money_spent, back=report.money_back)
        rejected = too_many_rejects(stage.stage, stage.counts, stage.limits)
        self.stop(report.stop or stage.server.hear(report, now) or rejected)
        slots = stage.server.slots(worker, report)
        permits = stage.server.permits(report, now)
        money = stage.budget.lend(worker, report.money_needed, report.money_least)
        lacking = report.money_needed > 0 and money == 0
        if lacking and stage.budget.idle:
            self.stop(f"budget: {stage.budget.spent:.4f} spent of {stage.budget.cap:.4f}; the next call may need more")
        again = stage.server.again(report, permits, slots, now)
        return Grant(
            slots=slots,
            permits=permits,
            money=money,
            pause_s=max(0.0, stage.server.pause_until - now),
            again_s=max(again, WAIT_FOR_MONEY_S) if lacking else again,
            stop=self.stopped,
        )

    def _heard(self, worker: str, now: float) -> Worker:
        """The worker, alive from now on, after those that were silent for too long are dropped."""
        for name in [name for name, other in self.workers.items() if now - other.seen > LOST_S]:
            self.leave(name, lost=True)
        known = self.workers.get(worker)
        if known is None:
            raise UnknownWorker(f"{worker} never joined, or was silent for more than {LOST_S:.0f} s and counts as dead")
        known.seen = now
        return known


def at_server(stage: str, model: str) -> str:
    """What a worker joins that asks one of a stage's several servers."""
    return f"{stage}: {model}"


def too_many_rejects(stage: str, counts: AskCounts, limits: CallLimits) -> str:
    """Why the stage should stop, or nothing."""
    if not counts.reasons or counts.ended < limits.stop_after:
        return ""
    reason, units = max(counts.reasons.items(), key=lambda item: item[1])
    if units <= limits.stop_rejects * counts.ended:
        return ""
    return (
        f"{units} of {counts.ended} units of {stage} were rejected for {reason}: "
        f"see `rejects`, or raise limits.stop_rejects (now {limits.stop_rejects:g})"
    )
