"""When a test kills: one moment of each stage, of the three that `make faults` tries."""

from bench.faults.moments import MIDDLE, Moment, all_moments
from bench.faults.trial import Trial


def middle(trial: Trial) -> list[Moment]:
    return [moment for moment in all_moments(trial) if moment.name == MIDDLE]
