"""What a check of a session gives: whether there was something to check, and the faults that it found."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from stark_udfs.stages.text.history import EpisodeHistory, ToldSession
from stark_udfs.stages.text.sessions.turns import ASSISTANT, Turn
from stark_udfs.stages.text.words import excerpt

PAINTED = ("p-t2i", "t2i")
WORDS_LIMIT = 160  # characters of a quoted fault


@dataclass(frozen=True)
class Fault:
    """One place where an episode disagrees: the turn (0: not in a turn), its words, and what they disagree with."""

    turn: int
    words: str
    against: str


@dataclass(frozen=True)
class Found:
    """What came of one check of one session; `checked` is False where there was nothing to check."""

    checked: bool
    faults: tuple[Fault, ...] = ()


NOTHING = Found(checked=False)


@dataclass(frozen=True)
class LeastScores:
    """What an image has to score against its description, one painted for it and one found; None: unchecked."""

    painted: float | None = None
    found: float | None = None

    def of(self, module: str) -> float | None:
        """For an image of this module."""
        return self.painted if module in PAINTED else self.found


@dataclass(frozen=True)
class Scene:
    """A session in its history.

    Attributes:
        history: the whole episode.
        place: of the session in `history.sessions`, from 0.
        least: what images have to score.
    """

    history: EpisodeHistory
    place: int
    least: LeastScores = LeastScores()

    @property
    def session(self) -> ToldSession:
        """The session that is checked."""
        return self.history.sessions[self.place]

    @property
    def before(self) -> Sequence[ToldSession]:
        """The sessions before it."""
        return self.history.sessions[: self.place]

    @property
    def user_turns(self) -> list[Turn]:
        """The turns of the person."""
        return [turn for turn in self.session.turns if turn.speaker != ASSISTANT]


Checker = Callable[[Scene], Found]


def found(faults: Sequence[Fault], *, checked: bool = True) -> Found:
    """The faults, their words cut to what a table should hold."""
    return Found(
        checked=checked or bool(faults),
        faults=tuple(
            Fault(fault.turn, excerpt(fault.words, WORDS_LIMIT), excerpt(fault.against, WORDS_LIMIT))
            for fault in faults
        ),
    )
