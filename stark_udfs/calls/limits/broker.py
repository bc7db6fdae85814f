"""One limit for the whole cluster: who may send how much, what it may cost, and when to stop. Pure; time is passed in.

Workers hold slots until they are asked back; tokens of a rate, where there is one, and money are lent in small
batches. A worker reports what happened and says what it lacks; the broker answers with a grant. `LockedBroker` is the
same behind a lock and a clock.
"""

import threading
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TypeAlias

from stark_udfs.calls.clock import Clock
from stark_udfs.calls.limits.budget import Budget
from stark_udfs.calls.limits.messages import AskCounts, CallLimits, Grant, WorkerReport
from stark_udfs.calls.limits.server_limits import ServerLimits
from stark_udfs.core.errors import StarkError

LOST_S = 15.0  # seconds without a word after which an asker counts as dead
WAIT_FOR_MONEY_S = 0.1

Claim: TypeAlias = int | str  # what one asker works on at a time: a bucket of units, or the key of one


class UnknownWorker(StarkError):
    """An asker that never joined, or was taken for dead because it was silent for too long."""


@dataclass
class StageLedger:
    """What the broker knows of one stage."""

    line: ServerLimits
    purse: Budget
    limits: CallLimits
    counts: AskCounts = field(default_factory=AskCounts)


@dataclass
class Worker:
    """One task that asks."""

    stage: str
    seen: float
    in_flight: int = 0


class Broker:
    """All limits of one run. Stages of one model share its line: rates don't begin anew with a stage."""

    def __init__(self) -> None:
        """Nothing has begun."""
        self.lines: dict[str, ServerLimits] = {}
        self.stages: dict[str, StageLedger] = {}
        self.askers: dict[str, Worker] = {}
        self.claims: dict[tuple[str, Claim], str] = {}
        self.stopped = ""

    def begin(self, stage: str, model: str, limits: CallLimits, now: float, purse: Budget | None = None) -> None:
        """Open a stage; `model` names the line that it uses. Stages that are given one purse share its money."""
        line = self.lines.get(model)
        if line is None or line.limits.rates != limits.rates:
            line = self.lines[model] = ServerLimits(limits, now)
        self.stages[stage] = StageLedger(line, purse if purse is not None else Budget(limits.money), limits)

    def join(self, asker: str, stage: str, now: float) -> bool:
        """An asker begins; returns whether there is a rate to keep.

        Raises:
            UnknownWorker: no such stage has begun.
        """
        if stage not in self.stages:
            raise UnknownWorker(f"stage {stage!r} has not begun")
        self.askers[asker] = Worker(stage, now)
        return self.stages[stage].limits.paced

    def exchange(self, asker: str, report: WorkerReport, now: float) -> Grant:
        """Take in a report, give a grant.

        Raises:
            UnknownWorker: it never joined, or was taken for dead.
        """
        self._bury_the_silent(now)
        known = self.askers.get(asker)
        if known is None:
            raise UnknownWorker(f"{asker} was silent for more than {LOST_S:.0f} s and counts as dead")
        known.seen = now
        known.in_flight = report.in_flight
        stage = self.stages[known.stage]
        stage.counts.add(report.counts)
        stage.purse.settle(asker, spent=report.money_spent, back=report.money_back)
        self.stop(report.stop or stage.line.hear(report, now) or too_many_rejects(known.stage, stage))
        slots = stage.line.slots(asker, report)
        permits = stage.line.permits(report, now)
        money = stage.purse.lend(asker, report.money_needed, report.money_least)
        lacking = report.money_needed > 0 and money == 0
        if lacking and stage.purse.idle:
            self.stop(f"budget: {stage.purse.spent:.4f} spent of {stage.purse.cap:.4f}; the next call may need more")
        again = stage.line.again(report, permits, slots, now)
        return Grant(
            slots=slots,
            permits=permits,
            money=money,
            pause_s=max(0.0, stage.line.pause_until - now),
            again_s=max(again, WAIT_FOR_MONEY_S) if lacking else again,
            stop=self.stopped,
        )

    def claim(self, asker: str, claim: Claim, now: float) -> bool:
        """Whether the asker has what it claims from now on: one has it at a time."""
        self._bury_the_silent(now)
        known = self.askers.get(asker)
        if known is None:
            raise UnknownWorker(f"{asker} never joined, or counts as dead")
        known.seen = now
        return self.claims.setdefault((known.stage, claim), asker) == asker

    def release(self, asker: str, claim: Claim) -> None:
        """Others may have what the asker had."""
        known = self.askers.get(asker)
        if known is not None and self.claims.get((known.stage, claim)) == asker:
            del self.claims[known.stage, claim]

    def leave(self, asker: str, *, lost: bool = False) -> None:
        """The asker is gone, in good order or lost; what it held is free."""
        known = self.askers.pop(asker, None)
        if known is None:
            return
        stage = self.stages[known.stage]
        stage.line.leave(asker)
        stage.purse.leave(asker, lost=lost)
        self.claims = {place: holder for place, holder in self.claims.items() if holder != asker}

    def stop(self, reason: str) -> None:
        """Nobody sends any more; the first reason stays."""
        self.stopped = self.stopped or reason

    def counts(self, stage: str) -> AskCounts:
        """A copy of what the stage has come to so far."""
        counts = deepcopy(self.stages[stage].counts)
        counts.in_flight = sum(asker.in_flight for asker in self.askers.values() if asker.stage == stage)
        return counts

    def _bury_the_silent(self, now: float) -> None:
        for name in [name for name, asker in self.askers.items() if now - asker.seen > LOST_S]:
            self.leave(name, lost=True)


