"""Broken copies of sessions: one planted fault for one criterion, to see whether a judge scores the copy lower.

Each fault is made from the rows alone and from a seed, and changes nothing but what its criterion is about:

| criterion | fault |
|---|---|
| coherence | the turns in another order |
| consistency | the person says the contrary of a fact of the profile |
| image_turn_relevance | an image in a turn as far away as possible |
| image_dialogue_relevance | the images of another episode in place of the session's own |
| image_persona_relevance | the profile of another person, under the same name |
| time_interval | another interval than the dates have |
| experience | the turns that tell of the experience without those words |
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from stark_udfs.core.english import words_of
from stark_udfs.core.ids import rng_of
from stark_udfs.stages.text.sessions.turns import SharedImage, Turn
from stark_udfs.stages.verdicts.criteria import Criterion
from stark_udfs.stages.verdicts.judged import JudgedSession

ROUNDS = 8  # faults for one criterion that a session gets at most
TRIES = 20  # shuffles until the order is really another one
FEWEST_TURNS = 5  # of a session whose turns are shuffled: fewer may read well in any order
INTERVALS = ("2 hours", "3 days", "5 weeks", "7 months", "4 years", "11 years")
SENTENCE = re.compile(r"[^.!?]+[.!?]*\s*")
SHORTEST_WORD = 5  # letters of a word that tells of something


@dataclass(frozen=True)
class BrokenCopy:
    """A session, and the same with one fault; `number` counts the faults for one criterion in one session."""

    criterion: Criterion
    clean: JudgedSession
    broken: JudgedSession
    detail: str
    number: int = 0


Break = Callable[[JudgedSession, Random, Sequence[JudgedSession]], tuple[JudgedSession, str] | None]


def broken(
    row: JudgedSession, criterion: Criterion, seed: int, others: Sequence[JudgedSession] = ()
) -> BrokenCopy | None:
    """The session with one fault for this criterion; None where it has nothing that could be broken.

    Args:
        row: the clean session.
        criterion: what the fault is about.
        seed: of the draws; equal seeds and rows give equal copies.
        others: sessions to take images and people from; those of the same episode are not used.

    Example:
        ```python
        copy = broken(row, Criterion.COHERENCE, seed=1)
        ```
    """
    if criterion not in row.criteria():
        return None
    strangers = [other for other in others if other.episode_id != row.episode_id]
    made = BREAKS[criterion](row, rng_of(seed, row.key, criterion.value), strangers)
    if made is None or made[0] == row:
        return None
    return BrokenCopy(criterion, row, *made)


def pairs(rows: Sequence[JudgedSession], criterion: Criterion, seed: int, count: int = 50) -> list[BrokenCopy]:
    """As many pairs as `rows` give, `count` at most, over episodes in turns.

    Where there are fewer sessions than that, a session gets several faults of the same kind, each in its own pair.
    """
    turns = sorted(rows, key=lambda row: (row.session_number, rng_of(seed, row.key).random()))
    made: list[BrokenCopy] = []
    seen: set[tuple[str, str]] = set()
    for number in range(ROUNDS):
        for row in turns:
            copy = broken(row, criterion, seed + number, rows) if len(made) < count else None
            if copy is not None and (row.key, copy.detail) not in seen:
                seen.add((row.key, copy.detail))
                made.append(replace(copy, number=number))
    return made


def _shuffled(row: JudgedSession, rng: Random, _others: Sequence[JudgedSession]) -> tuple[JudgedSession, str] | None:
    if len(row.turns) < FEWEST_TURNS:
        return None
    order = list(range(len(row.turns)))
    for _ in range(TRIES):
        rng.shuffle(order)
        if sum(place == old for place, old in enumerate(order)) <= len(order) // 4:
            break
    turns = _numbered([row.turns[old] for old in order])
    return _with(row, turns=turns), f"turns in the order {[old + 1 for old in order]}"


def _contradicted(row: JudgedSession, rng: Random, others: Sequence[JudgedSession]) -> tuple[JudgedSession, str] | None:
    said = [turn for turn in row.turns if turn.speaker == row.name and turn.text]
    if not said:
        return None
    elsewhere = sorted({o.residence for o in others} - {row.residence, row.birthplace}) or ["Iceland"]
    older = row.age + 25 if row.age < 50 else row.age - 30
    lie = rng.choice(
        (
            f"You know that I have never lived anywhere but in {rng.choice(elsewhere)}.",
            f"At my age, {older} last month, that is nothing new.",
            f"And I was never in my life interested in {row.entity_value}, as you know.",
        )
    )
    at = rng.choice(said)
    turns = [_said(turn, f"{turn.text} {lie}") if turn is at else turn for turn in row.turns]
    return _with(row, turns=turns), f"turn {at.turn}: {lie}"


def _moved(row: JudgedSession, rng: Random, _others: Sequence[JudgedSession]) -> tuple[JudgedSession, str] | None:
    shared = [(place, image) for place, turn in enumerate(row.turns) for image in turn.images]
    place, image = rng.choice(shared)
    free = [
        other for other, turn in enumerate(row.turns) if not turn.images and turn.speaker == row.turns[place].speaker
    ]
    if not free:
        return None
    to = max(free, key=lambda other: (abs(other - place), -other))
    if abs(to - place) < 2:
        return None
    turns = list(row.turns)
    turns[place] = _sharing(turns[place], [one for one in turns[place].images if one is not image])
    turns[to] = _sharing(turns[to], [*turns[to].images, image])
    kept = [turn for turn in turns if turn.text or turn.images]
    return _with(row, turns=_numbered(kept)), f"image {image.image_id} of turn {place + 1} in turn {to + 1}"


def _swapped(row: JudgedSession, rng: Random, others: Sequence[JudgedSession]) -> tuple[JudgedSession, str] | None:
    theirs = [image for other in others for turn in other.turns for image in turn.images]
    own = words_of(" ".join((row.event, row.sentence, *(turn.text for turn in row.turns))))
    far = [image for image in theirs if len(_telling(image.description) & own) == 0]
    if not far:
        return None
    files = {file.image_id: file for other in others for file in other.files}
    turns, taken = [], []
    for turn in row.turns:
        images = [_as(image, rng.choice(far)) for image in turn.images]
        taken += [image.image_id for image in images]
        turns.append(_sharing(turn, images))
    shown = [files[image] for image in dict.fromkeys(taken) if image in files]
    return _with(row, turns=turns, files=shown), f"images {', '.join(taken)} of other episodes"


def _exchanged(row: JudgedSession, rng: Random, others: Sequence[JudgedSession]) -> tuple[JudgedSession, str] | None:
    unlike = [
        o
        for o in others
        if o.entity_key != row.entity_key and abs(o.age - row.age) >= 15 and o.residence != row.residence
    ]
    if not unlike:
        return None
    other = rng.choice(unlike)
    profile = {name: getattr(other, name) for name in ("age", "gender", "birthplace", "residence", "sentence")}
    entity = {"entity_key": other.entity_key, "entity_value": other.entity_value}
    first, mine = other.name.split()[0], row.name.split()[0]
    narrative = re.sub(rf"\b{re.escape(first)}\b", mine, other.narrative.replace(other.name, row.name))
    return _with(
        row, narrative=narrative, memory=None, **profile, **entity
    ), f"the profile of episode {other.episode_id}"


def _later(row: JudgedSession, rng: Random, _others: Sequence[JudgedSession]) -> tuple[JudgedSession, str] | None:
    unit = (row.interval or "").rstrip("s").rsplit(" ", 1)[-1]
    interval = rng.choice([one for one in INTERVALS if unit not in one])
    return _with(row, interval=interval), f"{interval} in place of {row.interval}"


def _forgotten(row: JudgedSession, _rng: Random, _others: Sequence[JudgedSession]) -> tuple[JudgedSession, str] | None:
    told = _telling(row.experience or "") - {word for word in words_of(row.name)}
    turns, gone = [], 0
    for turn in row.turns:
        kept = [one for one in SENTENCE.findall(turn.text) if len(_telling(one) & told) < 2]
        text = "".join(kept).strip()
        gone += len(SENTENCE.findall(turn.text)) - len(kept)
        if text or turn.images:
            turns.append(_said(turn, text))
    if not gone or not turns:
        return None
    return _with(row, turns=_numbered(turns)), f"{gone} sentences that tell of the experience left out"


def _telling(text: str) -> frozenset[str]:
    """Words long enough to tell of something."""
    return frozenset(word for word in words_of(text) if len(word) >= SHORTEST_WORD)


def _as(image: SharedImage, other: SharedImage) -> SharedImage:
    """What the other image shows, shared as this one was."""
    shown = {name: getattr(other, name) for name in ("image_id", "description", "keywords")}
    return image.model_copy(update=shown)


def _said(turn: Turn, text: str) -> Turn:
    return turn.model_copy(update={"text": text})


def _sharing(turn: Turn, images: Sequence[SharedImage]) -> Turn:
    return turn.model_copy(update={"images": list(images)})


def _numbered(turns: Sequence[Turn]) -> list[Turn]:
    return [turn.model_copy(update={"turn": number}) for number, turn in enumerate(turns, 1)]


def _with(row: JudgedSession, **changed: object) -> JudgedSession:
    return row.model_copy(update=changed)


BREAKS: Mapping[Criterion, Break] = {
    Criterion.COHERENCE: _shuffled,
    Criterion.CONSISTENCY: _contradicted,
    Criterion.IMAGE_TURN: _moved,
    Criterion.IMAGE_DIALOGUE: _swapped,
    Criterion.IMAGE_PERSONA: _exchanged,
    Criterion.TIME_INTERVAL: _later,
    Criterion.EXPERIENCE: _forgotten,
}
