"""The pipeline: its stages in the order in which they run, and the settings of all of them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from stark_udfs.engine.stage import ChatStage, Stage
from stark_udfs.settings.load import load_tree, validated
from stark_udfs.settings.people import PeopleSettings
from stark_udfs.settings.run import PipelineSettings, RunSettings
from stark_udfs.settings.splits import SplitSettings
from stark_udfs.settings.tracking import TrackingSettings
from stark_udfs.settings.ultron import UltronSettings
from stark_udfs.stages.consistency import stage as consistency
from stark_udfs.stages.consistency.stage import ConsistencySettings
from stark_udfs.stages.dataset import episodes
from stark_udfs.stages.dataset.settings import EpisodesSettings, ReleaseSettings
from stark_udfs.stages.examples import examples
from stark_udfs.stages.images import faces
from stark_udfs.stages.images.image_plans import stage as image_plans
from stark_udfs.stages.images.images import stage as images
from stark_udfs.stages.images.settings import (
    AlignerSettings,
    ChoosingSettings,
    FacesSettings,
    ImagePlansSettings,
    SafetySettings,
)
from stark_udfs.stages.people import demographics
from stark_udfs.stages.people.quotas import QuotasSettings
from stark_udfs.stages.probes import phrasings
from stark_udfs.stages.probes import stage as probes
from stark_udfs.stages.probes.stage import ProbesSettings
from stark_udfs.stages.text import albums, narratives, summaries
from stark_udfs.stages.text.albums import AlbumsSettings
from stark_udfs.stages.text.commonsense import stage as commonsense
from stark_udfs.stages.text.commonsense.stage import CommonsenseSettings
from stark_udfs.stages.text.events import stage as events
from stark_udfs.stages.text.events.stage import EventsSettings
from stark_udfs.stages.text.narratives import NarrativesSettings
from stark_udfs.stages.text.personas import stage as personas
from stark_udfs.stages.text.personas.settings import PersonasSettings
from stark_udfs.stages.text.sessions import stage as sessions
from stark_udfs.stages.text.sessions.settings import SessionsSettings
from stark_udfs.stages.text.summaries import SummariesSettings
from stark_udfs.stages.training import training_samples
from stark_udfs.stages.verdicts import judgements, moderations
from stark_udfs.stages.verdicts.judgements import JudgementsSettings
from stark_udfs.stages.verdicts.moderations import ModerationsSettings
from stark_udfs.tables.address import located

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
    moderations,
    consistency,
    probes,
    episodes,
    training_samples,
)
OPTIONAL = (judgements, phrasings)  # as many stages as the settings ask for: one a judge, none where nobody is asked
TABLES = tuple(module.TABLE for module in (*MODULES, *OPTIONAL))


class Settings(RunSettings):
    """All settings: those of every run, and a section for each stage that has one."""

    pipeline: PipelineSettings = PipelineSettings()
    safety: SafetySettings = SafetySettings()
    people: PeopleSettings = PeopleSettings()
    quotas: QuotasSettings = QuotasSettings()
    personas: PersonasSettings = PersonasSettings()
    commonsense: CommonsenseSettings = CommonsenseSettings()
    narratives: NarrativesSettings = NarrativesSettings()
    events: EventsSettings = EventsSettings()
    albums: AlbumsSettings = AlbumsSettings()
    sessions: SessionsSettings = SessionsSettings()
    summaries: SummariesSettings = SummariesSettings()
    image_plans: ImagePlansSettings = ImagePlansSettings()
    aligner: AlignerSettings = AlignerSettings()
    faces: FacesSettings = FacesSettings()
    choosing: ChoosingSettings = ChoosingSettings()
    moderations: ModerationsSettings = ModerationsSettings()
    judgements: JudgementsSettings = JudgementsSettings()
    episodes: EpisodesSettings = EpisodesSettings()
    release: ReleaseSettings = ReleaseSettings()
    splits: SplitSettings = SplitSettings()
    ultron: UltronSettings = UltronSettings()
    tracking: TrackingSettings = TrackingSettings()
    consistency: ConsistencySettings = ConsistencySettings()
    probes: ProbesSettings = ProbesSettings()


def load_settings(target: str = "demo", *, conf: str | Path | None = None, overrides: Sequence[str] = ()) -> Settings:
    """The settings of a target: defaults, `base.yml`, `<target>.yml` and `overrides`, each laid over the one before.

    Args:
        target: the name of a file in the settings folder, without `.yml`.
        conf: the settings folder; None: `./conf` if it is there, else the one in this package.
        overrides: `section.key=value`, the value read as YAML.

    Raises:
        SettingsError: no such folder or target, an unknown or renamed key, a value out of range.

    Example:
        ```python
        load_settings("openai", overrides=["pipeline.episodes=50"])
        ```
    """
    return validated(load_tree(Settings, target, conf=conf, overrides=overrides), Settings)


def stages(settings: Settings) -> tuple[Stage, ...]:
    """All stages with these settings, each chat stage with an example for `stark plan`."""
    settings = located(settings)
    found = examples(settings)
    made = (
        *(module.stage(settings) for module in MODULES),
        *(one for module in OPTIONAL for one in module.stages(settings)),
    )
    return tuple(
        replace(one, example=found.get(one.writes.name)) if isinstance(one, ChatStage) else one for one in made
    )
