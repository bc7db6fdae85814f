"""Metrics of turns: whether an image is shared now, and how near a text is to what was really said.

Sources: F1 of the share decision as in PhotoChat (Zang et al. 2021); BLEU is Papineni et al. 2002 over a corpus,
without smoothing; ROUGE-L is Lin 2004 as F1 of the longest common subsequence; distinct-n is Li et al. 2016.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from stark_udfs.core.errors import InputError

WORD = re.compile(r"[\w']+")


@dataclass(frozen=True)
class ShareNow:
    """Precision, recall and F1 of "an image is shared in this turn", in percent."""

    precision: float
    recall: float
    f1: float


def share_now(said: Sequence[bool], true: Sequence[bool]) -> ShareNow:
    """The decision of each turn against what happened; zero where nothing was said or nothing was true.

    Raises:
        InputError: they are not of equal length.
    """
    _same_length(said, true)
    hits = sum(a and b for a, b in zip(said, true, strict=True))
    precision = hits / sum(said) if any(said) else 0.0
    recall = hits / sum(true) if any(true) else 0.0
    f1 = 2 * precision * recall / (precision + recall) if hits else 0.0
    return ShareNow(100 * precision, 100 * recall, 100 * f1)


def tokens(text: str) -> list[str]:
    """Words in lower case."""
    return WORD.findall(text.lower())


def bleu(texts: Sequence[str], references: Sequence[str], n: int = 4) -> float:
    """Corpus BLEU with one reference each, in percent; 0 where one order of n-grams has no match."""
    _same_length(texts, references)
    counts = [bleu_counts(text, reference, n) for text, reference in zip(texts, references, strict=True)]
    return bleu_of([sum(column) for column in zip(*counts, strict=True)]) if counts else 0.0


def bleu_counts(text: str, reference: str, n: int = 4) -> list[int]:
    """What a text adds to BLEU: matches of each order, n-grams of each order, its words, the reference's words."""
    said, true = tokens(text), tokens(reference)
    mine = [_grams(said, order) for order in range(1, n + 1)]
    matched = [(grams & _grams(true, order)).total() for order, grams in enumerate(mine, 1)]
    return [*matched, *(grams.total() for grams in mine), len(said), len(true)]


def bleu_of(counts: Sequence[float]) -> float:
    """BLEU of summed `bleu_counts`, in percent."""
    *grams, length, wanted = counts
    n = len(grams) // 2
    if not all(grams[:n]):
        return 0.0
    precision = sum(math.log(matched / possible) for matched, possible in zip(grams[:n], grams[n:], strict=True)) / n
    return 100 * math.exp(precision + min(0.0, 1 - wanted / length))


def rouge_l(texts: Sequence[str], references: Sequence[str]) -> float:
    """Mean F1 of the longest common subsequence of words, in percent."""
    _same_length(texts, references)
    return 100 * sum(map(rouge, texts, references)) / len(texts) if texts else 0.0


def distinct(texts: Sequence[str], n: int = 2) -> float:
    """Share of n-grams that are different from each other, in percent."""
    grams = sum((_grams(tokens(text), n) for text in texts), Counter[tuple[str, ...]]())
    return 100 * len(grams) / grams.total() if grams else 0.0


def rouge(text: str, reference: str) -> float:
    """ROUGE-L's F1 of one text, in [0, 1]."""
    said, true = tokens(text), tokens(reference)
    row = [0] * (len(true) + 1)
    for word in said:
        diagonal = 0
        for at, other in enumerate(true, 1):
            diagonal, row[at] = row[at], diagonal + 1 if word == other else max(row[at], row[at - 1])
    return 2 * row[-1] / (len(said) + len(true)) if row[-1] else 0.0


def _grams(words: Sequence[str], n: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(words[at : at + n]) for at in range(len(words) - n + 1))


def _same_length(first: Sequence[object], second: Sequence[object]) -> None:
    if len(first) != len(second):
        raise InputError(f"{len(first)} and {len(second)}: one for each turn is needed.")
