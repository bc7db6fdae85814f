"""Which turns say something: facts of the pipeline count only where the conversation tells them."""

from collections.abc import Sequence
from dataclasses import dataclass

from stark_udfs.stages.probes.quotes import parts, quoted
from stark_udfs.stages.text.history import EpisodeHistory, ToldSession
from stark_udfs.stages.text.matching import content, coverage
from stark_udfs.stages.text.sessions.turns import ASSISTANT, Turn

SAID = 0.6  # of a fact's content words: a present-tense event told in the past tense reaches 0.9, a free retelling 0.6


@dataclass(frozen=True)
class Evidence:
    """A fact, the session that tells it, the turns in which it does, and what of it a question may quote.

    part: what these turns say of the fact, short enough for a question; None: they say no such part on its own.
    """

    fact: str
    session: ToldSession
    turns: tuple[int, ...]
    part: str | None = None

    @property
    def quote(self) -> str:
        """The part as a question quotes it; empty where there is none."""
        return "" if self.part is None else quoted(self.part)

    def ids(self, history: EpisodeHistory) -> list[str]:
        """EPISODE:session:turn of each."""
        return [history.turn_id(self.session.session_number, turn) for turn in self.turns]


def user_turns(session: ToldSession) -> list[Turn]:
    """The turns of the person that have words."""
    return [turn for turn in session.turns if turn.speaker != ASSISTANT and turn.text]


def evidence(session: ToldSession, fact: str) -> Evidence | None:
    """The turn of the person, or the two that follow each other, that say a fact; None: no turn really does.

    Turns that also say a part which a question can quote go before others: a fact told in other words may be told whole
    and not in its beginning.
    """
    turns = user_turns(session)
    told: list[Evidence] = []
    for count in (1, 2):
        runs = [turns[place : place + count] for place in range(len(turns) - count + 1)]
        found = [(coverage(fact, text), place, text) for place, text in enumerate(map(_text, runs))]
        for share, place, text in sorted(found, key=lambda one: (-one[0], one[1])):
            if share >= SAID:
                part = next((one for one in parts(fact) if coverage(one, text) >= SAID), None)
                told.append(Evidence(fact, session, tuple(turn.turn for turn in runs[place]), part))
    return next((one for one in told if one.part is not None), told[0] if told else None)


def _text(turns: Sequence[Turn]) -> str:
    return " ".join(turn.text for turn in turns)


def told_events(history: EpisodeHistory) -> Sequence[Evidence]:
    """The events that their sessions tell, in the order of the sessions."""
    found = []
    for session in history.sessions:
        event = history.event(session.event_id)
        told = None if event is None else evidence(session, event.event)
        if told is not None:
            found.append(told)
    return found


def told_experiences(history: EpisodeHistory, operation: str) -> Sequence[Evidence]:
    """The experiences of one kind ("add" or "update") that their sessions tell."""
    found = []
    for session in history.sessions:
        if session.experience and session.experience_op == operation:
            told = evidence(session, session.experience)
            if told is not None:
                found.append(told)
    return found


def taken_up(history: EpisodeHistory, earlier: Evidence, later: Evidence) -> frozenset[str]:
    """The words of an earlier fact that the person says again when telling a later one, and that nobody else had said.

    Source: ours. A name, or a word that other sessions had before, ties no two sessions together.
    """
    pair = {earlier.session.session_number, later.session.session_number}
    elsewhere = " ".join(
        turn.text
        for session, turn in history.turns()
        if session.session_number not in pair and session.session_number < later.session.session_number
    )
    own = content(earlier.fact) - content(later.fact) - content(elsewhere) - content(history.name)
    return own & content(_text(user_turns(later.session)))
