"""The interface through which a run reports its progress."""

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class StageProgress:
    """Where the asking of a stage stands."""

    stage: str
    units: int
    units_done: int = 0
    calls: int = 0
    in_flight: int = 0
    rejected: int = 0
    tokens: int = 0
    money: float = 0.0
    throttled: int = 0
    note: str = ""


STOPPED_BY_USER = "stopped by the user"


class Progress(Protocol):
    """Told by the run, from the driver."""

    def began(self, run_id: str) -> None:
        """A run begins."""

    def started(self, stage: str, units: int) -> None:
        """Asking begins for `units` units."""

    def counted(self, counts: StageProgress) -> None:
        """About once a second while asking."""

    def ended(self, stage: str) -> None:
        """The stage's table is written, or the stage was skipped."""

    def said(self, line: str) -> None:
        """One line that the user should read."""

    def stop_requested(self) -> bool:
        """Asked about once a second: True ends the run after what is in flight; everything is kept."""


@dataclass
class Quiet:
    """A Progress that keeps the lines and shows nothing."""

    lines: list[str] = field(default_factory=list)

    def began(self, run_id: str) -> None:
        """Nothing."""

    def started(self, stage: str, units: int) -> None:
        """Nothing."""

    def counted(self, counts: StageProgress) -> None:
        """Nothing."""

    def ended(self, stage: str) -> None:
        """Nothing."""

    def said(self, line: str) -> None:
        """Keep the line."""
        self.lines.append(line)

    def stop_requested(self) -> bool:
        """Never."""
        return False
