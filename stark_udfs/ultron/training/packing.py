"""Several short samples in one row of a text-only model, so that little of a batch is padding.

Samples of a row do not see each other: positions begin anew with each, and without an attention mask transformers
reads from them where a sample ends (its block-diagonal mask for packed sequences, with any attention it has a mask
for). Rows are filled by best fit, longest sample first.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from stark_udfs.ultron.samples import Row
from stark_udfs.ultron.training.collate import IGNORED, Collator
from stark_udfs.ultron.training.dataset import restored

PLACES = "places"  # column of a packed set: positions of a row's samples in the set that it was made of


def packs(lengths: Sequence[int], room: int) -> list[list[int]]:
    """Which samples share a row; each in one, in the order of the set within it.

    Args:
        lengths: of the samples, in tokens; one that is longer than `room` has a row for itself.
        room: tokens of a row.
    """
    rows: list[list[int]] = []
    left: list[int] = []  # room that rows have left, ascending; each number once
    having: dict[int, list[int]] = {}  # room left → the rows that have it
    for place in sorted(range(len(lengths)), key=lambda at: (-lengths[at], at)):
        at = bisect_left(left, lengths[place])
        if at == len(left):
            row, free = len(rows), room
            rows.append([])
        else:
            free = left[at]
            row = having[free].pop()
            if not having[free]:
                del having[free], left[at]
        rows[row].append(place)
        if (rest := max(0, free - lengths[place])) not in having:
            insort(left, rest)
        having.setdefault(rest, []).append(row)
    return [sorted(row) for row in rows]


def packed(samples: Any, collator: Collator) -> Any:  # noqa: ANN401
    """A set of rows that name their samples; every sample is measured once, about a thousand a second."""
    from datasets import Dataset

    lengths = [collator.length(collator.fitted(restored(row))) for row in _each(samples)]
    return Dataset.from_dict({PLACES: packs(lengths, collator.max_tokens)})


def _each(samples: Any) -> Iterable[Row]:  # noqa: ANN401
    return (samples[place] for place in range(len(samples)))


class PackingCollator:
    """Rows of a packed set to a batch without an attention mask; rows of an ordinary one as the collator makes them."""

    def __init__(self, collator: Collator, samples: Any) -> None:  # noqa: ANN401
        self.collator = collator
        self.samples = samples

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """`input_ids`, `position_ids`, `labels` of shape (rows, tokens); each sample's positions count from 0."""
        import torch

        if PLACES not in rows[0]:
            return self.collator(rows)
        made = [[self.collator([self.samples[place]]) for place in row[PLACES]] for row in rows]
        width = max(sum(one["input_ids"].shape[1] for one in row) for row in made)
        padding = {"input_ids": int(self.collator.tokenizer.pad_token_id), "position_ids": 0, "labels": IGNORED}
        batch = {name: torch.full((len(rows), width), value) for name, value in padding.items()}
        for place, row in enumerate(made):
            start = 0
            for one in row:
                end = start + one["input_ids"].shape[1]
                batch["input_ids"][place, start:end] = one["input_ids"][0]
                batch["labels"][place, start:end] = one["labels"][0]
                batch["position_ids"][place, start:end] = torch.arange(end - start)
                start = end
        return batch
