"""What a stage looks at in its settings: part of its fingerprint."""

from stark_udfs.core.ids import Json
from stark_udfs.settings.sections import ChatStageSettings

ASKING = frozenset(ChatStageSettings.model_fields)  # how a model is called: part of a call's key, not of ask and parse


def fingerprint_settings(section: ChatStageSettings, *but: str) -> dict[str, Json]:
    """A section's own settings as JSON, without those named."""
    own: dict[str, Json] = section.model_dump(mode="json", exclude=set(ASKING) | set(but))
    return own
