"""Which candidate rows stay: exact and near duplicates within a group, and a quota per unit, in one pass.

One pass in the order of the units makes the answer the same whether rows come all at once or over several runs:
a later unit never unseats an earlier one, and a row that is in the table already is never unseated at all.
"""

import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from stark_udfs.core.rejects import Reason

PERMUTATIONS = 64
BANDS = 16  # of 4 rows each: at a similarity of 0.8 a pair is missed 2 times in 10,000
BUCKET_CAP = 64
PRIME = (1 << 61) - 1
WORD = re.compile(r"\w+")

_RNG = np.random.default_rng(20240706)
_A = _RNG.integers(1, 1 << 28, size=PERMUTATIONS, dtype=np.uint64)
_B = _RNG.integers(0, 1 << 60, size=PERMUTATIONS, dtype=np.uint64)


@dataclass(frozen=True)
class Candidate:
    """A row that may be written, or one that is in the table already."""

    key: str
    unit_key: str
    order: int | str
    text: str
    in_table: bool


@dataclass(frozen=True)
class Verdict:
    """What becomes of a candidate: kept; dropped for `reason`, as `of` is the same; or surplus (neither)."""

    key: str
    kept: bool
    reason: Reason | None = None
    of: str = ""
    similarity: float = 0.0


@dataclass
class Seen:
    """The kept rows of one group, found by equal text and by MinHash bands."""

    near: float | None
    exact: dict[str, str] = field(default_factory=dict)
    words: dict[str, frozenset[str]] = field(default_factory=dict)
    bands: dict[tuple[int, bytes], list[str]] = field(default_factory=lambda: defaultdict(list))
    capped: int = 0

    def add(self, key: str, text: str) -> None:
        """Remember a kept row."""
        words = words_of(text)
        self.exact.setdefault(" ".join(WORD.findall(text.casefold())), key)
        self.words[key] = words
        if self.near is None:
            return
        for band in _bands(words):
            bucket = self.bands[band]
            if len(bucket) < BUCKET_CAP:
                bucket.append(key)
            else:
                self.capped += 1

    def like(self, text: str) -> tuple[Reason, str, float] | None:
        """The kept row that `text` repeats, if any: why, its key, their Jaccard similarity."""
        same = self.exact.get(" ".join(WORD.findall(text.casefold())))
        if same is not None:
            return Reason.DUPLICATE, same, 1.0
        if self.near is None:
            return None
        words = words_of(text)
        tried: set[str] = set()
        for band in _bands(words):
            for key in self.bands.get(band, ()):
                if key in tried:
                    continue
                tried.add(key)
                similarity = jaccard(words, self.words[key])
                if similarity >= self.near:
                    return Reason.NEAR_DUPLICATE, key, similarity
        return None


def settle(candidates: Sequence[Candidate], near: float | None, take: int | None) -> Iterator[Verdict]:
    """Keep or drop each candidate of one group, rows in the table first, then by unit order and key.

    Args:
        candidates: all rows of the group.
        near: word-set Jaccard similarity from which two rows are one; None: only equal texts are.
        take: rows kept per unit; None: all.
    """
    seen = Seen(near)
    kept: Counter[str] = Counter()
    for row in sorted(candidates, key=lambda c: (not c.in_table, c.order, c.key)):
        if row.in_table:
            seen.add(row.key, row.text)
            kept[row.unit_key] += 1
            yield Verdict(row.key, kept=True)
        elif take is not None and kept[row.unit_key] >= take:
            yield Verdict(row.key, kept=False)
        elif (twin := seen.like(row.text)) is not None:
            yield Verdict(row.key, False, *twin)
        else:
            seen.add(row.key, row.text)
            kept[row.unit_key] += 1
            yield Verdict(row.key, kept=True)


def words_of(text: str) -> frozenset[str]:
    """The set of words of a text, without case."""
    return frozenset(WORD.findall(text.casefold()))


def jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    """Shared words over all words, in [0, 1]; two empty sets are equal."""
    union = len(one | other)
    return len(one & other) / union if union else 1.0


def _bands(words: frozenset[str]) -> list[tuple[int, bytes]]:
    hashes = np.fromiter((zlib.crc32(word.encode("utf-8", "surrogatepass")) for word in words), dtype=np.uint64)
    if not len(hashes):
        return []
    signature = ((hashes[:, None] * _A + _B) % np.uint64(PRIME)).min(axis=0).astype(np.uint64)
    rows = signature.reshape(BANDS, -1)
    return [(index, row.tobytes()) for index, row in enumerate(rows)]
