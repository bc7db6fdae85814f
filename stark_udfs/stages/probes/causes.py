"""Makers of probes about causes: only where the conversation itself says why, or takes up what led to something."""

import re
from collections.abc import Iterator, Sequence

from stark_udfs.stages.probes.candidates import day, probe, turn_ids
from stark_udfs.stages.probes.evidence import Evidence, taken_up, told_events, told_experiences, user_turns
from stark_udfs.stages.probes.quotes import QUOTE_LIMIT, quoted
from stark_udfs.stages.probes.records import Probe, ProbeKind
from stark_udfs.stages.text.history import EpisodeHistory
from stark_udfs.stages.text.matching import content
from stark_udfs.stages.text.sessions.turns import ASSISTANT

LINKS = 2  # words of an earlier event that the telling of a later one takes up: one may be chance
SHORTEST_EFFECT = 12  # characters: less does not say what is asked about
SENTENCE = re.compile(r"[^.!?;…“”\"]+")
BECAUSE = re.compile(r"(?P<effect>.+?),? because (?:of )?(?P<cause>.+)", re.IGNORECASE)
SO = re.compile(
    r"(?P<cause>.+), so (?!that\b|far\b|much\b|many\b|long\b|I (?:suppose|guess|think)\b)"
    r"(?P<effect>(?:I|I['’]\w+|we|he|she|they|it|my|our|the|[A-Z]\w+)\b.+)"
)
OPENING = re.compile(r"^(?:(?:and|but|so|or|then|oh|well|yes|no|anyway|now|still),?\s+)+", re.IGNORECASE)
POINTING = re.compile(r"^(?:it|this|that|them|him|her)\W*$", re.IGNORECASE)


def said_causes(text: str) -> Iterator[tuple[str, str]]:
    """What a text says to be so, and why, as "I stayed in because it rained" and "It rained, so I stayed in" do.

    Example:
        ```python
        list(said_causes("It rained, so I stayed in all day."))  # [("I stayed in all day", "It rained")]
        ```
    """
    for sentence in SENTENCE.findall(text):
        for pattern in (BECAUSE, SO):
            found = pattern.fullmatch(sentence.strip())
            if found is None:
                continue
            effect, cause = (OPENING.sub("", found[name].strip(" ,:–-")) for name in ("effect", "cause"))
            told = SHORTEST_EFFECT <= len(effect) <= QUOTE_LIMIT and len(cause) <= QUOTE_LIMIT
            if told and not POINTING.match(cause) and content(cause) - content(effect):
                yield effect, cause
            break


def why_said(history: EpisodeHistory) -> Iterator[Probe]:
    """Why something was so, in the words of a turn that says both."""
    days = [session.session_date for session in history.sessions]
    for session in history.sessions:
        for turn in user_turns(session):
            for effect, cause in said_causes(turn.text):
                if days.count(session.session_date) == 1:
                    question = (
                        f"On {day(session.session_date)}, {history.name} said: {quoted(effect)}. What reason did they "
                        "give for it?"
                    )
                    proof = [history.turn_id(session.session_number, turn.turn)]
                    yield probe(history, ProbeKind.CAUSE, "why_said", question, cause, proof)


def what_explains(history: EpisodeHistory) -> Iterator[Probe]:
    """The experience that lies between an earlier event and this one, told beside it."""
    events = {told.session.session_number: told for told in told_events(history) if told.part is not None}
    for lived in told_experiences(history, "add"):
        told = events.get(lived.session.session_number)
        if told is not None and not content(lived.fact) <= content(told.fact):
            question = (
                f"When {history.name} told the {ASSISTANT} of {told.quote}: what did they say they had come to know, "
                "had lived through, or could do by then?"
            )
            yield probe(history, ProbeKind.CAUSE, "what_explains", question, lived.fact, turn_ids(history, told, lived))


def what_led_to(history: EpisodeHistory) -> Iterator[Probe]:
    """The earlier event that caused a later one, where the telling of the later one takes it up, and no other so much.

    That the plan has the link is not enough: nobody who only heard the conversation would know of it.
    """
    events = {told.session.event_id: told for told in told_events(history)}
    for told in events.values():
        event = history.event(told.session.event_id)
        cause = None if event is None or event.caused_by is None else events.get(event.caused_by.event_id)
        if cause is None or told.part is None:
            continue
        words = taken_up(history, cause, told)
        if len(words) >= LINKS and len(words) > _most_of_others(history, cause, told, list(events.values())):
            number = told.session.session_number
            links = [
                history.turn_id(number, turn.turn) for turn in user_turns(told.session) if words & content(turn.text)
            ]
            question = f"Which earlier thing that {history.name} told about led to {told.quote}?"
            proof = [*turn_ids(history, cause, told), *links]
            yield probe(history, ProbeKind.CAUSE, "what_led_to", question, cause.fact, proof)


def _most_of_others(history: EpisodeHistory, cause: Evidence, told: Evidence, events: Sequence[Evidence]) -> int:
    """As many words as any other earlier event has in common with the telling."""
    others = (one for one in events if one is not cause and one.session.session_number < told.session.session_number)
    return max((len(taken_up(history, one, told)) for one in others), default=0)
