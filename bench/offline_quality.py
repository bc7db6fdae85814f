"""Measures the text of the offline author: how often it repeats itself, and whether its sessions do what they must.

    python -m bench.offline_quality [--episodes N] [--seed S] [--show K]

No Spark: rows go from writer to writer as the stages would hand them on. Exits with 1 if a target is missed.
"""

import argparse
import itertools
import re
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from bench.offline_episodes import Episode, Session, block, day_of, episode, profile, show
from stark_udfs.core.ids import Json, rng_of
from stark_udfs.demo.author.block import items, mapping
from stark_udfs.demo.author.grammar import content_words, overlap, spoken
from stark_udfs.demo.author.person import person_of
from stark_udfs.demo.author.stages import personas
from stark_udfs.demo.author.world import weather
from stark_udfs.stages.text.events.intervals import agrees
from stark_udfs.stages.text.sessions.advice import unsafe_advice

PERSONAS = 10_000
TOLD = 0.6  # of a sentence's content words; irregular verbs change theirs
RARE = 0.06  # of episodes; a pair of words that more of them share is a stock phrase
LONG = 6  # words; a longer utterance should be nobody else's
NOT_FOR = {
    (0, 17): re.compile(r"\bmy (?:boss|colleague|pension|grandchild\w*|wife|husband)\b|\b(?:beer|wine|whisky)\b", re.I),
    (70, 200): re.compile(r"\bmy (?:homework|classmate|boss)\b|\bafter school\b", re.I),
}


@dataclass(frozen=True)
class Metric:
    """A measured value and what it should be."""

    name: str
    value: float
    target: str
    ok: bool
    percent: bool = False

    def row(self) -> str:
        """One line of the table."""
        value = f"{self.value:.1%}" if self.percent else f"{self.value:,.2f}".removesuffix(".00")
        return f"{self.name:<58} | {value:>8} | {self.target:<28} | {'ok' if self.ok else 'MISSED'}"


def persona_duplicates(seed: int) -> float:
    """Share of 10,000 sentences that were there before."""
    seen: Counter[str] = Counter()
    for number in itertools.count():
        row = profile(seed, 10**6 + number)
        found = items(personas.write(block("personas", row, {"sentences": 30}), rng_of(seed, "p", number))["personas"])
        seen.update(str(mapping(item)["sentence"]).lower() for item in found)
        if seen.total() >= PERSONAS:
            return 1 - len(seen) / seen.total()
    return 0.0


def repeated(episodes: Sequence[Episode]) -> float:
    """Share of utterances longer than six words that another episode has word for word."""
    where: dict[str, set[int]] = {}
    said: list[str] = []
    for number, made in enumerate(episodes):
        for session in made.sessions:
            for turn in session.turns:
                text = str(turn["text"])
                if len(text.split()) > LONG:
                    said.append(text)
                    where.setdefault(text, set()).add(number)
    return sum(len(where[text]) > 1 for text in said) / len(said)


def taken_up(episodes: Sequence[Episode], *, shift: int = 0) -> float:
    """Share of sessions from the second on that take up something said before.

    Two content words in a row that an earlier session has, that hardly any other episode has (so no stock phrase), and
    that are not in the session's own event or experience. shift: earlier sessions of another episode, for comparison.
    """
    rare = max(1, round(RARE * len(episodes)))
    runs = [[_runs(session.text()) for session in made.sessions] for made in episodes]
    owners = Counter(run for of_one in runs for run in set().union(*of_one))
    found = []
    for number, made in enumerate(episodes):
        before = runs[(number + shift) % len(episodes)]
        for place in range(1, len(made.sessions)):
            facts = made.sessions[place].facts
            given = _runs(f"{facts['event']} {facts['experience']}")
            shared = (runs[number][place] & set().union(*before[:place])) - given
            found.append(any(owners[run] <= rare for run in shared))
    return share(found)


def _runs(text: str) -> set[tuple[str, ...]]:
    words = [word for word in re.findall(r"[^\W\d_][\w'’-]*", text.lower()) if content_words(word)]
    return set(itertools.pairwise(words))


