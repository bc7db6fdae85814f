"""Proves probes from nothing but the conversation: the question's quotes, days and names, and the cited turns.

It does not know how a question was made: it reads the question, looks at the turns, and says why it is not convinced.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from stark_udfs.stages.probes.evidence import SAID
from stark_udfs.stages.probes.records import NEVER_SAID, Probe
from stark_udfs.stages.text.events.intervals import agrees, between
from stark_udfs.stages.text.history import EpisodeHistory, ToldSession
from stark_udfs.stages.text.matching import content, coverage
from stark_udfs.stages.text.sessions.turns import ASSISTANT, Turn

QUOTE = re.compile("“([^”]+)”")
DAY = re.compile(r"\b(\d{1,2} [A-Z][a-z]+ \d{4})\b")
LINKS = 2  # words of a cause that the telling of its effect has to take up
SHOWN = 0.9  # of the words of a picture's description


@dataclass(frozen=True)
class Cited:
    """A turn that a probe cites, with its session."""

    session: ToldSession
    turn: Turn


class Unproved(Exception):
    """The conversation does not prove an answer; the message says what is missing."""


def unproved(history: EpisodeHistory, probe: Probe) -> str | None:
    """Why the conversation does not prove a probe; None: it does.

    Args:
        history: the episode; of it, names, sessions and turns are looked at.
        probe: any probe.
    """
    try:
        if probe.episode_id != history.episode_id:
            raise Unproved("another episode")
        PROOFS[probe.form](history, probe, [_cited(history, one) for one in probe.evidence])
    except Unproved as error:
        return str(error)
    return None


def _cited(history: EpisodeHistory, turn_id: str) -> Cited:
    for session, turn in history.turns():
        if history.turn_id(session.session_number, turn.turn) == turn_id:
            return Cited(session, turn)
    raise Unproved(f"there is no turn {turn_id}")


def _quotes(probe: Probe, count: int) -> list[str]:
    found = [quote.strip("…") for quote in QUOTE.findall(probe.question)]
    if len(found) != count:
        raise Unproved(f"{len(found)} quotes, not {count}")
    return found


def _day(probe: Probe) -> date:
    found = DAY.search(probe.question)
    if found is None:
        raise Unproved("the question names no day")
    return datetime.strptime(found[1], "%d %B %Y").date()


def _said(fact: str, cited: Sequence[Cited], least: float = SAID) -> None:
    share = coverage(fact, " ".join(one.turn.text for one in cited))
    if share < least:
        raise Unproved(f"the turns say {share:.0%} of {fact!r}")


def _some(cited: Sequence[Cited]) -> None:
    if not cited:
        raise Unproved("no turn is cited")


def _tells(cited: Sequence[Cited], quote: str) -> ToldSession:
    """The one session among the cited turns that tells a quote."""
    numbers = {one.session.session_number: one.session for one in cited}
    share = {
        number: coverage(quote, " ".join(one.turn.text for one in cited if one.session.session_number == number))
        for number in numbers
    }
    _some(cited)
    best = max(share, key=lambda number: (share[number], -number))
    if share[best] < SAID:
        raise Unproved(f"no cited session tells {quote!r}")
    return numbers[best]


def _only(history: EpisodeHistory, quote: str, told: ToldSession) -> None:
    """No other day's session tells the same."""
    for session in history.sessions:
        if session.session_date != told.session_date:
            said = max((coverage(quote, turn.text) for turn in session.turns if turn.speaker != ASSISTANT), default=0.0)
            if said >= SAID:
                raise Unproved(f"session {session.session_number} tells {quote!r}, too")


def _one_day(history: EpisodeHistory, when: date, cited: Sequence[Cited]) -> None:
    _some(cited)
    if {one.session.session_date for one in cited} != {when}:
        raise Unproved(f"the cited turns are not of {when}")
    if sum(session.session_date == when for session in history.sessions) != 1:
        raise Unproved(f"{when} has several sessions")


