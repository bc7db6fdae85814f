"""Counting: of planted faults, those that were found; of clean sessions, those that were not left alone."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.consistency.faults import MAKERS, Host
from stark_udfs.core.ids import rng_of
from stark_udfs.engine.checking.interval import of_share
from stark_udfs.stages.consistency.checks import CHECKERS
from stark_udfs.stages.consistency.found import Found, LeastScores, Scene
from stark_udfs.stages.text.history import EpisodeHistory

LEAST = LeastScores(painted=0.3, found=0.15)  # of the offline rater: consistency.painted, choosing.min_score
Pool = Sequence[tuple[EpisodeHistory, frozenset[int] | None]]  # with the numbers of the sessions that count; None: all


@dataclass(frozen=True)
class Score:
    """How many of how many; `odd` quotes those that went the wrong way."""

    hits: int
    of: int
    wanted: bool
    odd: tuple[str, ...] = ()

    @property
    def share(self) -> float:
        """Of those that there were."""
        return self.hits / self.of if self.of else 0.0

    def __str__(self) -> str:
        """As "118 of 120, 98.3 % (94.1–99.5)", the interval of 95 % in brackets."""
        interval = of_share(self.hits, self.of)
        if interval is None:
            return "none"
        return f"{self.hits} of {self.of}, {self.share:.1%} ({interval.low:.1%} to {interval.high:.1%})"


def _hosts(pool: Pool) -> list[tuple[EpisodeHistory, int]]:
    return [
        (history, place)
        for history, real in pool
        for place, session in enumerate(history.sessions)
        if real is None or session.session_number in real
    ]


def examine(check: str, history: EpisodeHistory, place: int) -> Found:
    """What a check finds in one session."""
    return CHECKERS[check](Scene(history, place, LEAST))


def clean_sessions(check: str, pool: Pool) -> Score:
    """Sessions in which a check finds something, among those in which it had something to look at."""
    results = [(history, place, examine(check, history, place)) for history, place in _fit(check, pool)]
    looked = [one for one in results if one[2].checked]
    odd = tuple(f"{h.name} {place + 1}: {f.faults[0]}" for h, place, f in looked if f.faults)
    return Score(len(odd), len(looked), wanted=False, odd=odd)


def planted(check: str, pool: Pool, most: int) -> Score:
    """Broken copies in which a check finds a fault that it does not find in the clean copy."""
    hosts, found, of, odd = _fit(check, pool), 0, 0, []
    histories = [history for history, _ in pool]
    for number in range(most * 10):
        if of == most or not hosts:
            break
        history, place = hosts[number % len(hosts)]
        rng = rng_of("planted", check, history.episode_id, place, number)
        pair = MAKERS[check](Host(history, place, histories, rng))
        if pair is None:
            continue
        clean, broken = (examine(check, one, place) for one in pair)
        of += 1
        if broken.faults and broken.faults != clean.faults:
            found += 1
        else:
            odd.append(f"{history.name} {place + 1}: {_difference(*pair, place)}")
    return Score(found, of, wanted=True, odd=tuple(odd))


def _fit(check: str, pool: Pool) -> list[tuple[EpisodeHistory, int]]:
    """Memories that were recorded alone stand in offline sessions, and sessions that were have no memories."""
    whole = [(history, real) for history, real in pool if real is None]
    parts = [(h, real) for h, real in pool if real is not None and bool(h.summaries) == (check == "summary_support")]
    return _hosts([*whole, *parts])


def _difference(clean: EpisodeHistory, broken: EpisodeHistory, place: int) -> str:
    texts = {turn.text for turn in clean.sessions[place].turns}
    new = [turn.text for turn in broken.sessions[place].turns if turn.text not in texts]
    memories = {one.summary for one in clean.summaries}
    return " / ".join([*new, *(one.summary[-200:] for one in broken.summaries if one.summary not in memories)])[:300]
