"""What a moderator says of a session's text, whoever it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

FLAGGED, FINE = "flagged", "ok"
MOST_REASONS = 5


@dataclass(frozen=True)
class Finding:
    """Something in a turn: its category, what it was found by, and how sure that is, in [0, 1]."""

    turn: int
    category: str
    name: str
    score: float


@dataclass(frozen=True)
class TextVerdict:
    """A session's verdict: `label` is flagged or ok, `score` that of the worst finding."""

    label: str
    score: float
    categories: tuple[str, ...]
    reason: str


class Moderator(Protocol):
    """Gives verdicts on sessions."""

    def verdicts(self, sessions: Sequence[Sequence[str]]) -> list[TextVerdict]:
        """One verdict per session; a session is the texts of its turns, the first first."""
        ...


class ModeratorSpec(Protocol):
    """A moderator that is sent to the executors and loaded there, once per Python worker; hashable."""

    def load(self) -> Moderator:
        """The moderator."""
        ...

    def __hash__(self) -> int:
        """By its fields: equal specs are loaded once."""
        ...


def verdict_of(found: Sequence[Finding], threshold: float) -> TextVerdict:
    """The verdict that findings add up to: flagged from `threshold` on."""
    worst = sorted(found, key=lambda one: (-one.score, one.turn, one.name))
    score = worst[0].score if worst else 0.0
    bad = [one for one in worst if one.score >= threshold]
    return TextVerdict(
        label=FLAGGED if bad else FINE,
        score=round(score, 6),
        categories=tuple(dict.fromkeys(one.category for one in bad)),
        reason="; ".join(f"turn {one.turn}: {one.category} ({one.name})" for one in bad[:MOST_REASONS]),
    )
