"""Settings: `conf/base.yml`, then `conf/<target>.yml`, then `--set a.b=c`, merged into frozen models.

A key that no model knows is an error with its dotted path and the nearest known key. Secrets are named, never held.
"""

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Scalar = str | int | float | bool | None


class Section(BaseModel):
    """A part of the settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PipelineSettings(Section):
    """The run as a whole."""

    seed: int = Field(42, description="root of every draw")
    episodes: int = Field(1000, ge=1, description="how many episodes to start; raising it only adds")


class StorageSettings(Section):
    """Where tables and files live."""

    tables: str = Field("warehouse/tables", description="a folder, or catalog.schema on Unity Catalog")
    files: str = Field("warehouse/files", description="a folder or URI for journal, images and index")
    journal_flush_s: float = Field(
        2.0, gt=0, le=60, description="where a file system cannot append: seconds between two journal objects"
    )


class SparkSettings(Section):
    """The Spark session, where this package starts it."""

    master: str | None = Field(None, description="None: as given to spark-submit or by the cluster")
    partitions: int = Field(2, ge=1, description="shuffle partitions of a local session, and tasks of the ask phase")
    driver_memory: str = "2g"
    log: str | None = Field(None, description="a file for what Spark itself says; None: standard error")
    options: dict[str, str] = Field(default_factory=dict, description="any further Spark configuration")


class Gender(Section):
    """One gender as people are drawn and spoken of."""

    word: str = Field(min_length=1, description="as in 'a 34-year-old <word>'")
    noun: str = Field(description="adult noun, as in 'a photo of a <noun>': the class word of an image prompt")
    child_noun: str
    subject: str = Field(description="pronoun: she, he, they")
    object: str = Field(description="pronoun: her, him, them")
    possessive: str = Field(description="pronoun: her, his, their")
    weight: float = Field(
        1.0, ge=0, description="relative; with population weights it scales the counts of `counts_as`"
    )
    counts_as: Literal["male", "female", "both"] = Field(description="whose census counts and whose names apply")


class PeopleSettings(Section):
    """Who the people are: drawn, or the user's own table."""

    source: str | None = Field(
        None, description="a CSV, Parquet or Delta table of age, gender, birthplace, residence; None: drawn"
    )
    count: int = Field(10_000, ge=1, description="profiles to draw")
    weights: Literal["uniform", "population"] = "population"
    bands: tuple[tuple[int, int], ...] = Field(description="ages, both ends included; a band, then a uniform age in it")
    min_age: int = Field(10, ge=0, le=120)
    moved_share: float = Field(
        0.30, ge=0, le=1, description="share whose residence is not the birthplace (paper: 0.30)"
    )
    genders: tuple[Gender, ...]
    countries: tuple[str, ...] = Field(min_length=1)
    names: str | None = Field(None, description="a CSV country,gender,kind,name that adds to the packaged names")


class ChatStageSettings(Section):
    """How one stage asks."""

    model: str = Field("default", description="a key of `models`")
    parameters: dict[str, Scalar] = Field(
        default_factory=dict, description="sent exactly as written, over the model's own; null takes one away"
    )
    reply_tokens: int = Field(2048, ge=1, description="reply limit; sent under the name that the model gives it")
    reasks: int = Field(2, ge=0, le=10, description="further asks of a round after a bad reply, each told the error")


class PersonasSettings(ChatStageSettings):
    """Social persona sentences."""

    sentences: int = Field(30, ge=1, le=100, description="asked for in one call")
    sentences_each: int = Field(30, ge=1, description="kept per call")
    relations_each: int = Field(1, ge=1, le=5, description="episodes from one sentence (paper: 5)")
    draws: int = Field(1, ge=1, description="calls per profile and category")
    spare: float = Field(0.1, ge=0, description="share of calls beyond the least that could give `pipeline.episodes`")
    examples: int = Field(5, ge=0, le=30, description="example sentences in the prompt")
    near: float | None = Field(
        0.8,
        gt=0,
        le=1,
        description="Jaccard similarity of word sets from which two sentences are one; null: exact only",
    )
    leave_out: tuple[str, ...] = Field((), description="categories that are not drawn")
    sensitive: bool = Field(True, description="whether sensitive categories are drawn at all")
    fit_age: bool = Field(
        True, description="whether a category is kept from ages it does not fit, sensitive ones from under-18s"
    )


class CommonsenseSettings(ChatStageSettings):
    """PeaCoK inferences."""


class NarrativesSettings(ChatStageSettings):
    """Personal narratives."""


class EventsSettings(ChatStageSettings):
    """Temporal event sequences."""

    asked: int = Field(6, ge=2, le=20, description="events asked for at least")
    first: date = Field(date(2021, 1, 1), description="no event before this day")
    last: date = Field(date(2024, 4, 30), description="no event after this day (paper: April 2024)")
    update_share: float = Field(
        0.17, ge=0, le=1, description="of experiences, those that update an earlier one (paper: 0.171)"
    )
    interval_tolerance: float | None = Field(
        0.25,
        ge=0,
        description="how far the stated interval may lie from the dates, as a share (or one unit); null: unchecked",
    )
    check_order: bool = True


