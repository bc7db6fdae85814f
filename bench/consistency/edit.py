"""Copies of histories with something changed."""

import random
import re
from collections.abc import Callable, Mapping

from stark_udfs.stages.text.history import EpisodeHistory, ToldSession
from stark_udfs.stages.text.sessions.turns import ASSISTANT, Turn


def with_session(history: EpisodeHistory, place: int, **changes: object) -> EpisodeHistory:
    """A copy whose session has other fields."""
    sessions = list(history.sessions)
    sessions[place] = sessions[place].model_copy(update=changes)
    return history.model_copy(update={"sessions": sessions})


def with_turn(history: EpisodeHistory, place: int, turn: int, **changes: object) -> EpisodeHistory:
    """A copy in which one turn, by its place, has other fields."""
    turns = list(history.sessions[place].turns)
    turns[turn] = turns[turn].model_copy(update=changes)
    return with_session(history, place, turns=turns)


def turns_of(session: ToldSession, *, user: bool) -> list[int]:
    """The places of the turns with words by one side."""
    return [at for at, turn in enumerate(session.turns) if turn.text and (turn.speaker != ASSISTANT) == user]


def saying(
    history: EpisodeHistory, place: int, sentence: str, rng: random.Random, *, user: bool = True
) -> EpisodeHistory:
    """A copy in which somebody says one sentence more, somewhere in the session."""
    at = rng.choice(turns_of(history.sessions[place], user=user))
    text = history.sessions[place].turns[at].text
    parts = re.split(r"(?<=[.!?])\s+", text)
    cut = rng.randint(0, len(parts))
    if cut and not parts[cut - 1].endswith((".", "!", "?")):
        cut -= 1
    return with_turn(history, place, at, text=" ".join([*parts[:cut], sentence, *parts[cut:]]))


def edited(turns: list[Turn], change: Callable[[Turn], Mapping[str, object]]) -> list[Turn]:
    """Copies of turns, each with its own changes."""
    return [turn.model_copy(update=dict(change(turn))) for turn in turns]