def covered(text: Json, session: Session, speaker: Json) -> bool:
    """Whether most content words of a sentence are said by the speaker."""
    return 1 - _missing(content_words(str(text)), content_words(session.text(str(speaker)))) >= TOLD


def _missing(words: frozenset[str], said: frozenset[str]) -> float:
    return len(words - said) / len(words) if words else 0.0


def opening_fits(session: Session) -> bool:
    """Whether one of the first two turns says how much time has passed."""
    first = " ".join(str(turn["text"]) for turn in session.turns[:2]).lower()
    return spoken(str(session.facts["interval"])).lower() in first


def familiar(session: Session, place: int, image: Mapping[str, Json]) -> float:
    """Share of a description's content words that were said before it."""
    return overlap(str(image["description"]), content_words(" ".join(str(t["text"]) for t in session.turns[:place])))


def reacted(session: Session, place: int, image: Mapping[str, Json]) -> bool:
    """Whether the next words, by the other side, take up what the picture shows."""
    after = next((turn for turn in session.turns[place + 1 :] if turn["text"]), None)
    if after is None or after["speaker"] == session.turns[place]["speaker"]:
        return False
    return bool(content_words(str(after["text"])) & content_words(str(image["description"])))


def fits(made: Episode, session: Session) -> bool:
    """Whether nothing in a session is out of place for age and season."""
    text = session.text() + " ".join(str(image["description"]) for _, image in session.images())
    month = date.fromisoformat(str(session.facts["date"])).month
    snow = re.search(r"(?<!without )\bsnow(?:s|y|ed|ing)?\b", session.text(), re.I)
    person = person_of(made.row)
    if snow and not weather(person.home.name, month, person.city).snow:
        return False
    age = int(str(made.row["age"]))
    return not any(low <= age <= high and pattern.search(text) for (low, high), pattern in NOT_FOR.items())


def share(found: Sequence[bool]) -> float:
    """Of the true ones."""
    return sum(found) / len(found)


def of_sessions(episodes: Sequence[Episode]) -> list[Metric]:
    """What the sessions must do."""
    every = [(made, session) for made in episodes for session in made.sessions]
    later = [(made, session) for made, session in every if session.facts["session_number"] != 1]
    pictures = [(session, place, image) for _, session in every for place, image in session.images()]
    acts = Counter(session.acts for _, session in every)
    told = share([covered(s.facts["event"], s, m.row["name"]) for m, s in every])
    used = share([covered(s.facts["experience"], s, m.row["name"]) for m, s in later])
    fresh = share([familiar(*picture) <= 1 / 3 for picture in pictures])
    return [
        at_most("utterances of > 6 words found in another episode", repeated(episodes), 0.02),
        Metric("distinct sequences of dialogue acts", len(acts), ">= 200", len(acts) >= 200),
        at_most("share of the commonest sequence", acts.most_common(1)[0][1] / len(every), 0.05),
        at_least("sessions that tell their event", told, 1.0),
        at_least("sessions that use their experience", used, 1.0),
        at_least("openings that fit the interval", share([opening_fits(s) for _, s in later]), 1.0),
        at_least("sessions that take up something from earlier", taken_up(episodes), 0.8),
        at_most("the same, against another person's sessions", taken_up(episodes, shift=1), 0.2),
        at_least("pictures with <= 1/3 of their words said before", fresh, 1.0),
        at_least("pictures that are reacted to by what they show", share([reacted(*p) for p in pictures]), 1.0),
        at_least("sessions that fit age and season", share([fits(m, s) for m, s in every]), 1.0),
        at_most("assistant's turns with unsafe advice", share([_unsafe(s) for _, s in every]), 0.0),
        near("turns of a session", len([1 for _, s in every for _ in s.turns]) / len(every), 10.5),
        near("pictures of a session", len(pictures) / len(every), 1.86),
        near("internet share of pictures", share([p[2]["source"] == "internet" for p in pictures]), 0.608),
    ]


def _unsafe(session: Session) -> bool:
    return any(unsafe_advice(str(turn["text"])) for turn in session.turns if turn["speaker"] == "AI Assistant")


