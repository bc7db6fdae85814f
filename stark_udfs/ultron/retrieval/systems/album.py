"""Retrieval from a person's own album: what is known of an image (who, when, where) counts beside what it shows.

PhotoBench (2026) shows that one embedding of everything does not find "the one with Meifang from last spring": names,
dates and places are evidence of their own. Here each kind of evidence is read out of the dialogue by rules, compared
with the image's own record, and added to the score of a system for content. Rules read English; what they do not find
adds nothing, so that without evidence the ranking is that of the system.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from stark_udfs.ultron.retrieval.benchmark import Benchmark, Candidate, Query
from stark_udfs.ultron.retrieval.metrics import Scores
from stark_udfs.ultron.retrieval.queries import LAST_TURN, QueryForm
from stark_udfs.ultron.retrieval.systems import System
from stark_udfs.ultron.retrieval.systems.dense import standardised
from stark_udfs.ultron.retrieval.text_metrics import tokens

MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
          "november", "december")  # fmt: skip
SEASONS = {"spring": (3, 5), "summer": (6, 8), "autumn": (9, 11), "fall": (9, 11), "winter": (12, 14)}  # northern
DAYS = {"day": 1, "week": 7, "month": 30, "year": 365}
NUMBERS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
AGO = re.compile(r"\b(\d{1,3}|an?|one|two|three|four|five|six) (day|week|month|year)s? (ago|earlier|back)\b")
LAST = re.compile(r"\blast (week|month|year|spring|summer|autumn|fall|winter|" + "|".join(MONTHS) + r")\b")
IN = re.compile(r"\bin (" + "|".join(MONTHS) + r")(?: (\d{4}))?\b|\bin (\d{4})\b")
YESTERDAY = re.compile(r"\b(yesterday|today|this morning|tonight)\b")


@dataclass(frozen=True)
class Span:
    """Days between which an image was taken, both included."""

    first: date
    last: date

    def holds(self, day: date) -> bool:
        """Whether a day lies in it."""
        return self.first <= day <= self.last


@dataclass(frozen=True)
class Album:
    """A system for content, and what evidence adds to its standardised score.

    who, when, where: for each kind that agrees; a date that is named and does not agree takes `when` away.
    """

    content: System
    who: float = 1.5
    when: float = 1.5
    where: float = 1.5
    form: QueryForm = LAST_TURN

    @property
    def name(self) -> str:
        """Of the system for content, and what is added."""
        return f"{self.content.name} + who, when, where"

    def score(self, queries: Sequence[Query], candidates: Sequence[Candidate]) -> Scores:
        """See `System.score`."""
        scores = standardised(self.content.score(queries, candidates))
        names = [[frozenset(tokens(name)) for name in candidate.who] for candidate in candidates]
        places = [frozenset(tokens(candidate.where)) for candidate in candidates]
        for row, query in enumerate(queries):
            text = " ".join(part for part, _ in self.form.parts(query))
            said, span = frozenset(tokens(text)), span_of(text, query.on)
            for column, candidate in enumerate(candidates):
                scores[row, column] += np.float32(
                    self.who * any(name and name <= said for name in names[column])
                    + self.where * bool(places[column] and places[column] <= said)
                    + self.when * _fits(span, candidate.taken)
                )
        return scores


def own_album(benchmark: Benchmark) -> Benchmark:
    """The same queries, each over the images of its own group alone: a person's album instead of everybody's."""
    members: dict[str, list[str]] = {}
    for query in benchmark.queries:
        members.setdefault(query.group, []).append(query.target)
    queries = tuple(
        Query(
            query_id=query.query_id,
            context=query.context,
            target=query.target,
            group=query.group,
            speaker=query.speaker,
            pool=tuple(dict.fromkeys(members[query.group])),
            on=query.on,
        )
        for query in benchmark.queries
    )
    notes = (*benchmark.notes, "the pool of a query is the album of its own person")
    return Benchmark(f"{benchmark.name}, own album", benchmark.split, queries, benchmark.candidates, notes)


def span_of(text: str, today: date | None) -> Span | None:
    """The days that a text speaks of, seen from `today`; None where it names none, or the day is not known."""
    if today is None:
        return None
    said = text.lower()
    if YESTERDAY.search(said):
        return Span(today - timedelta(days=1), today)
    if ago := AGO.search(said):
        unit = DAYS[ago[2]]
        count = int(ago[1]) if ago[1].isdigit() else NUMBERS[ago[1]]
        middle = today - timedelta(days=min(count * unit, 36_500))
        return Span(middle - timedelta(days=unit // 2), middle + timedelta(days=unit // 2))
    if last := LAST.search(said):
        return _last(last[1], today)
    named = IN.search(said)
    return _in(named, today) if named else None


def _in(named: re.Match[str], today: date) -> Span | None:
    """The month or year of a match of `IN`."""
    if named[3]:
        return _year(int(named[3]))
    month = MONTHS.index(named[1]) + 1
    year = int(named[2]) if named[2] else today.year - (month > today.month)
    return _months(year, month, month) if 1 <= year <= 9998 else None


def _last(word: str, today: date) -> Span:
    if word in DAYS:
        return Span(today - timedelta(days=2 * DAYS[word]), today)
    first, last = SEASONS.get(word) or ((MONTHS.index(word) + 1,) * 2)
    year = today.year
    if _months(year, first, last).last >= today:
        year -= 1
    return _months(year, first, last)


def _months(year: int, first: int, last: int) -> Span:
    """From the first day of one month to the last of another; months above 12 are of the next year."""
    after = date(year + last // 12, last % 12 + 1, 1)
    return Span(date(year, first, 1), after - timedelta(days=1))


def _year(year: int) -> Span | None:
    return Span(date(year, 1, 1), date(year, 12, 31)) if 1 <= year <= 9998 else None


def _fits(span: Span | None, taken: date | None) -> int:
    if span is None or taken is None:
        return 0
    return 1 if span.holds(taken) else -1