def too_many_rejects(name: str, stage: StageLedger) -> str:
    """Why the stage should stop, or nothing."""
    counts, limits = stage.counts, stage.limits
    if not counts.reasons or counts.ended < limits.stop_after:
        return ""
    reason, units = max(counts.reasons.items(), key=lambda item: item[1])
    if units <= limits.stop_rejects * counts.ended:
        return ""
    return (
        f"{units} of {counts.ended} units of {name} were rejected for {reason}: "
        f"see `rejects`, or raise limits.stop_rejects (now {limits.stop_rejects:g})"
    )


class LockedBroker:
    """The broker behind a lock and a clock: for askers of this process, for the network, for the driver."""

    def __init__(self, clock: Clock | None = None) -> None:
        """A new run's broker."""
        self.broker = Broker()
        self.clock = clock or Clock()
        self.lock = threading.Lock()

    def begin(self, stage: str, model: str, limits: CallLimits) -> None:
        """Open a stage."""
        with self.lock:
            self.broker.begin(stage, model, limits, self.clock.now())

    def join(self, asker: str, stage: str) -> bool:
        """An asker begins; returns whether there is a rate to keep."""
        with self.lock:
            return self.broker.join(asker, stage, self.clock.now())

    def exchange(self, asker: str, report: WorkerReport) -> Grant:
        """Take in a report, give a grant."""
        with self.lock:
            return self.broker.exchange(asker, report, self.clock.now())

    def claim(self, asker: str, claim: Claim) -> bool:
        """Whether the asker has what it claims from now on."""
        with self.lock:
            return self.broker.claim(asker, claim, self.clock.now())

    def release(self, asker: str, claim: Claim) -> None:
        """Others may have what the asker had."""
        with self.lock:
            self.broker.release(asker, claim)

    def leave(self, asker: str, *, lost: bool = False) -> None:
        """The asker is gone."""
        with self.lock:
            self.broker.leave(asker, lost=lost)

    def stop(self, reason: str) -> None:
        """Nobody sends any more; what is in flight is finished and kept."""
        with self.lock:
            self.broker.stop(reason)

    def counts(self, stage: str) -> AskCounts:
        """What the stage has come to so far."""
        with self.lock:
            return self.broker.counts(stage)

    def limits(self) -> dict[str, CallLimits]:
        """The limits of each stage that has begun."""
        with self.lock:
            return {name: stage.limits for name, stage in self.broker.stages.items()}

    @property
    def stopped(self) -> str:
        """Why the run stops; empty while it goes on."""
        return self.broker.stopped
