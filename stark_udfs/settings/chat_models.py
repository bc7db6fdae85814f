"""Settings of chat models: the server, its price and limits, and how one stage asks."""

from datetime import date
from typing import Literal

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from stark_udfs.settings.section import Scalar, Section

# The providers of chat models, one line each; `calls/providers/client.py` has what a provider is.
MILLION = 1_000_000  # tokens, by which prices are told
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

    def of_tokens(self, tokens_in: int, tokens_out: int) -> float:
        """Money for so many tokens."""
        return (tokens_in * self.input + tokens_out * self.output) / MILLION


class BatchSettings(Section):
    """The model's batch API: its tariff, its limits, and how it is waited for; used by `stark run --batch`.

    Source of share and limits: developers.openai.com/api/docs/guides/batch; Azure's page on batch deployments says the
    same of the share. Per model and account, the vendor also limits the tokens that wait: see its console.
    """

    price_share: float = Field(0.5, gt=0, le=1, description="what a call costs there, as a share of `price`")
    as_of: date | None = Field(date(2026, 4, 24), description="of the share and the limits of a file")
    source: str = "developers.openai.com/api/docs/guides/batch"
    requests: int = Field(50_000, ge=1, description="lines of one file, at most")
    bytes: int = Field(200_000_000, ge=10_000, description="of one file, at most")
    tokens: int | None = Field(
        None, ge=1, description="that may wait at the vendor at once, prompts and reply limits counted; null: no limit"
    )
    url: str = Field("/v1/chat/completions", description="what the vendor calls the endpoint in a file")
    poll_s: float = Field(10.0, gt=0, description="between the first two looks; then half as long again each time")
    longest_poll_s: float = Field(300.0, gt=0)
    reasks: Literal["batch", "live"] = Field(
        "batch", description="whether a unit with a bad reply waits for a further round, or goes on live, at full price"
    )


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
    batch: BatchSettings = BatchSettings()
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
