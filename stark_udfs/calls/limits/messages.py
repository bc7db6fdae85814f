"""The messages between workers and the broker: limits, reports, grants, counts. Over TCP they are JSON."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from stark_udfs.calls.errors import CallError
from stark_udfs.settings.chat_models import ModelSettings
from stark_udfs.settings.run import LimitsSettings


@dataclass(frozen=True)
class CallLimits:
    """What one stage's calls may use, over the whole cluster.

    money: what is left of the run's and the stage's budgets when the stage begins; None: no cap.
    trip_after, trip_s: failures in a row, and seconds without an answer, that open the circuit.
    probe_s: seconds to the first probe of an open circuit; doubled after each, up to half a minute.
    give_up_s: seconds of open circuit after which the run stops.
    """

    in_flight: int
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    money: float | None = None
    stop_rejects: float = 1.0
    stop_after: int = 50
    trip_after: int = 20
    trip_s: float = 5.0
    probe_s: float = 1.0
    give_up_s: float = 300.0

    @classmethod
    def of(cls, model: ModelSettings, limits: LimitsSettings, *, run_spent: float, stage_spent: float) -> "CallLimits":
        """The limits of a stage: the model's rates, and what the budgets have left."""
        return cls(
            in_flight=model.in_flight,
            requests_per_minute=model.requests_per_minute,
            tokens_per_minute=model.tokens_per_minute,
            money=money_left(limits, run_spent=run_spent, stage_spent=stage_spent),
            stop_rejects=limits.stop_rejects,
            stop_after=limits.stop_after,
        )

    def shared_by(self, tasks: int) -> "CallLimits":
        """One task's static share, for where no broker can be reached: rates, slots and money divided."""
        return replace(
            self,
            in_flight=max(1, self.in_flight // tasks),
            requests_per_minute=None if self.requests_per_minute is None else self.requests_per_minute / tasks,
            tokens_per_minute=None if self.tokens_per_minute is None else self.tokens_per_minute / tasks,
            money=None if self.money is None else self.money / tasks,
        )

    @property
    def rates(self) -> tuple[float | None, ...]:
        """What makes two stages' limits those of one server."""
        return (self.in_flight, self.requests_per_minute, self.tokens_per_minute)

    @property
    def paced(self) -> bool:
        """Whether there is a rate to keep."""
        return self.requests_per_minute is not None or self.tokens_per_minute is not None


def money_left(limits: LimitsSettings, *, run_spent: float, stage_spent: float) -> float | None:
    """What the budgets have left; None: there is none."""
    caps = ((limits.budget, run_spent), (limits.stage_budget, stage_spent))
    left = [max(0.0, cap - spent) for cap, spent in caps if cap is not None]
    return min(left) if left else None


@dataclass
class AskCounts:
    """What a stage's asking has come to so far.

    asked: calls answered and paid in this run. reused: replies that were there already. tries: HTTP attempts.
    done, rejected, open: units. reasons: of rejected units, by reason.
    """

    asked: int = 0
    reused: int = 0
    tries: int = 0
    failures: int = 0
    throttled: int = 0
    done: int = 0
    rejected: int = 0
    open: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    money: float = 0.0
    in_flight: int = 0
    reasons: dict[str, int] = field(default_factory=dict)

    def add(self, other: "AskCounts") -> None:
        """Add the counts of a report; `in_flight` is a level and stays."""
        for name in SUMMED:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for reason, units in other.reasons.items():
            self.reasons[reason] = self.reasons.get(reason, 0) + units

    @property
    def ended(self) -> int:
        """Units with a verdict."""
        return self.done + self.rejected


SUMMED = (
    *("asked", "reused", "tries", "failures", "throttled", "done", "rejected", "open"),
    *("tokens_in", "tokens_out", "money"),
)


@dataclass
class WorkerReport:
    """What one worker reports to the broker, and asks for. Amounts are those since its last report.

    held: slots that it may be using, at most; never more than it was last granted. want: slots it could use.
    permits: requests it could send at once; permit_tokens: the most that one of them can cost in tokens.
    permits_back: granted, not used. tokens_back: granted, and not needed after all.
    money_needed: to have a stock; money_least: without which it cannot go on. money_back: not needed.
    failed: failed calls since the last answered one. answered: answered calls. detail: how the last one failed.
    """

    held: int = 0
    want: int = 0
    permits: int = 0
    permit_tokens: int = 0
    permits_back: int = 0
    tokens_back: float = 0.0
    money_needed: float = 0.0
    money_least: float = 0.0
    money_back: float = 0.0
    money_spent: float = 0.0
    answered: int = 0
    failed: int = 0
    throttled: int = 0
    retry_after: float = 0.0
    in_flight: int = 0
    detail: str = ""
    stop: str = ""
    counts: AskCounts = field(default_factory=AskCounts)


@dataclass(frozen=True)
class Grant:
    """What the broker grants in answer to a report.

    slots: how many calls may be in flight from now on. permits: new permits, each for `permit_tokens` of the report.
    pause_s: seconds in which nobody sends. again_s: seconds after which to ask for more. stop: why the run ends.
    """

    slots: int = 0
    permits: int = 0
    money: float = 0.0
    pause_s: float = 0.0
    again_s: float = 1.0
    stop: str = ""


def report_of(said: Mapping[str, object]) -> WorkerReport:
    """A report from its JSON form.

    Raises:
        TypeError: it is none.
    """
    counts = said.get("counts")
    if not isinstance(counts, Mapping):
        raise TypeError("a report without counts")
    return WorkerReport(**{**said, "counts": AskCounts(**counts)})  # type: ignore[arg-type]  # fields are checked by name


@dataclass(frozen=True)
class CallOutcome:
    """How one sent call went: its real cost, or why there was none."""

    money: float = 0.0
    tokens: int = 0
    failure: CallError | None = None
    retry_after: float = 0.0
    detail: str = ""
