"""Scores of answers: normalised match and token F1, by kind, with bootstrap intervals over episodes."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stark_udfs.core.ids import rng_of
from stark_udfs.stages.probes.records import NEVER_SAID, Probe, ProbeKind
from stark_udfs.stages.text.dates import ISO, days_in
from stark_udfs.stages.text.events.intervals import A_FEW_HOURS, COUNTS, UNIT_DAYS, days_of
from stark_udfs.stages.text.matching import coverage

DRAWS = 1000  # of the bootstrap
LONG = 6  # words; a longer answer is a sentence, of which most content words have to be there
MOST = 0.6
SHORT = 20  # words; a longer answer has something to say, whatever its words
ABSTAINS = re.compile(
    r"\bnot (?:\w+ )?(?:mention|said|state|told|spoke|discuss|answerable|known|specif)|"
    r"\b(?:never|nobody|no one) (?:\w+ )?(?:mention|said|told|spoke|talk|came)|"
    r"\b(?:un(?:known|answerable)|no (?:information|mention|record|answer))\b|"
    r"\b(?:does|do|did|was|is)(?:n't|n’t| not) (?:\w+ )?"
    r"(?:mention|say|said|state|speak|spoken|discuss|told|tell|specif|appear)|"
    r"\b(?:I (?:do not|don't|don’t) know|cannot be (?:answered|determined))\b",
    re.IGNORECASE,
)
NUMBER_WORDS = "|".join(sorted(COUNTS, key=len, reverse=True))
SPAN = re.compile(rf"\b(\d+|{NUMBER_WORDS})[\s-]+({'|'.join(UNIT_DAYS)})s?\b", re.IGNORECASE)
ARTICLES = frozenset({"a", "an", "the"})


@dataclass(frozen=True)
class AnswerScore:
    """One answer: whether it is right, and how many of its words are the right answer's (F1), in [0, 1]."""

    probe_id: str
    episode_id: str
    kind: ProbeKind
    match: float
    f1: float
    abstained: bool


@dataclass(frozen=True)
class Mean:
    """A mean with the 95 % interval of a bootstrap over episodes."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """As "72.5 (64.1 to 80.0)", in percent."""
        return f"{self.value:.1%} ({self.low:.1%} to {self.high:.1%})"


@dataclass(frozen=True)
class KindScore:
    """All answers of a kind; `kind` "all" stands for every kind alike, by its own number of probes."""

    kind: str
    probes: int
    match: Mean
    f1: Mean
    abstained: float


def tokens(text: str) -> list[str]:
    """The words of a text without case, accents, punctuation and articles."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)).casefold()
    return [word for word in re.findall(r"\w+", plain) if word not in ARTICLES]


def abstains(answer: str) -> bool:
    """Whether an answer says that nobody said it."""
    return not answer.strip() or (len(answer.split()) <= SHORT and bool(ABSTAINS.search(answer)))


def f1(answer: str, right: str) -> float:
    """Token F1 of two texts, in [0, 1]."""
    one, two = Counter(tokens(answer)), Counter(tokens(right))
    shared = sum((one & two).values())
    return 2 * shared / (one.total() + two.total()) if shared else 0.0


def matches(answer: str, right: str) -> bool:
    """Whether an answer says the right one: its date, a span of the same length, its words, or most of a sentence's."""
    if ISO.fullmatch(right):
        return days_in(right) <= days_in(answer)
    span = days_of(right)
    if span is not None or right == A_FEW_HOURS:
        days, unit = span or (0.2, 1.0)
        spans = [days_of(f"{count} {word}") for count, word in SPAN.findall(answer)]
        return any(one is not None and abs(one[0] - days) <= max(0.15 * days, unit / 2) for one in spans)
    said, wanted = tokens(answer), tokens(right)
    if len(wanted) > LONG:
        return coverage(right, answer) >= MOST
    return any(said[place : place + len(wanted)] == wanted for place in range(len(said) - len(wanted) + 1))


def score(probe: Probe, answer: str) -> AnswerScore:
    """The score of an answer; one that abstains is right exactly where nobody said it."""
    abstained = abstains(answer)
    if probe.answer == NEVER_SAID or abstained:
        right = float(abstained and probe.answer == NEVER_SAID)
        return AnswerScore(probe.probe_id, probe.episode_id, probe.kind, right, right, abstained)
    match = float(matches(answer, probe.answer))
    part = match if ISO.fullmatch(probe.answer) else f1(answer, probe.answer)  # a date has no words to share
    return AnswerScore(probe.probe_id, probe.episode_id, probe.kind, match, part, abstained)


def by_kind(scores: Sequence[AnswerScore]) -> list[KindScore]:
    """Means of each kind that there is, and of all."""
    kinds: Mapping[str, list[AnswerScore]] = {
        **{kind.value: [one for one in scores if one.kind is kind] for kind in ProbeKind},
        "all": list(scores),
    }
    return [
        KindScore(
            kind=kind,
            probes=len(of),
            match=_mean([(one.episode_id, one.match) for one in of], kind),
            f1=_mean([(one.episode_id, one.f1) for one in of], kind),
            abstained=sum(one.abstained for one in of) / len(of),
        )
        for kind, of in kinds.items()
        if of
    ]


def _mean(values: Sequence[tuple[str, float]], kind: str) -> Mean:
    sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for episode, value in values:
        sums[episode][0] += value
        sums[episode][1] += 1
    parts = [sums[episode] for episode in sorted(sums)]
    rng = rng_of("bootstrap", kind, len(values))
    means = []
    for _ in range(DRAWS):
        drawn = rng.choices(parts, k=len(parts))
        means.append(sum(part[0] for part in drawn) / sum(part[1] for part in drawn))
    means.sort()
    total = sum(part[0] for part in parts) / sum(part[1] for part in parts)
    return Mean(total, means[round(0.025 * (DRAWS - 1))], means[round(0.975 * (DRAWS - 1))])
