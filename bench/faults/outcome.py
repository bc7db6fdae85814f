"""What came of one fault, what was allowed, and how that is shown."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Outcome:
    """One line of the table.

    ended: how the run came to its end, and how the next ones did.
    logical: distinct calls that the finished work rests on. paid: answers that the server began for money, those that
    never arrived included. lost, doubled: see `ledger`; so many rows, replies and verdicts.
    in_flight: calls at once that the settings allow; most_in_flight: that the server saw.
    vacuous: why the fault did not do what it is for; empty if it did.
    kills: processes killed. worst: calls paid twice because of one kill, at most. allowed: calls paid twice, at most.
    """

    fault: str
    ended: str
    logical: int
    paid: int
    lost: int
    doubled: int
    in_flight: int
    most_in_flight: int
    seconds: float
    kills: int = 0
    worst: int = 0
    allowed: int = 0
    vacuous: str = ""

    @property
    def ok(self) -> bool:
        """Whether the outcome is as promised."""
        whole = self.lost == self.doubled == 0 and self.logical > 0
        paid_once = 0 <= self.paid - self.logical <= self.allowed
        limit_held = self.kills > 0 or self.most_in_flight <= self.in_flight  # the server hears late of who was killed
        return whole and paid_once and limit_held and not self.vacuous


HEAD = """\
| fault | ended | kills | logical | paid | paid ÷ logical | allowed | worst kill | lost | doubled | s |
|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|"""


def table(outcomes: Sequence[Outcome]) -> str:
    """The table as Markdown."""
    return "\n".join([HEAD, *map(line, outcomes)])


def line(one: Outcome) -> str:
    """One line of the table."""
    ratio, allowed, worst = (
        f"{(one.logical + extra) / max(1, one.logical):.3f}"
        for extra in (one.paid - one.logical, one.allowed, one.worst)
    )
    failed = "" if one.ok else f" **FAILED** {one.vacuous}"
    cells = (
        *(f"{one.fault}{failed}", one.ended, one.kills or "", one.logical, one.paid, ratio, allowed),
        *(worst if one.kills else "", one.lost, one.doubled, f"{one.seconds:.0f}"),
    )
    return f"| {' | '.join(map(str, cells))} |"


def keep(outcomes: Sequence[Outcome], path: Path) -> None:
    """Write the outcomes; those of other faults that the file has stay."""
    before = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    names = {one.fault for one in outcomes}
    lines = [line for line in before if line["fault"] not in names]
    lines += [{**asdict(one), "ok": one.ok} for one in outcomes]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(lines, indent=1) + "\n", encoding="utf-8")
