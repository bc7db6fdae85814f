"""Spans of time between two dates, in days and in words."""

import re
from datetime import date

UNIT_DAYS = {"hour": 1 / 24, "day": 1.0, "week": 7.0, "month": 30.44, "year": 365.25}
COUNTS = {
    word: count
    for count, words in (
        (0.5, ("half a", "half an")),
        (1, ("a", "an", "one")),
        (2, ("two", "a couple of", "couple of")),
        (3, ("three", "a few", "few", "several")),
        (4, ("four",)),
        (5, ("five",)),
        (6, ("six",)),
        (7, ("seven",)),
        (8, ("eight",)),
        (9, ("nine",)),
        (10, ("ten",)),
        (11, ("eleven",)),
        (12, ("twelve",)),
    )
    for word in words
}
STATED = re.compile(
    r"(?:about|around|almost|nearly|roughly|over|after)?\s*"
    rf"(?P<count>\d+(?:\.\d+)?|{'|'.join(sorted(COUNTS, key=len, reverse=True))})\s+"
    rf"(?P<unit>{'|'.join(UNIT_DAYS)})s?(?:\s+(?:later|after|ago))?"
)
DATED = re.compile(r"(\d{4})[./-](\d{1,2})[./-](\d{1,2})")
A_FEW_HOURS = "a few hours"


def date_of(text: str) -> date | None:
    """The date of '2021.03.05' (or with - or /); None if it is none."""
    found = DATED.fullmatch(text.strip())
    if found is None:
        return None
    year, month, day = map(int, found.groups())
    try:
        return date(year, month, day)
    except ValueError:
        return None


def days_of(text: str) -> tuple[float, float] | None:
    """A span such as '3 weeks' in days, and its unit in days; None if it cannot be read."""
    found = STATED.fullmatch(" ".join(text.casefold().split()).rstrip("."))
    if found is None:
        return None
    count = COUNTS[found["count"]] if found["count"] in COUNTS else float(found["count"])
    return count * UNIT_DAYS[found["unit"]], UNIT_DAYS[found["unit"]]


def agrees(text: str, *, earlier: date, later: date, tolerance: float) -> bool:
    """Whether a stated span fits two dates: within `tolerance` of itself, or one unit, but a day at least."""
    stated = days_of(text)
    if stated is None:
        return False
    days, unit = stated
    return abs(days - (later - earlier).days) <= max(tolerance * days, unit, 1.0)


def between(earlier: date, later: date) -> str:
    """The span from one date to a later one, in the largest unit of which it holds two, or in days."""
    days = (later - earlier).days
    if days == 0:
        return A_FEW_HOURS
    for unit, least in (("year", 2 * UNIT_DAYS["year"]), ("month", 2 * UNIT_DAYS["month"]), ("week", 14.0)):
        if days >= least:
            return f"{round(days / UNIT_DAYS[unit])} {unit}s"
    return "1 day" if days == 1 else f"{days} days"
