"""Which turns say something: facts of the pipeline count only where the conversation tells them."""

from collections.abc import Sequence
from dataclasses import dataclass

from stark_udfs.stages.text.history import EpisodeHistory, ToldSession
from stark_udfs.stages.text.matching import coverage
from stark_udfs.stages.text.sessions.turns import ASSISTANT, Turn

SAID = 0.6  # of a fact's content words: a present-tense event told in the past tense reaches 0.9, a free retelling 0.6


@dataclass(frozen=True)
class Evidence:
    """A fact, the session that tells it and the turns in which it does."""

    fact: str
    session: ToldSession
    turns: tuple[int, ...]

    def ids(self, history: EpisodeHistory) -> list[str]:
        """EPISODE:session:turn of each."""
        return [history.turn_id(self.session.session_number, turn) for turn in self.turns]


def user_turns(session: ToldSession) -> list[Turn]:
    """The turns of the person that have words."""
    return [turn for turn in session.turns if turn.speaker != ASSISTANT and turn.text]


def evidence(session: ToldSession, fact: str) -> Evidence | None:
    """The turn of the person, or the two that follow each other, that say a fact; None: no turn really does."""
    turns = user_turns(session)
    for count in (1, 2):
        runs = [turns[place : place + count] for place in range(len(turns) - count + 1)]
        shares = [coverage(fact, " ".join(turn.text for turn in run)) for run in runs]
        if shares and max(shares) >= SAID:
            best = runs[shares.index(max(shares))]
            return Evidence(fact, session, tuple(turn.turn for turn in best))
    return None


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
