"""The stages in the order in which they run."""

from stark_udfs.core.settings import Settings
from stark_udfs.engine.stage import Stage
from stark_udfs.stages import (
    albums,
    commonsense,
    demographics,
    events,
    narratives,
    personas,
    sessions,
    summaries,
)

MODULES = (demographics, personas, commonsense, narratives, events, albums, sessions, summaries)
TABLES = tuple(module.TABLE for module in MODULES)


def stages(settings: Settings) -> tuple[Stage, ...]:
    """All stages with these settings."""
    return tuple(module.stage(settings) for module in MODULES)
