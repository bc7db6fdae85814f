"""What every part of the settings is: frozen, and strict about its keys."""

from collections.abc import Callable

from pydantic import BaseModel, ConfigDict

Scalar = str | int | float | bool | None
Secrets = Callable[[str], str | None]  # the name of a secret → the secret; None: there is none


class Section(BaseModel):
    """A part of the settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")
