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
    journal_append: bool | None = Field(
        None, description="None: to a local folder; False: not there either, for a bucket that is mounted as a folder"
    )
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


class ImagePlansSettings(ChatStageSettings):
    """Where each image comes from, and in which words."""

    sees: Literal["profile", "scene"] = Field(
        "scene",
        description="what the planner is told beside the description: name, gender and age (paper), or the person's "
        "looks, the source and the turns around it, too",
    )
    unparsed: Literal["ask_again", "t2i"] = Field(
        "ask_again", description="a reply without a module that is offered: asked again, or painted from words (paper)"
    )


ModuleName = Literal["p-t2i", "t2i", "retrieval", "web"]


class AlignerSettings(Section):
    """Images for what was described: what the planner may choose from, and how often is tried."""

    modules: tuple[ModuleName, ...] = Field(
        ("p-t2i", "t2i", "retrieval", "web"), min_length=1, description="offered to the planner (paper: no t2i)"
    )
    groups: Literal["as_is", "reframe"] = Field(
        "reframe", description="pictures of the user with others: as they are (paper), or with the user's face alone"
    )
    draws: int = Field(4, ge=1, le=50, description="paintings of one prompt (paper: 1)")
    rewrite: bool = Field(True, description="whether an image that failed is tried once more in other words")
    fallback: tuple[ModuleName, ...] = Field(
        ("t2i", "retrieval", "web"), description="modules to go on with, in this order, where they may show the image"
    )


class FacesSettings(Section):
    """Face images of episodes' people."""

    tries: int = Field(2, ge=1, le=10, description="pictures painted at most, each with a seed of its own (paper: 1)")
    nsfw_most: float | None = Field(
        0.5, ge=0, le=1, description="a picture with a higher score is not taken; null: unchecked (paper)"
    )
    one_face: bool = Field(
        True, description="whether a picture is taken only with exactly one face, where faces are looked for"
    )


class ScoresLeast(Section):
    """The score against the description from which a candidate is taken, by scorer; null: unchecked."""

    words: float | None = Field(0.15, description="the offline rater's: captions against words, 0 to 1")
    clip: float | None = Field(0.18, description="a cosine; around 0.1 picture and text have nothing in common")
    pickscore: float | None = Field(18.0, description="a scaled cosine; most pictures lie between 15 and 24")


