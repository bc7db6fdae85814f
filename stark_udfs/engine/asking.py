"""stub"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Asked:
    """What asking a stage's open calls came to; `stopped` says why it ended early, empty if it did not."""

    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    money: float = 0.0
    torn: int = 0
    stopped: str = ""
