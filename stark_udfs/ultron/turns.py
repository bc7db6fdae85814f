"""How well a model takes turns: whether it shares an image where one was shared, and how near its words are.

Every metric is a ratio of sums over turns, so that its interval is a bootstrap over whole people: what one person's
turns add is drawn together, since they are not independent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stark_udfs.core.errors import InputError
from stark_udfs.core.ids import rng_of, seed_of
from stark_udfs.core.image_words import read_turn
from stark_udfs.ultron.retrieval.metrics import DRAWS, Estimate
from stark_udfs.ultron.retrieval.text_metrics import bleu_counts, bleu_of, distinct, rouge
from stark_udfs.ultron.samples import Sample

Sums = npt.NDArray[np.float64]  # (…, columns of `_adds`)
NAMES = ("share_precision", "share_recall", "share_f1", "BLEU_4", "ROUGE_L")


@dataclass(frozen=True)
class TargetTurn:
    """A turn that was taken: what came before it, and what was said.

    Attributes:
        turn_id: names it; of `training_samples` the `sample_id`.
        person: turns of one are not independent of each other.
        sample: what a model is told, without the answer.
        said: the turn, with the words that ask for an image; None: only whether an image is shared is known.
        shares: whether it shares an image.
    """

    turn_id: str
    person: str
    sample: Sample
    said: str | None
    shares: bool


@dataclass(frozen=True)
class TurnScores:
    """How one answerer did.

    Attributes:
        label: who.
        metrics: of `NAMES`, in percent; those of texts are not there where the turns have none.
        distinct: share of its pairs of words that differ, in percent; without an interval, since drawing repeats texts.
        shared: images that it shared.
        silent: turns for which there was no answer.
    """

    label: str
    metrics: Mapping[str, Estimate]
    distinct: float
    shared: int
    silent: int


def scores(label: str, turns: Sequence[TargetTurn], answers: Mapping[str, str], *, seed: int) -> TurnScores:
    """Score answers against what was said.

    Args:
        label: who gave them.
        turns: the targets.
        answers: by `turn_id`, as a model gives them; a turn without one counts as silence.
        seed: of the draws.

    Raises:
        InputError: there is no turn.
    """
    if not turns:
        raise InputError("there is no turn to score. Is this the right split?")
    read = [read_turn(answers.get(turn.turn_id, "")) for turn in turns]
    people = sorted({turn.person for turn in turns})
    place = {person: at for at, person in enumerate(people)}
    sums = np.zeros((len(people), len(_adds(turns[0], "", False))))
    for turn, (text, images) in zip(turns, read, strict=True):
        sums[place[turn.person]] += _adds(turn, text, bool(images))
    weights = np.random.default_rng(seed_of(seed, label)).multinomial(
        len(people), [1 / len(people)] * len(people), DRAWS
    )
    drawn = [_metrics(row) for row in weights @ sums]
    found = {}
    for name, value in _metrics(sums.sum(axis=0)).items():
        low, high = np.quantile([one.get(name, 0.0) for one in drawn], (0.025, 0.975))
        found[name] = Estimate(value, float(low), float(high))
    return TurnScores(
        label,
        found,
        distinct([text for text, _ in read if text]),
        sum(bool(images) for _, images in read),
        sum(not answers.get(turn.turn_id) for turn in turns),
    )


def chance(turns: Sequence[TargetTurn], *, seed: int) -> dict[str, str]:
    """Answers without a model: an image as often as there are ones, drawn, and the text of another turn.

    What a model has to be better than.
    """
    share = sum(turn.shares for turn in turns) / max(1, len(turns))
    texts = [read_turn(turn.said or "")[0] for turn in turns]
    found = {}
    for at, turn in enumerate(turns):
        rng = rng_of(seed, "chance", turn.turn_id)
        other = texts[(at + 1 + rng.randrange(max(1, len(texts) - 1))) % len(texts)]
        found[turn.turn_id] = f"{other} <RET> <h> an image </h>" if rng.random() < share else other
    return found


def _adds(turn: TargetTurn, text: str, shares: bool) -> list[float]:
    """What a turn adds: hits, said, true; then of a turn with words one, its ROUGE-L, and its counts for BLEU."""
    decision = [float(shares and turn.shares), float(shares), float(turn.shares)]
    true = "" if turn.said is None else read_turn(turn.said)[0]
    if not true:
        return [*decision, *[0.0] * 12]
    return [*decision, 1.0, rouge(text, true), *map(float, bleu_counts(text, true))]


def _metrics(sums: Sums) -> dict[str, float]:
    hits, said, true, texts, close, *counts = sums.tolist()
    precision, recall = (hits / said if said else 0.0), (hits / true if true else 0.0)
    f1 = 2 * precision * recall / (precision + recall) if hits else 0.0
    found = {"share_precision": 100 * precision, "share_recall": 100 * recall, "share_f1": 100 * f1}
    return {**found, "BLEU_4": bleu_of(counts), "ROUGE_L": 100 * close / texts} if texts else found
