"""Training pairs: a dialogue's words, the caption of the image that followed, and captions that did not."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stark_udfs.core.errors import InputError
from stark_udfs.core.ids import rng_of
from stark_udfs.ultron.retrieval.benchmark import Benchmark
from stark_udfs.ultron.retrieval.systems.bm25 import Bm25
from stark_udfs.ultron.retrieval.text_metrics import tokens

NEAR = 0.6  # share of common words from which two captions are taken for one image


@dataclass(frozen=True, slots=True)
class Pair:
    """One example.

    position: of the query in its benchmark.
    negatives: captions that are hard to tell from the right one, by words or because they are of the same person.
    """

    position: int
    caption: str
    negatives: tuple[str, ...]


def pairs_of(benchmark: Benchmark, *, hard: int, seed: int, depth: int = 20) -> list[Pair]:
    """One pair per query.

    Hard negatives are drawn from the `depth` captions that BM25 finds for the dialogue and from the images of other
    queries of the same group, in turn. A caption that is equal or nearly equal to the right one is never among them.

    Raises:
        InputError: there is nothing to tell a caption from.
    """
    if len(benchmark.candidates) < 2:
        raise InputError(f"{benchmark.title}: one caption alone teaches nothing.")
    captions = [candidate.caption for candidate in benchmark.candidates]
    words = [frozenset(tokens(caption)) for caption in captions]
    scores = Bm25().score(benchmark.queries, benchmark.candidates)
    of_group: dict[str, list[int]] = {}
    for query in benchmark.queries:
        of_group.setdefault(query.group, []).append(benchmark.positions[query.target])
    found = []
    for position, query in enumerate(benchmark.queries):
        target = benchmark.positions[query.target]
        rng = rng_of(seed, "hard", query.query_id)
        alike = np.argsort(-scores[position], kind="stable")[:depth].tolist()
        near = sorted(set(of_group[query.group])) if query.group else []
        rng.shuffle(alike)
        rng.shuffle(near)
        mixed = [at for both in zip(alike, near, strict=False) for at in both] + alike + near
        allowed = dict.fromkeys(at for at in mixed if not same_image(words[at], words[target]))
        found.append(Pair(position, captions[target], tuple(captions[at] for at in list(allowed)[:hard])))
    return found


def same_image(first: frozenset[str], second: frozenset[str], near: float = NEAR) -> bool:
    """Whether two captions, as sets of words, are equal or so near that neither is a wrong answer for the other."""
    both = len(first | second)
    return both == 0 or len(first & second) / both >= near


def false_negatives(targets: Sequence[str], offered: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Which offered captions must not count as wrong.

    Args:
        targets: the right captions of a batch; `offered` begins with them, in their order.
        offered: all captions that the batch is scored against.

    Returns:
        (targets, offered): true where a caption is equal or nearly equal to the target and is not its own place.
    """
    words = [frozenset(tokens(caption)) for caption in offered]
    mask = np.zeros((len(targets), len(offered)), dtype=bool)
    for row in range(len(targets)):
        for column in range(len(offered)):
            mask[row, column] = row != column and same_image(words[row], words[column])
    return mask


def batches(count: int, size: int, *, seed: int, epoch: int) -> list[list[int]]:
    """Positions 0 … count-1 in a new order for each epoch, cut into batches; a last batch of one is left out."""
    order = list(range(count))
    rng_of(seed, "epoch", epoch).shuffle(order)
    cut = [order[at : at + size] for at in range(0, count, size)]
    return [batch for batch in cut if len(batch) > 1]
