"""The stages in the order in which they run."""

from stark_udfs.engine.stage import Stage
from stark_udfs.settings.sections import Settings
from stark_udfs.stages.images import faces
from stark_udfs.stages.images.image_plans import stage as image_plans
from stark_udfs.stages.images.images import stage as images
from stark_udfs.stages.people import demographics
from stark_udfs.stages.text import albums, narratives, summaries
from stark_udfs.stages.text.commonsense import stage as commonsense
from stark_udfs.stages.text.events import stage as events
from stark_udfs.stages.text.personas import stage as personas
from stark_udfs.stages.text.sessions import stage as sessions

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
