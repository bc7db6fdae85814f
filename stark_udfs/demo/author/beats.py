"""The parts that stories are made of, read from data/beats.

A beat is one thing that can happen. A file holds the beats of one side of life:
`@ key | needs | gives | gap | mood | options`, then lines that begin with what they are:
top (a name for it), ev (event), ex (experience added), up (experience updated), t (something to tell), q (question //
answer), s (a remark of the listener), tip (advice, after "you could"), w (worry // how it went), n (intention, after
"to" // how it went), m and i (picture from the phone, from the internet // what one sees first).
A line may open with conditions: `?cold`, `?adult`, `?!minor`; `?=other` on a beat names another helper.
"""

from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Literal

Gap = Literal["hours", "days", "weeks", "months"]
NOTHING = frozenset[str]()
OTHER = "=other"


@dataclass(frozen=True)
class Line:
    """A template, or two that belong together, and when it may be used."""

    text: str
    second: str = ""
    conditions: tuple[str, ...] = ()

    def fits(self, state: frozenset[str]) -> bool:
        """Whether every condition holds; "!x" asks that x does not."""
        return all((c[1:] not in state) if c.startswith("!") else (c in state) for c in self.conditions)


@dataclass(frozen=True)
class Beat:
    """One thing that can happen in a story. `needs`: one of these must have been given by an earlier beat."""

    group: str
    key: str
    needs: frozenset[str]
    gives: str
    gap: Gap
    mood: Literal["+", "-", "~"]
    conditions: tuple[str, ...] = ()
    lines: dict[str, tuple[Line, ...]] = field(default_factory=dict, compare=False)

    @property
    def name(self) -> str:
        """Unique over all files."""
        return f"{self.group}.{self.key}"

    @property
    def other_helper(self) -> bool:
        """Whether the helper here is somebody else than in the group's other beats."""
        return OTHER in self.conditions

    def of(self, kind: str, state: frozenset[str] = NOTHING) -> tuple[Line, ...]:
        """The lines of a kind that fit."""
        return tuple(line for line in self.lines.get(kind, ()) if line.fits(state))

    def fits(self, state: frozenset[str]) -> bool:
        """Whether it can happen to such a person at such a time."""
        return Line("", conditions=self.conditions).fits(state | {OTHER})


@cache
def beats(group: str) -> tuple[Beat, ...]:
    """All beats of one file."""
    text = files("stark_udfs.demo.author").joinpath(f"data/beats/{group}.txt").read_text("utf-8")
    return tuple(_beat(group, part) for part in text.split("\n@ ") if part.strip())


@cache
def threads() -> dict[str, tuple[str, str, str]]:
    """Category and entity key → group of beats, what it is about, what one does about it."""
    text = files("stark_udfs.demo.author").joinpath("data/threads.txt").read_text("utf-8")
    rows = (tuple(cell.strip() for cell in line.split("|")) for line in text.splitlines() if line.strip())
    return {row[0]: (row[1], row[2], row[3]) for row in rows}


@cache
def phrases() -> dict[str, tuple[Line, ...]]:
    """Ways to say what does not depend on the story, by dialogue act."""
    text = files("stark_udfs.demo.author").joinpath("data/phrases.txt").read_text("utf-8")
    found: dict[str, tuple[Line, ...]] = {}
    for part in text.split("\n# "):
        head, *rest = part.strip().removeprefix("# ").splitlines()
        found[head.strip()] = tuple(_line(row) for row in rest if row.strip())
    return found


def _beat(group: str, part: str) -> Beat:
    head, *rest = part.strip().removeprefix("@ ").splitlines()
    key, needs, gives, gap, mood, *conditions = head.split()
    lines: dict[str, list[Line]] = {}
    for row in rest:
        kind, _, body = row.partition(" ")
        lines.setdefault(kind, []).append(_line(body))
    return Beat(
        group=group,
        key=key,
        needs=frozenset() if needs == "-" else frozenset(needs.split("|")),
        gives=gives,
        gap=gap,  # type: ignore[arg-type]
        mood=mood,  # type: ignore[arg-type]
        conditions=tuple(condition.removeprefix("?") for condition in conditions),
        lines={kind: tuple(of_kind) for kind, of_kind in lines.items()},
    )


def _line(body: str) -> Line:
    conditions: list[str] = []
    while body.startswith("?"):
        condition, _, body = body.partition(" ")
        conditions.append(condition[1:])
    first, _, second = body.partition(" // ")
    return Line(first.strip(), second.strip(), tuple(conditions))
