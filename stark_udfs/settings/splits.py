"""The split into training, validation and test: its settings, and the rule.

The split hangs on the seed and the `demographic_id` alone, so that all episodes of one person share it. Test lies at
the bottom of [0, 1), validation above it: more people never move anybody, and a larger share of test takes people from
validation, never from test.
"""

from typing import Self

from pydantic import Field, model_validator

from stark_udfs.core.ids import seed_of
from stark_udfs.settings.section import Section

TRAIN, VALIDATION, TEST = "train", "validation", "test"
SPLITS = (TRAIN, VALIDATION, TEST)


class SplitSettings(Section):
    """Which episodes are for training, validation and test: by person, so that nobody is in two of them."""

    validation: float = Field(0.1, ge=0, lt=1, description="share of the people")
    test: float = Field(0.1, ge=0, lt=1, description="share of the people; the rest is for training")

    @model_validator(mode="after")
    def _leave_something(self) -> Self:
        if self.validation + self.test >= 1:
            raise ValueError("validation and test together leave nothing to train on")
        return self


def split_of(demographic_id: str, shares: SplitSettings, *, seed: int) -> str:
    """The split of a person: train, validation or test.

    Args:
        demographic_id: who the person is; `demographics.demographic_id`.
        shares: of the people.
        seed: of the run.

    Example:
        ```python
        split_of("daba8bf653d0a4d1", SplitSettings(), seed=42)  # "train"
        ```
    """
    place = seed_of(seed, demographic_id, "split") / 2.0**52
    if place < shares.test:
        return TEST
    return VALIDATION if place < shares.test + shares.validation else TRAIN
