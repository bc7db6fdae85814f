"""A person's story: which things happen, when, and what leads to what.

It depends on the episode's row and a small variant number alone, so the author of sessions can lay the same story again
from the row and needs nothing but the events that were accepted.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from stark_udfs.core.ids import Json, rng_of
from stark_udfs.demo.author.beats import Beat, Line, beats
from stark_udfs.demo.author.cast import Cast, cast_of
from stark_udfs.demo.author.grammar import render, sentence
from stark_udfs.demo.author.person import person_of

VARIANTS = 4  # stories that one row can get; a redraw lands on another
GAPS = {"hours": (0, 0), "days": (1, 6), "weeks": (6, 26), "months": (28, 62)}
DAYS_IN = {"day": 1, "week": 7, "month": 30.44, "year": 365.25}
LIFE = "life"
ANY_DAY = date(2022, 1, 1)  # for what does not change with the season


@dataclass(frozen=True)
class Chapter:
    """One event of a story. `cause` is its place among the chapters, None for the first."""

    beat: Beat
    day: date
    cause: int | None
    hours: int
    updates: bool
    cast: Cast

    @cached_property
    def slots(self) -> dict[str, str]:
        """The slots of this chapter."""
        return self.cast.slots(self.beat, self.day)

    def lines(self, kind: str) -> tuple[Line, ...]:
        """The lines of a kind that fit this person at this time."""
        return self.beat.of(kind, self.cast.state(self.day))

    def fixed(self, kind: str, second: bool = False) -> str:
        """The one wording of a kind that this episode always uses; empty if there is none."""
        lines = self.lines(kind)
        if not lines:
            return ""
        rng = rng_of(self.cast.person.key, self.beat.name, kind)
        line = rng.choice(lines)
        first = render(line.text, rng, self.slots)
        return render(line.second, rng, self.slots) if second else first

    @property
    def event(self) -> str:
        """The event as the table has it."""
        return sentence(render(self.lines("ev")[0].text, self._own("ev"), self.slots, "present"))

    @property
    def told_event(self) -> str:
        """The event as its person tells it afterwards."""
        return sentence(render(self.lines("ev")[0].text, self._own("ev"), self.slots, "past"))

    @property
    def experience(self) -> str:
        """What is new about the person since the event that caused this one."""
        kind = "up" if self.updates else "ex"
        return sentence(render(self.lines(kind)[0].text, self._own(kind), self.slots, "present"))

    def _own(self, kind: str) -> random.Random:
        return rng_of(self.cast.person.key, self.beat.name, kind)


@dataclass(frozen=True)
class Plan:
    """How a story is to be laid."""

    asked: int
    first: date
    last: date
    update_share: float


def plan_of(facts: Mapping[str, Json]) -> Plan:
    """The plan that the stage's facts ask for; the paper's span where they say nothing."""
    share = facts.get("update_share", 0.17)
    return Plan(
        asked=int(str(facts.get("asked") or 6)),
        first=date.fromisoformat(str(facts.get("first") or "2021-01-01")),
        last=date.fromisoformat(str(facts.get("last") or "2024-04-30")),
        update_share=float(str(share)),
    )


def story_of(row: Mapping[str, Json], plan: Plan, variant: int) -> tuple[Chapter, ...]:
    """The chapters of a person's story, in order of time."""
    cast, rng = _dealt(row, variant)
    steps = _steps(cast, plan.asked, rng)
    days, hours = _days(steps, plan, rng)
    return tuple(
        Chapter(beat, day, cause, hour, rng.random() < plan.update_share and bool(beat.of("up")), cast)
        for (beat, cause), day, hour in zip(steps, days, hours, strict=True)
    )