def _who_is(history: EpisodeHistory, probe: Probe, cited: Sequence[Cited]) -> None:
    (relation,) = _quotes(probe, 1)
    named = re.compile(rf"\b[Mm]y (?:\w+ )?{re.escape(relation)}(?: called| named|,)? ([^\W\d_a-z][\w’-]+)")
    names = {
        match[1].split("’")[0]
        for _, turn in history.turns()
        if turn.speaker != ASSISTANT
        for match in named.finditer(turn.text)
    }
    if names != {probe.answer}:
        raise Unproved(f"names of the {relation}: {sorted(names)}")
    if not any(named.search(one.turn.text) for one in cited):
        raise Unproved("the cited turn does not name them")


def _what_happened(history: EpisodeHistory, probe: Probe, cited: Sequence[Cited]) -> None:
    _one_day(history, _day(probe), cited)
    _said(probe.answer, cited)


def _which_first(history: EpisodeHistory, probe: Probe, cited: Sequence[Cited]) -> None:
    told = {quote: _tells(cited, quote) for quote in _quotes(probe, 2)}
    for quote, session in told.items():
        _only(history, quote, session)
    first, second = sorted(told, key=lambda quote: told[quote].session_date)
    if told[first].session_date == told[second].session_date:
        raise Unproved("both are of one day")
    if probe.answer.strip("…") != first:
        raise Unproved(f"first is {first!r}")


def _who_in_both(history: EpisodeHistory, probe: Probe, cited: Sequence[Cited]) -> None:
    sessions = {_tells(cited, quote).session_number for quote in _quotes(probe, 2)}
    if len(sessions) != 2:
        raise Unproved("one session tells both")
    for number in sessions:
        text = " ".join(one.turn.text for one in cited if one.session.session_number == number)
        if not re.search(rf"\b{re.escape(probe.answer)}\b", text):
            raise Unproved(f"session {number} does not name {probe.answer}")
    if probe.answer in probe.question:
        raise Unproved("the question names the answer")


def _when_told(history: EpisodeHistory, probe: Probe, cited: Sequence[Cited]) -> None:
    (quote,) = _quotes(probe, 1)
    told = _tells(cited, quote)
    _only(history, quote, told)
    if told.session_date.isoformat() != probe.answer:
        raise Unproved(f"told on {told.session_date}")


def _how_long_between(history: EpisodeHistory, probe: Probe, cited: Sequence[Cited]) -> None:
    one, two = (_tells(cited, quote) for quote in _quotes(probe, 2))
    for quote, session in zip(_quotes(probe, 2), (one, two), strict=True):
        _only(history, quote, session)
    earlier, later = sorted((one.session_date, two.session_date))
    if probe.answer != between(earlier, later) and not agrees(
        probe.answer, earlier=earlier, later=later, tolerance=0.1
    ):
        raise Unproved(f"{earlier} to {later} is {between(earlier, later)}")


def _why_said(history: EpisodeHistory, probe: Probe, cited: Sequence[Cited]) -> None:
    (effect,) = _quotes(probe, 1)
    _one_day(history, _day(probe), cited)
    text = " ".join(cited[0].turn.text.split())
    one, two = re.escape(effect), re.escape(probe.answer)
    if len(cited) != 1 or cited[0].turn.speaker == ASSISTANT:
        raise Unproved("one turn of the person is to be cited")
    if not re.search(rf"{one},? because (?:of )?{two}|{two}, so (?:\w+,? )?{one}", text, re.IGNORECASE):
        raise Unproved(f"the turn does not say that {probe.answer!r} is why {effect!r}")


def _what_explains(history: EpisodeHistory, probe: Probe, cited: Sequence[Cited]) -> None:
    (quote,) = _quotes(probe, 1)
    told = _tells(cited, quote)
    _only(history, quote, told)
    _said(probe.answer, [one for one in cited if one.session.session_number == told.session_number])


