"""How far raters agree: Krippendorff's alpha for ordered scores, with intervals, among judges, people, and both.

Source of the measure: Krippendorff, Content Analysis, ch. 12; computed by the package `krippendorff`. The paper
reports one alpha over its seven criteria and nine people (0.27, §4.3); here it is one per criterion.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stark_udfs.core.ids import seed_of
from stark_udfs.stages.verdicts.criteria import HIGHEST, LOWEST, Criterion

if TYPE_CHECKING:
    import numpy as np

DRAWS = 1000  # resamples of the sessions
FEWEST = 10  # sessions below which no interval is given: resampling so few says nothing
POINTS = tuple(range(LOWEST, HIGHEST + 1))
JUDGES, PEOPLE = "judges", "people"


@dataclass(frozen=True)
class Score:
    """One rater's score of one session by one criterion; `value` in 1 to 4."""

    rater: str
    session: str
    criterion: Criterion
    value: int


@dataclass(frozen=True)
class Agreement:
    """How far a group of raters agrees by one criterion.

    sessions: that two raters or more have scored. alpha: 1 full agreement, 0 as by chance, below 0 worse; None where
    it is not defined. low, high: 95 % of resamples of the sessions; None with few sessions. why: of a missing alpha.
    """

    group: str
    criterion: Criterion
    raters: int
    sessions: int
    alpha: float | None
    low: float | None
    high: float | None
    why: str = ""


def agreements(
    judges: Sequence[Score], people: Sequence[Score], *, offline: frozenset[str], seed: int = 0
) -> list[Agreement]:
    """Every group by every criterion: judges, people, and each judge with people.

    An offline judge measures nothing: it is compared with its like alone (group `judges, offline`), never with people.
    People stand against a judge as one rater: the median of their scores, the lower one of two.

    Args:
        judges: scores of models; the rater is the judge's name.
        people: scores of people.
        offline: names of the judges that are no models.
        seed: of the resampling.
    """
    real = [score for score in judges if score.rater not in offline]
    drawn = [score for score in judges if score.rater in offline]
    groups: dict[str, Sequence[Score]] = {JUDGES: real, f"{JUDGES}, offline": drawn, PEOPLE: people}
    middle = medians(people)
    for name in sorted({score.rater for score in real}):
        groups[f"{name} with people"] = [*(score for score in real if score.rater == name), *middle]
    return [
        agreement(group, criterion, scores, seed=seed)
        for group, scores in groups.items()
        if len({score.rater for score in scores}) > 1
        for criterion in Criterion
    ]


def agreement(group: str, criterion: Criterion, scores: Iterable[Score], *, seed: int = 0) -> Agreement:
    """One group by one criterion."""
    import numpy as np

    mine = [score for score in scores if score.criterion is criterion]
    counts = _counts(mine)
    raters = len({score.rater for score in mine})
    if not len(counts):
        return Agreement(group, criterion, raters, 0, None, None, None, "no session has two scores")
    value = alpha(counts)
    if value is None:
        return Agreement(group, criterion, raters, len(counts), None, None, None, "all scores are equal")
    low = high = None
    if len(counts) >= FEWEST:
        draws = np.random.default_rng(seed_of(seed, group, criterion.value))
        found = [alpha(counts[draws.integers(len(counts), size=len(counts))]) for _ in range(DRAWS)]
        defined = [one for one in found if one is not None]
        if len(defined) > DRAWS // 2:
            low, high = (float(bound) for bound in np.percentile(defined, (2.5, 97.5)))
    return Agreement(group, criterion, raters, len(counts), value, low, high)


def alpha(counts: "np.ndarray") -> float | None:
    """Krippendorff's alpha, ordinal.

    Args:
        counts: integers of shape (sessions, 4): how many raters gave each of the points 1 to 4; each row sums to 2 or
            more.

    Returns:
        None where all scores are equal: then there is nothing to agree about.
    """
    import krippendorff

    if (counts.sum(axis=0) > 0).sum() < 2:
        return None
    return float(krippendorff.alpha(value_counts=counts, value_domain=POINTS, level_of_measurement="ordinal"))


def medians(scores: Iterable[Score]) -> list[Score]:
    """All raters as one: by session and criterion the median score, the lower one of two."""
    found: Mapping[tuple[str, Criterion], list[int]] = defaultdict(list)
    for score in scores:
        found[score.session, score.criterion].append(score.value)
    return [
        Score(PEOPLE, session, criterion, sorted(values)[(len(values) - 1) // 2])
        for (session, criterion), values in sorted(found.items())
    ]


def _counts(scores: Sequence[Score]) -> "np.ndarray":
    """By session that has two scores or more: how many raters gave each point."""
    import numpy as np

    found: dict[str, dict[str, int]] = defaultdict(dict)
    for score in scores:
        found[score.session][score.rater] = score.value
    rows = [[list(one.values()).count(point) for point in POINTS] for _, one in sorted(found.items()) if len(one) > 1]
    return np.array(rows, dtype=int).reshape(len(rows), len(POINTS))
