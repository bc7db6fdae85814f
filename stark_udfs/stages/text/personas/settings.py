"""Settings of the personas stage."""

from pydantic import Field

from stark_udfs.settings.chat_models import ChatStageSettings
from stark_udfs.settings.section import Scalar


class PersonasSettings(ChatStageSettings):
    """Social persona sentences."""

    parameters: dict[str, Scalar] = Field({"temperature": 0.9, "top_p": 1.0})
    reply_tokens: int = Field(3072, ge=1)
    sentences: int = Field(30, ge=1, le=100, description="asked for in one call")
    sentences_each: int = Field(
        3,
        ge=1,
        description="kept per call: the fewer, the more profiles and categories an equal number of episodes has "
        "(paper: all)",
    )
    relations_each: int = Field(1, ge=1, le=5, description="episodes from one sentence (paper: 5)")
    calls_per_profile: int = Field(1, ge=1, description="calls per profile and category")
    extra_share: float = Field(
        0.1, ge=0, description="share of calls beyond the least that could give `pipeline.episodes`"
    )
    examples: int = Field(5, ge=0, le=30, description="example sentences in the prompt")
    near_duplicate: float | None = Field(
        0.8,
        gt=0,
        le=1,
        description="Jaccard similarity of word sets from which two sentences are one; null: exact only",
    )
    exclude_categories: tuple[str, ...] = Field((), description="categories that are not drawn")
    sensitive: bool = Field(True, description="whether sensitive categories are drawn at all")
    fit_age: bool = Field(
        True, description="whether a category is kept from ages it does not fit, sensitive ones from under-18s"
    )
