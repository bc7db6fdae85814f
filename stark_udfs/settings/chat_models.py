"""Settings of chat models: the server, its price and limits, and how one stage asks."""

from datetime import date
from typing import Literal

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from stark_udfs.settings.section import Scalar, Section

# The providers of chat models, one line each; `calls/providers/client.py` has what a provider is.
PROVIDERS = {
    "offline": "stark_udfs.calls.providers.offline:OFFLINE",
    "openai": "stark_udfs.calls.providers.openai:OPENAI",
    "azure": "stark_udfs.calls.providers.azure:AZURE",
}


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

    provider: str = Field(
        "openai", description=f"one of {', '.join(PROVIDERS)}; or package.module:NAME of a provider of your own"
    )
    name: str = Field(description="the model's name on the wire")
    base_url: str | None = None
    secret: str | None = Field(None, description="environment variable that holds the key")
    auth: Literal["key", "azure_ad", "databricks"] = Field(
        "key", description="the key of `secret`, or a token of Entra ID or Databricks, renewed before it expires"
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
    image_tokens: int = Field(
        1600, ge=0, description="what a sent image counts as, for each 512 px square; reserved and forecast"
    )
    reply_bytes: int = Field(1_000_000, ge=1000, description="a longer reply is cut off and rejected")
    defects: Defects = Defects()

    @field_validator("provider")
    @classmethod
    def _is_known(cls, name: str) -> str:
        if name not in PROVIDERS and ":" not in name:
            raise PydanticCustomError("provider", "no such provider. Known: {known}", {"known": ", ".join(PROVIDERS)})
        return name


class ChatStageSettings(Section):
    """How one stage asks."""

    model: str = Field("default", description="a key of `models`")
    parameters: dict[str, Scalar] = Field(
        default_factory=dict, description="sent exactly as written, over the model's own; null takes one away"
    )
    reply_tokens: int = Field(2048, ge=1, description="reply limit; sent under the name that the model gives it")
    reasks: int = Field(2, ge=0, le=10, description="further asks of a round after a bad reply, each told the error")
