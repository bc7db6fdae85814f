"""The moments at which something is killed: three of each stage, told from what the server and the table have seen."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.faults.trial import Trial
from stark_udfs.engine.stage import ChatStage, ImageStage
from stark_udfs.testing.pictures import STAGE as PICTURES

FIRST, MIDDLE, WRITING = "before its first reply", "in the middle", "while its rows are written"
POLL_S = 0.01
LONGEST_WAIT_S = 600.0


@dataclass(frozen=True)
class Moment:
    """A moment of one stage."""

    stage: ChatStage[Any, Any, Any] | ImageStage[Any, Any]
    name: str

    def __str__(self) -> str:
        return f"{self.stage.name} {self.name}"


def all_moments(trial: Trial) -> list[Moment]:
    """Three of each stage that pays, in their order."""
    paid = trial.bench.expected.calls
    paying = [
        stage
        for stage in trial.stages
        if isinstance(stage, ChatStage) or (isinstance(stage, ImageStage) and paid.get(stage.name))
    ]
    return [Moment(stage, name) for stage in paying for name in (FIRST, MIDDLE, WRITING)]


def wait_for(trial: Trial, moment: Moment, alive: Callable[[], bool]) -> bool:
    """Wait until a moment comes that was not there yet; False: what is `alive` ended first.

    Workers whose driver was killed go on for a moment: what they still ask must not pass for the next run's doing.
    """
    until = time.monotonic() + LONGEST_WAIT_S
    counted, _ = _counted(trial, moment)
    begun, files = trial.server.stub.begun_in[counted], _files(trial, moment)
    while time.monotonic() < until and alive():
        if _reached(trial, moment, begun, files):
            return True
        time.sleep(POLL_S)
    return False


def _reached(trial: Trial, moment: Moment, begun: int, files: frozenset[Path]) -> bool:
    stub = trial.server.stub
    if moment.name == WRITING:
        return bool(_files(trial, moment) - files)
    counted, before = _counted(trial, moment)
    expected = trial.bench.expected
    half = before + (expected.paintings if counted == PICTURES else expected.calls)[moment.stage.name] / 2
    return stub.begun_in[counted] > max(begun, before) and (moment.name == FIRST or stub.answered_in[counted] >= half)


def _counted(trial: Trial, moment: Moment) -> tuple[str, int]:
    """Under which name the server counts what a stage asks, and what it has counted there when the stage begins.

    It cannot tell for which stage it paints: pictures that a kill made it paint twice let a moment come the earlier.
    """
    if isinstance(moment.stage, ChatStage):
        return moment.stage.name, 0
    names = [stage.name for stage in trial.image_stages]
    earlier = names[: names.index(moment.stage.name)]
    return PICTURES, sum(trial.bench.expected.paintings.get(name, 0) for name in earlier)


def _files(trial: Trial, moment: Moment) -> frozenset[Path]:
    return frozenset((trial.folder / "tables" / moment.stage.writes.name).rglob("*.parquet"))