def of_events(episodes: Sequence[Episode]) -> list[Metric]:
    """What the events must be."""
    chains = [made.events for made in episodes]
    causes = [(chain, event, mapping(event["caused_by"])) for chain in chains for event in chain[1:]]
    spans = [
        (day_of(chain[int(str(cause["id"])) - 1]), day_of(event), str(cause["time_interval"]))
        for chain, event, cause in causes
    ]
    agreeing = share([agrees(text, earlier=first, later=last, tolerance=0.25) for first, last, text in spans])
    updates = share([cause["experience_op"] == "update" for _, _, cause in causes])
    further = share([int(str(cause["id"])) < int(str(event["id"])) - 1 for _, event, cause in causes])
    steps = [(day_of(b) - day_of(a)).days for chain in chains for a, b in itertools.pairwise(chain)]
    different = len({event["event"] for chain in chains for event in chain}) / sum(map(len, chains))
    return [
        at_least("event chains of more than five", share([len(chain) > 5 for chain in chains]), 1.0),
        at_least("intervals that agree with the dates", agreeing, 1.0),
        at_least("dates in order", share([step >= 0 for step in steps]), 1.0),
        at_least("steps within one month", share([step <= 31 for step in steps]), 0.6),
        at_least("causes further back than the event before", further, 0.2),
        near("experiences that update", updates, 0.171, tolerance=0.2),
        at_least("events found in no other episode", different, 0.9),
    ]


def of_summaries(episodes: Sequence[Episode]) -> list[Metric]:
    """What the memories must be."""
    texts = [[session.summary for session in made.sessions] for made in episodes]
    pairs = [(a, b) for of_one in texts for a, b in itertools.pairwise(of_one)]
    alike = [_alike(a, b) for a, b in pairs]
    every = [text for of_one in texts for text in of_one]
    lengths = [len(re.findall(r"[.!?](?:\s|$)", text)) for text in every]
    return [
        at_most("memories nearly equal to the one before (Jaccard 0.9)", share([value >= 0.9 for value in alike]), 0.0),
        at_least("memories of 2 to 8 sentences", share([2 <= length <= 8 for length in lengths]), 0.95),
        at_most("memories with I or my", share([bool(re.search(r"\b(?:I|my|I'm)\b", text)) for text in every]), 0.02),
    ]


def _alike(a: str, b: str) -> float:
    left, right = set(re.findall(r"\w+", a.lower())), set(re.findall(r"\w+", b.lower()))
    return len(left & right) / len(left | right)


def at_most(name: str, value: float, limit: float) -> Metric:
    """A share with an upper limit."""
    return Metric(name, value, f"<= {limit:.0%}", value <= limit, percent=True)


def at_least(name: str, value: float, limit: float) -> Metric:
    """A share with a lower limit."""
    return Metric(name, value, f">= {limit:.0%}", value >= limit - 1e-9, percent=True)


def near(name: str, value: float, target: float, tolerance: float = 0.05) -> Metric:
    """A mean that the author is set to; it says nothing about the data."""
    shown = f"{target:.1%}" if target < 1 else f"{target:g}"
    ok = abs(value - target) <= tolerance * target
    return Metric(name, value, f"{shown}, set, not measured", ok, percent=target < 1)


def main() -> int:
    """Writes, measures, prints; 1 if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--episodes", type=int, default=170, help="about six sessions each")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--show", type=int, default=0, metavar="K", help="print K episodes in full")
    options = parser.parse_args()
    clock: Counter[str] = Counter()
    episodes = [episode(options.seed, number, clock) for number in range(options.episodes)]
    for made in episodes[: options.show]:
        show(made)
    written = sum(len(made.sessions) for made in episodes)
    speed = written / (clock["sessions"] / 1e6)
    metrics = [
        at_most("personas that are exact duplicates, of 10,000", persona_duplicates(options.seed), 0.2),
        *of_events(episodes),
        *of_sessions(episodes),
        *of_summaries(episodes),
        Metric("session replies a second, one core", speed, ">= 200", speed >= 200),
    ]
    print(f"\n{len(episodes)} episodes, {written} sessions, seed {options.seed}")
    print(f"{'metric':<58} | {'value':>8} | {'target':<28} | ok")
    print("\n".join(metric.row() for metric in metrics))
    return 0 if all(metric.ok for metric in metrics) else 1


if __name__ == "__main__":
    sys.exit(main())
