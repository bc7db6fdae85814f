"""Stable Diffusion XL: a picture from a text, with the base UNet or with a distilled one such as SDXL-Lightning.

Source: Podell et al. 2023 (SDXL); Lin et al. 2024 (SDXL-Lightning): 8 steps, no guidance, trailing timesteps.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from stark_udfs.core.errors import SettingsError
from stark_udfs.images.models.kinds import PainterKind
from stark_udfs.images.models.latents import TextCache
from stark_udfs.images.models.sdxl_base import Drawing, DrawingSettings, SdxlBase, common_size
from stark_udfs.images.models.weights import WeightFile, device_errors
from stark_udfs.images.protocols import Painter, Painting, Pixels
from stark_udfs.settings.image_models import WeightFileSettings

if TYPE_CHECKING:
    import torch
    from diffusers import StableDiffusionXLPipeline


LIGHTNING_UNET = WeightFile("ByteDance/SDXL-Lightning", "sdxl_lightning_8step_unet.safetensors")


class SdxlSettings(DrawingSettings, PainterKind):
    """SDXL, by default with the UNet of SDXL-Lightning."""

    kind: str = "sdxl"
    model: str = "stabilityai/stable-diffusion-xl-base-1.0"
    variant: str | None = Field("fp16", description="of the weight files; null: the plain ones")
    unet: WeightFileSettings | None = Field(
        WeightFileSettings(repository=LIGHTNING_UNET.repository, name=LIGHTNING_UNET.name),
        description="takes the place of the model's own UNet, with trailing timesteps; null: none does",
    )
    steps: int = Field(8, ge=1)
    guidance: float = Field(0.0, ge=0, description="up to 1 there is none, and negative prompts are passed over")

    @property
    def name(self) -> str:
        """See `PainterKind.name`."""
        return self.model

    def spec(self) -> "SdxlSpec":
        """See `PainterKind.spec`."""
        unet = None if self.unet is None else WeightFile.of(self.unet)
        base = self.base(variant=self.variant, unet=unet, trailing=self.unet is not None)
        return SdxlSpec(base, steps=self.steps, guidance=self.guidance)


@dataclass(frozen=True)
class SdxlSpec:
    """A text-to-image painter.

    guidance: classifier-free; up to 1 there is none, and negative prompts are passed over.
    """

    kind: ClassVar[str] = "SdxlSpec"  # in the keys of orders: stays when the class is renamed

    base: SdxlBase
    steps: int = 50
    guidance: float = 5.0

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise SettingsError(f"steps: at least 1 (got {self.steps}).")

    def load(self) -> Painter:
        """The painter, with its weights on the device of this process."""
        return SdxlPainter.of(self.base.load(), self)


@dataclass(frozen=True)
class SdxlPainter:
    """Draws from text alone; faces are passed over."""

    drawing: Drawing
    texts: TextCache
    spec: SdxlSpec

    @classmethod
    def of(cls, pipeline: "StableDiffusionXLPipeline", spec: SdxlSpec) -> "SdxlPainter":
        """The painter around a pipeline."""
        return cls(Drawing.of(pipeline, spec.base.compile), TextCache(partial(read_text, pipeline)), spec)

    @property
    def pipeline(self) -> "StableDiffusionXLPipeline":
        """What draws."""
        return self.drawing.pipeline

    def paint(self, paintings: Sequence[Painting]) -> Pixels:
        """See `Painter.paint`."""
        common_size(paintings)
        with device_errors():
            tokens, pooled = self.texts.rows([painting.prompt for painting in paintings])
            inputs: dict[str, object] = {"prompt_embeds": tokens, "pooled_prompt_embeds": pooled}
            if self.spec.guidance > 1:
                tokens, pooled = self.texts.rows([painting.negative for painting in paintings])
                inputs |= {"negative_prompt_embeds": tokens, "negative_pooled_prompt_embeds": pooled}
        return self.drawing.draw(paintings, steps=self.spec.steps, guidance=self.spec.guidance, inputs=inputs)


def read_text(pipeline: "StableDiffusionXLPipeline", text: str) -> "tuple[torch.Tensor, torch.Tensor]":
    """One text as SDXL reads it: a vector for each token, and one for all; one row each."""
    import torch

    with torch.inference_mode():
        tokens, _, pooled, _ = pipeline.encode_prompt([text], do_classifier_free_guidance=False)
    return tokens, pooled
