"""Briefs: what one session is to be like, drawn by seed before it is written."""

import math
import random
from dataclasses import dataclass
from typing import Literal

from stark_udfs.core.ids import Json
from stark_udfs.stages.text.sessions.settings import SessionsSettings

USER_OPENS = 0.6  # share of sessions; ours
ASSISTANT_FINDS = 0.6  # share of internet images that the assistant shares; ours
TURNS_AROUND = 5  # a brief's turns lie at most this far from the mean

Side = Literal["user", "assistant"]
Source = Literal["internet", "mobile"]


@dataclass(frozen=True)
class ImageBrief:
    """One image of a session: where it comes from, who shares it, whether it is an earlier one of the album."""

    source: Source
    by: Side
    reuse: bool


@dataclass(frozen=True)
class Brief:
    """One session: who opens, how many turns, which images."""

    opener: Side
    turns: int
    images: tuple[ImageBrief, ...]

    def facts(self) -> dict[str, Json]:
        """The brief as JSON."""
        images = [{"source": image.source, "by": image.by, "reuse": image.reuse} for image in self.images]
        return {"opener": self.opener, "turns": self.turns, "images": images}


def sampled(settings: SessionsSettings, rng: random.Random, *, album: int) -> Brief:
    """A brief whose means are the settings'; `album` is the number of images on the phone."""
    opener: Side = "user" if rng.random() < USER_OPENS else "assistant"
    most = max(4, 2 * math.ceil(settings.images_mean))
    images = sum(rng.random() < settings.images_mean / most for _ in range(most))
    return Brief(
        opener=opener,
        turns=max(_turns(settings.turns_mean, rng), images + 2),
        images=tuple(_image(settings, rng, album=album) for _ in range(images)),
    )


def _turns(mean: float, rng: random.Random) -> int:
    around = min(TURNS_AROUND, mean - 2)
    return math.floor(rng.triangular(mean - around, mean + around, mean) + rng.random())


def _image(settings: SessionsSettings, rng: random.Random, *, album: int) -> ImageBrief:
    if rng.random() < settings.internet_share:
        return ImageBrief("internet", "assistant" if rng.random() < ASSISTANT_FINDS else "user", reuse=False)
    return ImageBrief("mobile", "user", reuse=album > 0 and rng.random() < settings.reuse_share)