class AlbumsSettings(ChatStageSettings):
    """Images that are on the person's phone before the first session."""

    images: int = Field(5, ge=1, le=30)


class SessionsSettings(ChatStageSettings):
    """Multi-session conversations."""

    least: int = Field(4, ge=1, description="fewer sessions than this: the episode is dropped")
    most: int = Field(6, ge=1, description="sessions of an episode, one per event")
    more_events: Literal["cut", "drop"] = Field(
        "cut", description="an episode with more events than `most`: the first ones count, or it is dropped"
    )
    history: Literal["events", "transcript"] = "transcript"
    history_tokens: int = Field(
        3000, ge=0, description="of earlier sessions in a prompt, newest first, estimated at 4 characters each"
    )
    brief: Literal["off", "sampled"] = "sampled"
    turns_mean: float = Field(10.5, gt=2, description="of a sampled brief (paper, realised: 10.5)")
    images_mean: float = Field(1.86, ge=0, description="of a sampled brief (paper, realised: 1.86)")
    internet_share: float = Field(0.608, ge=0, le=1, description="of shared images (paper: 0.608)")
    reuse_share: float = Field(0.25, ge=0, le=1, description="of mobile images, those that come from the album; ours")
    check_speakers: bool = True
    check_album: bool = True
    check_advice: bool = True


class SummariesSettings(ChatStageSettings):
    """Session memories."""

    repetitive: float = Field(
        0.9, gt=0, le=1, description="Jaccard similarity to the summary before from which it is a copy"
    )


class Price(Section):
    """What a model costs."""

    input: float = Field(0.0, ge=0, description="per million tokens")
    output: float = Field(0.0, ge=0, description="per million tokens")
    currency: str = "USD"
    as_of: date | None = None


class Defects(Section):
    """Shares of replies that the offline author spoils, each in [0, 1]; they exercise filters and re-asks."""

    fenced: float = Field(0.0, ge=0, le=1)
    prose: float = Field(0.0, ge=0, le=1)
    missing_key: float = Field(0.0, ge=0, le=1)
    truncated: float = Field(0.0, ge=0, le=1)
    wrong_key: float = Field(0.0, ge=0, le=1)
    refusal: float = Field(0.0, ge=0, le=1)


class ModelSettings(Section):
    """A chat model and the server that has it."""

    provider: Literal["offline", "openai", "azure"] = "openai"
    name: str = Field(description="the model's name on the wire")
    base_url: str | None = None
    secret: str | None = Field(
        None, description="environment variable (or Databricks secret scope/key) that holds the key"
    )
    api_version: str | None = Field(None, description="azure only")
    parameters: dict[str, Scalar] = Field(default_factory=dict)
    without: tuple[str, ...] = Field((), description="parameters this model does not take; never sent")
    token_limit: str = Field("max_tokens", description="the name under which the reply limit is sent")
    json_schema: bool = Field(
        True, description="whether it takes response_format json_schema; else the shape goes into the prompt"
    )
    price: Price = Price()
    timeout_s: float = Field(120, gt=0, description="for one HTTP attempt")
    call_budget_s: float = Field(600, gt=0, description="for one call with all its HTTP attempts")
    attempts: int = Field(6, ge=1, description="HTTP attempts of one call, the first included")
    in_flight: int = Field(64, ge=1, description="requests at once, over the whole cluster")
    requests_per_minute: int | None = Field(None, ge=1)
    tokens_per_minute: int | None = Field(None, ge=1)
    reply_bytes: int = Field(1_000_000, ge=1000, description="a longer reply is cut off and rejected")
    defects: Defects = Defects()


class LimitsSettings(Section):
    """When a run stops by itself."""

    budget: float | None = Field(
        None,
        ge=0,
        description="what all replies of the warehouse may cost, so that it holds over restarts; None: no cap",
    )
    stage_budget: float | None = Field(None, ge=0)
    stop_rejects: float = Field(
        0.5, gt=0, le=1, description="share of units rejected for one reason, after `stop_after` units"
    )
    stop_after: int = Field(50, ge=1)
    removal_share: float = Field(0.01, ge=0, le=1, description="of a table; a run that would remove more stops first")


class SafetySettings(Section):
    """Rules that are nobody's taste."""

    min_face_age: int = Field(18, ge=18, description="nobody younger is shown by any module")


class Settings(Section):
    """All settings of a run."""

    pipeline: PipelineSettings = PipelineSettings()
    storage: StorageSettings = StorageSettings()
    spark: SparkSettings = SparkSettings()
    limits: LimitsSettings = LimitsSettings()
    safety: SafetySettings = SafetySettings()
    models: dict[str, ModelSettings]
    people: PeopleSettings
    personas: PersonasSettings
    commonsense: CommonsenseSettings
    narratives: NarrativesSettings
    events: EventsSettings
    albums: AlbumsSettings
    sessions: SessionsSettings
    summaries: SummariesSettings
