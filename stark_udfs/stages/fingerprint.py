"""What a stage looks at in its settings: part of its fingerprint."""

from stark_udfs.core.ids import Json
from stark_udfs.settings.chat_models import ChatStageSettings
from stark_udfs.settings.section import Section

ASKING = frozenset(ChatStageSettings.model_fields)  # how a model is called: part of a call's key, not of ask and parse


def fingerprint_settings(section: ChatStageSettings, *but: str) -> dict[str, Json]:
    """A section's own settings as JSON, without those named."""
    own: dict[str, Json] = section.model_dump(mode="json", exclude=set(ASKING) | set(but))
    return own


def settings_named(section: Section, *names: str) -> dict[str, Json]:
    """Some settings of a section as JSON.

    Raises:
        KeyError: the section has no setting of that name, so that a renamed one cannot fall out of a fingerprint.
    """
    values: dict[str, Json] = section.model_dump(mode="json")
    return {name: values[name] for name in names}
