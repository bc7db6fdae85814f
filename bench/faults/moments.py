"""The moments at which something is killed: three of each stage, told from what the server and the table have seen."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.faults.trial import Trial
from stark_udfs.engine.stage import ChatStage

FIRST, MIDDLE, WRITING = "before its first reply", "in the middle", "while its rows are written"
POLL_S = 0.01
LONGEST_WAIT_S = 600.0


@dataclass(frozen=True)
class Moment:
    """A moment of one stage."""

    stage: ChatStage[Any, Any, Any]
    name: str

    def __str__(self) -> str:
        return f"{self.stage.name} {self.name}"


def all_moments(trial: Trial) -> list[Moment]:
    """Three of each stage that asks, in their order."""
    return [Moment(stage, name) for stage in trial.chat_stages for name in (FIRST, MIDDLE, WRITING)]


def wait_for(trial: Trial, moment: Moment, alive: Callable[[], bool]) -> bool:
    """Wait until a moment comes that was not there yet; False: what is `alive` ended first.

    Workers whose driver was killed go on for a moment: what they still ask must not pass for the next run's doing.
    """
    until = time.monotonic() + LONGEST_WAIT_S
    begun, files = trial.server.stub.begun_in[moment.stage.name], _files(trial, moment)
    while time.monotonic() < until and alive():
        if _reached(trial, moment, begun, files):
            return True
        time.sleep(POLL_S)
    return False


def _reached(trial: Trial, moment: Moment, begun: int, files: frozenset[Path]) -> bool:
    stage, stub = moment.stage.name, trial.server.stub
    if moment.name == WRITING:
        return bool(_files(trial, moment) - files)
    half = trial.bench.expected.calls[stage] / 2
    return stub.begun_in[stage] > begun and (moment.name == FIRST or stub.answered_in[stage] >= half)


def _files(trial: Trial, moment: Moment) -> frozenset[Path]:
    return frozenset((trial.folder / "tables" / moment.stage.writes.name).rglob("*.parquet"))