def _what_led_to(history: EpisodeHistory, probe: Probe, cited: Sequence[Cited]) -> None:
    (quote,) = _quotes(probe, 1)
    told = _tells(cited, quote)
    _only(history, quote, told)
    cause = _tells([one for one in cited if one.session.session_number != told.session_number], probe.answer)
    if (cause.session_date, cause.session_number) >= (told.session_date, told.session_number):
        raise Unproved("the cause comes later")
    before = [
        content(turn.text)
        for session, turn in history.turns()
        if session.session_number not in {cause.session_number, told.session_number}
        and session.session_number < told.session_number
    ]
    heard = [content(one.turn.text) for one in cited if one.session.session_number == told.session_number]
    shared = content(probe.answer) & frozenset[str]().union(*heard)
    shared -= frozenset[str]().union(content(quote), content(history.name), *before)
    if len(shared) < LINKS:
        raise Unproved(f"session {told.session_number} takes up no more of the cause than {sorted(shared)}")


def _what_picture(history: EpisodeHistory, probe: Probe, cited: Sequence[Cited]) -> None:
    (who,) = _quotes(probe, 1)
    _one_day(history, _day(probe), cited)
    images = [image for turn in cited[0].session.turns if turn.speaker == who for image in turn.images]
    if [image.description for image in images] != [probe.answer]:
        raise Unproved(f"{who} shared {len(images)} pictures that day")


def _when_shown(history: EpisodeHistory, probe: Probe, cited: Sequence[Cited]) -> None:
    (quote,) = _quotes(probe, 1)
    shown = [
        (session.session_date, history.turn_id(session.session_number, turn.turn))
        for session, turn in history.turns()
        for image in turn.images
        if coverage(quote, image.description) >= SHOWN
    ]
    if not shown or (shown[0][0].isoformat(), [shown[0][1]]) != (probe.answer, probe.evidence):
        raise Unproved(f"first shown on {shown[0][0] if shown else 'no day'}, {len(cited)} turns cited")


def _who_shared(history: EpisodeHistory, probe: Probe, cited: Sequence[Cited]) -> None:
    (quote,) = _quotes(probe, 1)
    sharers = {
        turn.speaker
        for _, turn in history.turns()
        for image in turn.images
        if coverage(quote, image.description) >= SHOWN
    }
    if sharers != {probe.answer}:
        raise Unproved(f"shared by {sorted(sharers)}")
    if not any(coverage(quote, image.description) >= SHOWN for one in cited for image in one.turn.images):
        raise Unproved("the cited turn does not share it")


def _latest_news(history: EpisodeHistory, probe: Probe, cited: Sequence[Cited]) -> None:
    _some(cited)
    if any(one.session.session_number != history.sessions[-1].session_number for one in cited):
        raise Unproved("not of the last session")
    _said(probe.answer, cited)


def _latest_picture(history: EpisodeHistory, probe: Probe, cited: Sequence[Cited]) -> None:
    shown = [(turn, image.description) for _, turn in history.turns() for image in turn.images]
    if not shown or shown[-1] != (cited[0].turn if cited else None, probe.answer):
        raise Unproved("another picture came later")


def _never_said(history: EpisodeHistory, probe: Probe, cited: Sequence[Cited]) -> None:
    (quote,) = _quotes(probe, 1)
    if probe.answer != NEVER_SAID or cited:
        raise Unproved("what nobody said has no answer and no turn")
    for session, turn in history.turns():
        words = content(" ".join([turn.text, *(image.description for image in turn.images)]))
        if content(quote) & words:
            raise Unproved(f"session {session.session_number} speaks of it, turn {turn.turn}")


PROOFS: Mapping[str, Callable[[EpisodeHistory, Probe, Sequence[Cited]], None]] = {
    "who_is": _who_is,
    "what_happened": _what_happened,
    "which_first": _which_first,
    "who_in_both": _who_in_both,
    "when_told": _when_told,
    "how_long_between": _how_long_between,
    "why_said": _why_said,
    "what_explains": _what_explains,
    "what_led_to": _what_led_to,
    "what_picture": _what_picture,
    "when_shown": _when_shown,
    "who_shared": _who_shared,
    "what_holds_now": _what_happened,
    "latest_news": _latest_news,
    "latest_picture": _latest_picture,
    "never_said": _never_said,
}
