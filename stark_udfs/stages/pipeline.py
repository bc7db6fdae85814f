"""The stages in the order in which they run."""

from stark_udfs.core.settings import Settings
from stark_udfs.engine.stage import Stage
from stark_udfs.stages import (
    albums,
    commonsense,
    demographics,
    events,
    faces,
    image_plans,
    images,
    narratives,
    personas,
    sessions,
    summaries,
)

MODULES = (
    demographics,
    personas,
    commonsense,
    narratives,
    faces,
    events,
    albums,
    sessions,
    summaries,
    image_plans,
    images,
)
TABLES = tuple(module.TABLE for module in MODULES)


def stages(settings: Settings) -> tuple[Stage, ...]:
    """All stages with these settings."""
    return tuple(module.stage(settings) for module in MODULES)
