"""Settings of the split into training, validation and test."""

from typing import Self

from pydantic import Field, model_validator

from stark_udfs.settings.section import Section


class SplitSettings(Section):
    """Which episodes are for training, validation and test: by person, so that nobody is in two of them."""

    validation: float = Field(0.1, ge=0, lt=1, description="share of the people")
    test: float = Field(0.1, ge=0, lt=1, description="share of the people; the rest is for training")

    @model_validator(mode="after")
    def _leave_something(self) -> Self:
        if self.validation + self.test >= 1:
            raise ValueError("validation and test together leave nothing to train on")
        return self
