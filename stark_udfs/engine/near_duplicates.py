"""Which candidate rows stay: exact and near duplicates within a group, and a quota per unit, in one pass.

One pass in the order of the units makes the answer the same whether rows come all at once or over several runs:
a later unit never unseats an earlier one, and a row that is in the table already is never unseated at all.

Near duplicates are found by their rarest words (prefix filtering, Chaudhuri et al. 2006): with words in one order for
all rows, two sets of similarity s or more share one of the first `n - ceil(s·n) + 1` words of each. So no pair is
missed, and few rows share a rare word.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from stark_udfs.core.english import WORD, jaccard, words_of
from stark_udfs.core.rejects import RejectReason

MOST_A_WORD = 2_000  # kept rows that are found by one word: a row then costs milliseconds at most
TOLERANCE = 1e-9  # 0.8 · 15 is 12.000000000000002


@dataclass(frozen=True)
class Candidate:
    """A row that may be written, or one that is in the table already."""

    key: str
    unit_key: str
    order: int | str
    text: str
    in_table: bool


@dataclass(frozen=True)
class DuplicateVerdict:
    """What becomes of a candidate: kept; dropped for `reason`, as `of` is the same; or surplus (neither).

    capped: kept, but too many kept rows share one of its rarest words: it was not compared with all of them.
    """

    key: str
    kept: bool
    reason: RejectReason | None = None
    of: str = ""
    similarity: float = 0.0
    capped: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    """A text as it is compared.

    spoken: its words, without case and punctuation. words: the distinct ones as numbers, rarest first.
    telling: how many of `words` are enough to find every near duplicate.
    """

    spoken: str
    words: tuple[int, ...]
    distinct: frozenset[int]
    telling: int


@dataclass(slots=True)
class Found:
    """The kept rows that are found by one word, `count` of them.

    rows: by how many words they have, and how many of them from this one on, which may tell that none of them is alike.
    """

    count: int = 0
    rows: dict[tuple[int, int], list[int]] = field(default_factory=dict)


@dataclass
class KeptTexts:
    """The kept rows of one group, found by equal text and by their rarest words.

    rank: a number for every word of the group, low for rare ones.
    full: words that `most` rows are found by; further rows are not.
    """

    near: float | None
    rank: dict[str, int]
    most: int = MOST_A_WORD
    keys: list[str] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    exact: dict[str, int] = field(default_factory=dict)
    by_word: dict[int, Found] = field(default_factory=lambda: defaultdict(Found))
    full: set[int] = field(default_factory=set)

    def read(self, text: str) -> Text:
        """A text of the group, ready to be compared."""
        spoken = WORD.findall(text.casefold())
        distinct = frozenset(self.rank[word] for word in spoken)
        size = len(distinct)
        telling = 0 if self.near is None or not size else size - math.ceil(self.near * size - TOLERANCE) + 1
        return Text(" ".join(spoken), tuple(sorted(distinct)), distinct, telling)

    def add(self, key: str, text: Text) -> None:
        """Remember a kept row."""
        row, size = len(self.keys), len(text.words)
        self.keys.append(key)
        self.texts.append(text)
        self.exact.setdefault(text.spoken, row)
        for place, word in enumerate(text.words[: text.telling]):
            found = self.by_word[word]
            if found.count < self.most:
                found.count += 1
                found.rows.setdefault((size, size - place), []).append(row)
            else:
                self.full.add(word)

    def like(self, text: Text) -> tuple[RejectReason, str, float] | None:
        """The first kept row that `text` repeats, if any: why, its key, their Jaccard similarity."""
        same = self.exact.get(text.spoken)
        if same is not None:
            return RejectReason.DUPLICATE, self.keys[same], 1.0
        near = None if self.near is None else self._near(text, self.near)
        if near is None:
            return None
        return RejectReason.NEAR_DUPLICATE, self.keys[near], jaccard(text.distinct, self.texts[near].distinct)

    def capped(self, text: Text) -> bool:
        """Whether a near duplicate of `text` may have been missed."""
        return not self.full.isdisjoint(text.words[: text.telling])

    def _near(self, text: Text, near: float) -> int | None:
        """The first kept row of similarity `near` or more.

        Two rows share `near / (1 + near)` of their sizes together, or are less alike. Where they meet by their rarest
        common word, they share what is left from there on, at most: most pairs need no more than that.
        """
        found: int | None = None
        tried: set[int] = set()
        left, share = len(text.words), near / (1 + near)
        already = share * left - TOLERANCE
        for word in text.words[: text.telling]:
            here = self.by_word.get(word)
            for (other_size, other_left), rows in here.rows.items() if here is not None else ():
                needed = already + share * other_size
                if left < needed or other_left < needed:
                    continue
                for row in rows:
                    if found is not None and row >= found:
                        break
                    if row in tried:
                        continue
                    if jaccard(text.distinct, self.texts[row].distinct) >= near:
                        found = row
                        break
                    tried.add(row)
            left -= 1
        return found


def deduplicate(
    candidates: Sequence[Candidate], near: float | None, take: int | None, most: int = MOST_A_WORD
) -> Iterator[DuplicateVerdict]:
    """Keep or drop each candidate of one group, rows in the table first, then by unit order and key.

    Args:
        candidates: all rows of the group.
        near: word-set Jaccard similarity from which two rows are one; None: only equal texts are.
        take: rows kept per unit; None: all.
        most: kept rows that are found by one word; rows that this may have let through are marked `capped`.
    """
    seen = KeptTexts(near, _ranks(row.text for row in candidates), most)
    kept: Counter[str] = Counter()
    for row in sorted(candidates, key=lambda c: (not c.in_table, c.order, c.key)):
        if not row.in_table and take is not None and kept[row.unit_key] >= take:
            yield DuplicateVerdict(row.key, kept=False)
            continue
        text = seen.read(row.text)
        if not row.in_table and (twin := seen.like(text)) is not None:
            yield DuplicateVerdict(row.key, False, *twin)
            continue
        capped = not row.in_table and seen.capped(text)
        seen.add(row.key, text)
        kept[row.unit_key] += 1
        yield DuplicateVerdict(row.key, kept=True, capped=capped)


def _ranks(texts: Iterable[str]) -> dict[str, int]:
    """A number for every word, by the texts that it stands in; of two equally rare words the alphabet decides."""
    count: Counter[str] = Counter()
    for text in texts:
        count.update(words_of(text))
    return {word: rank for rank, word in enumerate(sorted(count, key=lambda word: (count[word], word)))}