def retold(row: Mapping[str, Json], events: Sequence[str], days: Sequence[date]) -> tuple[Chapter, ...]:
    """The chapters behind a row's events, on their accepted dates; empty if the events are not the author's own."""
    wanted = [bare(event) for event in events]
    for variant in range(VARIANTS if wanted else 0):
        cast, rng = _dealt(row, variant)
        steps = _steps(cast, len(wanted), rng)
        story = tuple(Chapter(beat, day, cause, 0, False, cast) for (beat, cause), day in zip(steps, days, strict=True))
        if all(bare(chapter.event) == event for chapter, event in zip(story, wanted, strict=True)):
            return story
    return ()


def bare(text: str) -> str:
    """A sentence without what a parser may change: case, spaces, the mark at its end."""
    return " ".join(text.lower().split()).rstrip(".!? ")


def _dealt(row: Mapping[str, Json], variant: int) -> tuple[Cast, random.Random]:
    person = person_of(row)
    return cast_of(person, row), rng_of(person.key, "story", variant)


def _steps(cast: Cast, asked: int, rng: random.Random) -> list[tuple[Beat, int | None]]:
    """Beats with their causes: a root that fits the relation, then whatever earlier beats make possible."""
    state = cast.state(ANY_DAY) - {"cold", "warm", "snow"}
    own = [beat for beat in beats(cast.group) if beat.fits(state)]
    common = [beat for beat in beats(LIFE) if beat.fits(state) and cast.group != LIFE]
    roots = [beat for beat in beats("root") if beat.fits(state)]
    steps: list[tuple[Beat, int | None]] = [(rng.choice(roots), None)]
    borrowed = 0
    while len(steps) < asked:
        done = {beat.name for beat, _ in steps}
        ready = [beat for beat in own if beat.name not in done and _cause(beat, steps, rng) is not None]
        asides = [beat for beat in common if beat.name not in done]
        aside = asides and (not ready or (borrowed < len(steps) // 3 and len(steps) > 1 and rng.random() < 0.25))
        if aside:
            borrowed += 1
        pool = asides if aside else ready
        if not pool:
            pool = [beat for beat in (*own, *beats(LIFE)) if beat is not steps[-1][0]]
        beat = rng.choice(pool)
        steps.append((beat, _cause(beat, steps, rng) or 0))
    return steps


def _cause(beat: Beat, steps: Sequence[tuple[Beat, int | None]], rng: random.Random) -> int | None:
    """The place of an earlier beat that makes this one possible; None if there is none yet."""
    if beat.group == LIFE:
        return rng.choice(range(max(0, len(steps) - 2), len(steps)))
    if not beat.needs:
        return 0 if beat.group != "root" else None
    giving = [place for place, (earlier, _) in enumerate(steps) if earlier.gives in beat.needs]
    return rng.choice(giving[-2:]) if giving else None


def _days(steps: Sequence[tuple[Beat, int | None]], plan: Plan, rng: random.Random) -> tuple[list[date], list[int]]:
    """A day for each beat and the hours since the beat before where both fall on one day."""
    room = (plan.last - plan.first).days
    gaps = [0, *(rng.randint(*GAPS[beat.gap]) for beat, _ in steps[1:])]
    while sum(gaps) > room and any(gap > 1 for gap in gaps):
        gaps = [gap // 2 if gap > 1 else gap for gap in gaps]
    day = plan.first + timedelta(days=rng.randint(0, max(0, room - sum(gaps))))
    days: list[date] = []
    hours: list[int] = []
    for gap in gaps:
        day = min(day + timedelta(days=gap), plan.last)
        hours.append(rng.randint(2, 7) if gap == 0 else 0)
        days.append(day)
    return days, hours


def interval(earlier: Chapter, later: Chapter, between: int) -> str:
    """The time between two chapters in one unit, as "<n> hour|day|week|month|year(s)". `between`: hours on one day."""
    days = (later.day - earlier.day).days
    if days == 0:
        return _count(max(1, between), "hour")
    unit = "day" if days < 12 else "week" if days < 45 else "month" if days < 330 else "year"
    return _count(max(1, round(days / DAYS_IN[unit])), unit)


def _count(n: int, unit: str) -> str:
    return f"{n} {unit}" + ("" if n == 1 else "s")
