"""Dates in a text, however they are written."""

import re
from datetime import date, datetime

ISO = re.compile(r"\b(\d{4})[-./](\d{1,2})[-./](\d{1,2})\b")
WRITTEN = (
    (re.compile(r"\b(\d{1,2})(?:st|nd|rd|th)? (?:of )?([A-Z][a-z]+),? (\d{4})\b"), "%d %B %Y"),
    (re.compile(r"\b([A-Z][a-z]+) (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})\b"), "%B %d %Y"),
)


def days_in(text: str) -> set[date]:
    """All dates of a text: 2021-03-14, 14 March 2021, March 14th, 2021, …"""
    days = {_date(f"{int(day)} {int(month)} {year}", "%d %m %Y") for year, month, day in ISO.findall(text)}
    for pattern, form in WRITTEN:
        days |= {_date(" ".join(parts), form) for parts in pattern.findall(text)}
    return {day for day in days if day is not None}


def _date(text: str, form: str) -> date | None:
    try:
        return datetime.strptime(text, form).date()
    except ValueError:
        return None