class ChoosingSettings(Section):
    """Which of an image's candidates is taken."""

    turns_weight: float = Field(
        0.3, ge=0, le=1, description="of the score against the last turns; the rest is the description's (paper: 0)"
    )
    score_least: ScoresLeast = ScoresLeast()
    nsfw_most: float | None = Field(
        0.5, ge=0, le=1, description="a candidate with a higher score is not taken; null: unchecked"
    )
    twin_bits: int | None = Field(
        6,
        ge=0,
        le=64,
        description="bits in which the perceptual hashes of two candidates of an image differ at most to be one "
        "picture; null: all are different",
    )
    licence: Literal["required", "marked"] = Field(
        "required", description="a picture from the web whose licence is unknown: not taken, or taken as it is"
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


class Weights(Section):
    """A model by its place: a folder, or an id on the Hugging Face hub."""

    model: str
    revision: str | None = Field(None, description="commit or tag; null: the newest, whatever it is by then")


class WeightFileSettings(Section):
    """One file of a folder or hub repository."""

    repository: str
    name: str = Field(description="with its folders")
    revision: str | None = None


class PainterSettings(Weights):
    """Text to image."""

    model: str = "stabilityai/stable-diffusion-xl-base-1.0"
    variant: str | None = Field("fp16", description="of the weight files; null: the plain ones")
    unet: WeightFileSettings | None = Field(
        WeightFileSettings(repository="ByteDance/SDXL-Lightning", name="sdxl_lightning_8step_unet.safetensors"),
        description="takes the place of the model's own UNet, with trailing timesteps; null: none does",
    )
    steps: int = Field(8, ge=1)
    guidance: float = Field(0.0, ge=0, description="up to 1 there is none, and negative prompts are passed over")


class PersonalSettings(Weights):
    """Text and a face to image."""

    method: Literal["photomaker", "ip_adapter"] = "photomaker"
    model: str = "SG161222/RealVisXL_V3.0"
    variant: str | None = "fp16"
    half: Literal["float16", "bfloat16"] = Field("bfloat16", description="precision on a GPU")
    weights: WeightFileSettings | None = Field(None, description="of the method; null: the published ones")
    steps: int = Field(50, ge=1)
    guidance: float = Field(5.0, ge=0)
    style_strength: float = Field(20.0, ge=0, lt=100, description="photomaker: percent of the steps without the face")
    scale: float = Field(0.6, ge=0, le=1, description="ip_adapter: of the face against the text")


class ScorerSettings(Section):
    """How well a picture shows a text."""

    kind: Literal["pickscore", "clip"] = Field("pickscore", description="ranges: -100 to 100, and -1 to 1")
    model: str | None = Field(None, description="null: the published PickScore, or the model of `clip`")
    revision: str | None = None
    processor: str | None = Field(None, description="where tokenizer and image processor are, if not with the model")


class NsfwSettings(Weights):
    """An image classifier with a class for what is not safe for work."""

    model: str = "Falconsai/nsfw_image_detection"
    label: str = "nsfw"


class DetectorSettings(Weights):
    """An object detector with a class for faces."""

    label: str = "face"
    least: float = Field(0.7, ge=0, le=1, description="score from which a box is a face")


class WebSettings(Section):
    """Image search on the web, and how its results are fetched."""

    provider: Literal["openverse", "wikimedia", "searxng", "brave"] | None = Field(
        "openverse", description="null: nothing is looked for on the web"
    )
    base_url: str | None = Field(None, description="null: the provider's own; searxng has none")
    secret: str | None = Field(None, description="environment variable with the key; null: the provider's own, if any")
    agent: str | None = Field(None, description="how we call ourselves; null: by the project's name")
    results: int = Field(10, ge=1, le=50, description="looked at, of one question (paper: 10)")
    interval_s: float = Field(1.0, ge=0, description="least time between two requests to one host, per worker")
    seconds: float = Field(20.0, gt=0, description="for one picture, and for one question")
    bytes: int = Field(15_000_000, ge=1000, description="of one picture")


class PicturesSettings(Section):
    """Who makes, finds and rates pictures."""

    provider: Literal["offline", "models"] = Field("offline", description="offline: drawings, marked as such")
    at_once: int = Field(8, ge=1, description="paintings in one batch, and orders worked on together")
    gpus: float = Field(0, ge=0, description="of a task, asked of Spark by the picture stages; 0: none is asked for")
    side: int = Field(1024, ge=64, multiple_of=8, description="px, of a painting")
    painter: PainterSettings = PainterSettings()
    personal: PersonalSettings = PersonalSettings()
    clip: Weights = Field(
        Weights(model="openai/clip-vit-large-patch14-336"), description="of queries; the indexes must be built with it"
    )
    indexes: tuple[str, ...] = Field((), description="folders or URIs, one index per source")
    top: int = Field(5, ge=1, le=50, description="pictures of each source (paper: 5)")
    web: WebSettings = WebSettings()
    scorer: ScorerSettings = ScorerSettings()
    nsfw: NsfwSettings | None = NsfwSettings()
    detector: DetectorSettings | None = Field(None, description="null: faces are not counted")
    likeness: Weights | None = Field(
        Weights(model="openai/clip-vit-large-patch14-336"),
        description="embeds pictures of a person; null: likeness is not measured",
    )


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
    image_plans: ImagePlansSettings = ImagePlansSettings()
    aligner: AlignerSettings = AlignerSettings()
    faces: FacesSettings = FacesSettings()
    choosing: ChoosingSettings = ChoosingSettings()
    pictures: PicturesSettings = PicturesSettings()
