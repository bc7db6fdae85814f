"""Settings of image models and sources: who makes, finds and scores images."""

from datetime import date
from functools import partial
from typing import Annotated, Literal

from pydantic import Field

from stark_udfs.settings.kinds import Kind, Kinds
from stark_udfs.settings.section import Section


class Weights(Section):
    """A model by its place: a folder, or an id on the Hugging Face hub."""

    model: str
    revision: str | None = Field(None, description="commit or tag; null: the newest, whatever it is by then")


class WeightFileSettings(Section):
    """One file of a folder or hub repository."""

    repository: str
    name: str = Field(description="with its folders")
    revision: str | None = None


# The kinds of image models, one line each; `images/models/kinds.py` has what the class of a kind says.
PAINTERS = Kinds(
    {
        "sdxl": "stark_udfs.images.models.sdxl:SdxlSettings",
        "diffusers": "stark_udfs.images.models.any_pipeline:DiffusersSettings",
        "openai": "stark_udfs.images.models.image_server:ImageServerSettings",
    },
    default="sdxl",
)
PERSONAL = Kinds(
    {
        "photomaker": "stark_udfs.images.models.photomaker.photomaker:PhotoMakerSettings",
        "ip_adapter": "stark_udfs.images.models.ip_adapter:IpAdapterSettings",
        "edit": "stark_udfs.images.models.any_pipeline:EditSettings",
        "openai": "stark_udfs.images.models.image_server:ImageServerSettings",
    },
    default="photomaker",
)
SCORERS = Kinds(
    {
        "pickscore": "stark_udfs.images.models.scorers:PickScoreSettings",
        "clip": "stark_udfs.images.models.scorers:ClipScoreSettings",
        "judge": "stark_udfs.images.models.judge:JudgeSettings",
        "siglip": "stark_udfs.images.models.siglip:SiglipScoreSettings",
    },
    default="pickscore",
)


class NsfwSettings(Weights):
    """An image classifier with a class for what is not safe for work."""

    model: str = "Falconsai/nsfw_image_detection"
    label: str = "nsfw"


class DetectorSettings(Weights):
    """An object detector with a class for faces."""

    label: str = "face"
    min_score: float = Field(0.7, ge=0, le=1, description="score from which a box is a face")


class QuestionPrice(Section):
    """What a search provider costs."""

    per_thousand: float = Field(0.0, ge=0, description="questions")
    currency: str = "USD"
    as_of: date | None = None


class WebSettings(Section):
    """Image search on the web, and how its results are fetched."""

    provider: Literal["openverse", "wikimedia", "searxng", "brave"] | None = Field(
        "openverse", description="null: nothing is looked for on the web"
    )
    base_url: str | None = Field(None, description="null: the provider's own; searxng has none")
    secret: str | None = Field(None, description="environment variable with the key; null: the provider's own, if any")
    agent: str | None = Field(None, description="how we call ourselves; null: by the project's name")
    price: QuestionPrice | None = Field(
        None, description="null: what the provider publishes, for brave 5.00 USD a thousand (2026-11); else nothing"
    )
    requests_per_minute: int | None = Field(
        60, ge=1, description="questions to the provider, over the whole cluster; null: as many as there are"
    )
    results: int = Field(10, ge=1, le=50, description="looked at, of one question (paper: 10)")
    interval_s: float = Field(1.0, ge=0, description="least time between two requests to one host, per worker")
    proxy: str | None = Field(
        None,
        description="http://host:port of a company's proxy, for search and pictures. It resolves names and connects in "
        "our place: only addresses that a URL spells out, and names that mean something here, can be checked then",
    )
    proxy_secret: str | None = Field(None, description="environment variable with user:password of the proxy")
    seconds: float = Field(20.0, gt=0, description="for one picture, and for one question")
    bytes: int = Field(15_000_000, ge=1000, description="of one picture")


class PicturesSettings(Section):
    """Who makes, finds and rates pictures."""

    provider: Literal["offline", "models"] = Field("offline", description="offline: drawings, marked as such")
    batch_size: int = Field(8, ge=1, description="paintings in one batch, and orders worked on together")
    gpus: int = Field(
        0,
        ge=0,
        le=1,
        description="of a task, asked of Spark by the picture stages; 0: none is asked for. A share of "
        "one is refused: every task would load the models once more",
    )
    image_size: int = Field(1024, ge=64, multiple_of=8, description="px, of a painting")
    painter: Annotated[Kind, PAINTERS] = Field(
        default_factory=partial(PAINTERS.read, {}), description=f"text to image; kinds: {PAINTERS}"
    )
    personal: Annotated[Kind, PERSONAL] = Field(
        default_factory=partial(PERSONAL.read, {}), description=f"text and a face to image; kinds: {PERSONAL}"
    )
    clip: Weights = Field(
        Weights(model="openai/clip-vit-large-patch14-336"), description="of queries; the indexes must be built with it"
    )
    indexes: tuple[str, ...] = Field((), description="folders or URIs, one index per source")
    top_k: int = Field(5, ge=1, le=50, description="pictures of each source (paper: 5)")
    web: WebSettings = WebSettings()
    scorer: Annotated[Kind, SCORERS] = Field(
        default_factory=partial(SCORERS.read, {}), description=f"how well an image shows a text; kinds: {SCORERS}"
    )
    nsfw: NsfwSettings | None = NsfwSettings()
    detector: DetectorSettings | None = Field(None, description="null: faces are not counted")
    likeness: Weights | None = Field(
        Weights(model="openai/clip-vit-large-patch14-336"),
        description="embeds pictures of a person; null: likeness is not measured",
    )
