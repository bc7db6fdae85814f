"""Settings of the image stages: what is planned, tried, chosen, and what is never shown."""

from typing import Literal

from pydantic import Field, field_validator

from stark_udfs.settings.chat_models import ChatStageSettings
from stark_udfs.settings.image_models import SCORERS
from stark_udfs.settings.section import Scalar, Section

OFFLINE_SCORER = "words"  # what `choosing.min_score` calls it


class ImagePlansSettings(ChatStageSettings):
    """Where each image comes from, and in which words."""

    parameters: dict[str, Scalar] = Field({"temperature": 0.9, "top_p": 0.95})
    reply_tokens: int = Field(1024, ge=1)
    planner_input: Literal["profile", "scene"] = Field(
        "scene",
        description="what the planner is told beside the description: name, gender and age (paper), or the person's "
        "looks, the source and the turns around it, too",
    )
    on_bad_module: Literal["ask_again", "t2i"] = Field(
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
    samples: int = Field(4, ge=1, le=50, description="paintings of one prompt (paper: 1)")
    rewrite: bool = Field(True, description="whether an image that failed is tried once more in other words")
    fallback: tuple[ModuleName, ...] = Field(
        ("t2i", "retrieval", "web"), description="modules to go on with, in this order, where they may show the image"
    )


class FacesSettings(Section):
    """Face images of episodes' people."""

    attempts: int = Field(
        2, ge=1, le=10, description="pictures painted at most, each with a seed of its own (paper: 1)"
    )
    max_nsfw: float | None = Field(
        0.5, ge=0, le=1, description="a picture with a higher score is not taken; null: unchecked (paper)"
    )
    one_face: bool = Field(
        True, description="whether a picture is taken only with exactly one face, where faces are looked for"
    )


class ChoosingSettings(Section):
    """Which of an image's candidates is taken."""

    turns_weight: float = Field(
        0.3, ge=0, le=1, description="of the score against the last turns; the rest is the description's (paper: 0)"
    )
    min_score: dict[str, float | None] = Field(
        default_factory=dict,
        description="the score against the description from which a candidate is taken, by the kind of the scorer, as "
        "{pickscore: 19}; null: unchecked. A kind that is not named has its own: pickscore 18, clip 0.18, and words, "
        "the offline rater's, 0.15",
    )
    max_nsfw: float | None = Field(
        0.5, ge=0, le=1, description="a candidate with a higher score is not taken; null: unchecked"
    )
    duplicate_bits: int | None = Field(
        6,
        ge=0,
        le=64,
        description="bits in which the perceptual hashes of two candidates of an image differ at most to be one "
        "picture; null: all are different",
    )
    licence: Literal["required", "marked"] = Field(
        "required", description="a picture from the web whose licence is unknown: not taken, or taken as it is"
    )

    @field_validator("min_score")
    @classmethod
    def _of_known_scorers(cls, scores: dict[str, float | None]) -> dict[str, float | None]:
        for kind in scores:
            if kind != OFFLINE_SCORER and ":" not in kind and kind not in SCORERS.paths:
                raise ValueError(f"no scorer is called {kind!r}. Known: {OFFLINE_SCORER}, {SCORERS}")
        return scores


class SafetySettings(Section):
    """Rules that are nobody's taste."""

    min_face_age: int = Field(18, ge=18, description="nobody younger is shown by any module")
    children: Literal["withhold", "rewrite"] = Field(
        "rewrite",
        description="an adult's picture with a child in it: no picture, or asked for once more without the child",
    )
