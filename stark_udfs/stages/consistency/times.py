"""Dates and intervals: of the tables against each other, and of spoken ones against the dates."""

import re
from datetime import date

from stark_udfs.stages.consistency.found import NOTHING, Fault, Found, Scene, found
from stark_udfs.stages.text.events.intervals import COUNTS, UNIT_DAYS, agrees, between, days_of
from stark_udfs.stages.text.matching import sentences

TOLERANCE = 0.25  # of a stated span, or one of its unit
OPENING = 2  # turns of each session in which people say how long it has been
NUMBER_WORDS = "|".join(sorted(COUNTS, key=len, reverse=True))
SPAN = rf"(?P<count>\d+|{NUMBER_WORDS})\s+(?P<unit>{'|'.join(UNIT_DAYS)})s?\b"
ABOUT = r"(?:about |almost |nearly |over |only |just )?"
THEN = r"(?=[,.!?…]|\s+(?:already|later|have|has|went|gone|since|is a|and|without|flew|passed|ago)\b)"
BARE = SPAN.replace("count", "count2").replace("unit", "unit2")
SINCE = re.compile(
    rf"(?:(?:\bafter|\bbeen|\bmakes|\balready|\bin)\s+{ABOUT}{SPAN}(?!['’]|\s+(?:of|at|in|on|with)\b))"
    rf"|(?:(?:^|[.!?…:]\s+|, ){ABOUT}{BARE}{THEN})",
    re.IGNORECASE,
)
AGO = re.compile(rf"{SPAN}\s+ago\b", re.IGNORECASE)
OF_OUR_TALK = re.compile(
    r"\b(?:told you|showed you|sent you|we (?:last )?(?:talked|spoke)|(?:you|we) said|last time|our last)\b",
    re.IGNORECASE,
)


def dates(scene: Scene) -> Found:
    """The session's day and interval against its event, the session before and what the events say of their causes."""
    session, before = scene.session, scene.before[-1] if scene.before else None
    event = scene.history.event(session.event_id)
    wrong: list[tuple[str, str]] = []
    if event is not None and event.date != session.session_date:
        wrong.append((f"session of {session.session_date}", f"event of {event.date}"))
    if before is not None:
        if session.session_date < before.session_date:
            wrong.append((f"session of {session.session_date}", f"the session before is of {before.session_date}"))
        elif session.interval is None or not _fits(session.interval, before.session_date, session.session_date):
            wrong.append((f"interval {session.interval}", f"{before.session_date} to {session.session_date}"))
    cause = None if event is None else event.caused_by
    earlier = None if cause is None else scene.history.event(cause.event_id)
    if event is not None and cause is not None:
        if earlier is None or earlier.date > event.date:
            wrong.append((f"caused by event {cause.event_id}", f"event {event.event_id} of {event.date}"))
        elif not _fits(cause.interval, earlier.date, event.date):
            wrong.append((f"interval {cause.interval}", f"{earlier.date} to {event.date}"))
    return found([Fault(0, words, against) for words, against in wrong])


def _fits(stated: str, earlier: date, later: date) -> bool:
    return stated == between(earlier, later) or agrees(stated, earlier=earlier, later=later, tolerance=TOLERANCE)


def spoken_intervals(scene: Scene) -> Found:
    """How long it has been, as it is said, against the dates of earlier sessions and events."""
    if not scene.before:
        return NOTHING
    today = scene.session.session_date
    days = {session.session_date for session in scene.before}
    days |= {event.date for event in scene.history.events if event.date < today}
    spans = spoken(scene)
    faults = [
        Fault(turn, words, f"{scene.session.interval} since {scene.before[-1].session_date}")
        for turn, words, span in spans
        if days_of(span) is not None
        and not any(agrees(span, earlier=day, later=today, tolerance=TOLERANCE) for day in days)
    ]
    return found(faults, checked=bool(spans))


def spoken(scene: Scene) -> list[tuple[int, str, str]]:
    """(turn, words, span) of what a session says of the time since earlier ones."""
    spans = []
    for place, turn in enumerate(scene.session.turns):
        if place < OPENING:
            for match in SINCE.finditer(turn.text):
                count, unit = match["count"] or match["count2"], match["unit"] or match["unit2"]
                spans.append((turn.turn, match[0].strip(" .,!?:"), f"{count} {unit}"))
        for sentence in sentences(turn.text) if place >= OPENING else []:
            if OF_OUR_TALK.search(sentence):
                spans += [(turn.turn, m[0], f"{m['count']} {m['unit']}") for m in AGO.finditer(sentence)]
    return spans
