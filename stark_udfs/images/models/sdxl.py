"""Stable Diffusion XL: a picture from a text, with the base UNet or with a distilled one such as SDXL-Lightning.

Source: Podell et al. 2023 (SDXL); Lin et al. 2024 (SDXL-Lightning): 8 steps, no guidance, trailing timesteps.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from pydantic import Field

from stark_udfs.core.errors import SettingsError
from stark_udfs.images.models.kinds import PainterKind
from stark_udfs.images.models.weights import Half, WeightFile, device_errors, device_of, precision_on, read_tensors
from stark_udfs.images.protocols import SIDE_STEP, Painter, Painting, Pixels, Unpaintable
from stark_udfs.settings.image_models import WeightFileSettings, Weights

if TYPE_CHECKING:
    from diffusers import StableDiffusionXLPipeline, UNet2DConditionModel


LIGHTNING_UNET = WeightFile("ByteDance/SDXL-Lightning", "sdxl_lightning_8step_unet.safetensors")


class SdxlSettings(Weights, PainterKind):
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
        base = SdxlBase(
            self.model, revision=self.revision, variant=self.variant, unet=unet, trailing=self.unet is not None
        )
        return SdxlSpec(base, steps=self.steps, guidance=self.guidance)


@dataclass(frozen=True)
class SdxlBase:
    """The parts that every SDXL painter has: two text encoders, UNet, VAE, scheduler.

    model: a folder or hub id in diffusers layout.
    variant: of the weight files, as "fp16"; None: the plain ones.
    unet: weights that take the place of the model's own UNet, of the same shape.
    trailing: timesteps end at pure noise, as few-step models were trained.
    device: None: the GPU where there is one, else the CPU.
    """

    kind: ClassVar[str] = "SdxlBase"  # in the keys of orders: stays when the class is renamed

    model: str
    revision: str | None = None
    variant: str | None = None
    unet: WeightFile | None = None
    trailing: bool = False
    half: Half = "float16"
    device: str | None = None

    def load(self, **parts: object) -> "StableDiffusionXLPipeline":
        """The pipeline with an Euler scheduler, on its device; `parts` are components that the folder does not hold."""
        from diffusers import EulerDiscreteScheduler, StableDiffusionXLPipeline
        from diffusers.utils import logging

        logging.set_verbosity_error()  # else a line for each prompt that is cut off at 77 tokens
        logging.disable_progress_bar()
        device = device_of(self.device)
        if self.unet is not None:
            parts["unet"] = self._other_unet(self.unet).to(precision_on(device, self.half))
        pipeline = StableDiffusionXLPipeline.from_pretrained(
            self.model,
            revision=self.revision,
            variant=self.variant,
            dtype=precision_on(device, self.half),
            use_safetensors=True,
            add_watermarker=False,
            **parts,
        )
        changes = {"timestep_spacing": "trailing"} if self.trailing else {}
        pipeline.scheduler = EulerDiscreteScheduler.from_config(pipeline.scheduler.config, **changes)
        pipeline.set_progress_bar_config(disable=True)
        return pipeline.to(device)

    def _other_unet(self, weights: WeightFile) -> "UNet2DConditionModel":
        from diffusers import UNet2DConditionModel

        config = UNet2DConditionModel.load_config(self.model, subfolder="unet", revision=self.revision)
        unet = UNet2DConditionModel.from_config(config)
        unet.load_state_dict(read_tensors(weights.path()))
        return unet.eval()


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
        return SdxlPainter(self.base.load(), self)


def lightning(
    model: str = "stabilityai/stable-diffusion-xl-base-1.0",
    unet: WeightFile = LIGHTNING_UNET,
    *,
    variant: str | None = "fp16",
    steps: int = 8,
    device: str | None = None,
) -> SdxlSpec:
    """SDXL with the UNet of SDXL-Lightning; `steps` has to be the number that the UNet was distilled to."""
    base = SdxlBase(model, variant=variant, unet=unet, trailing=True, device=device)
    return SdxlSpec(base, steps=steps, guidance=0.0)


@dataclass(frozen=True)
class SdxlPainter:
    """Draws from text alone; faces are passed over."""

    pipeline: "StableDiffusionXLPipeline"
    spec: SdxlSpec

    def paint(self, paintings: Sequence[Painting]) -> Pixels:
        """See `Painter.paint`."""
        texts: dict[str, object] = {"prompt": [painting.prompt for painting in paintings]}
        if self.spec.guidance > 1:
            texts["negative_prompt"] = [painting.negative for painting in paintings]
        return draw(self.pipeline, paintings, steps=self.spec.steps, guidance=self.spec.guidance, inputs=texts)


def draw(
    pipeline: "StableDiffusionXLPipeline",
    paintings: Sequence[Painting],
    *,
    steps: int,
    guidance: float,
    inputs: Mapping[str, object],
) -> Pixels:
    """Run the pipeline, each row from a noise of its own; the noise is drawn on the CPU, equal for every device."""
    import torch

    width, height = common_size(paintings)
    with device_errors():
        images = pipeline(
            **inputs,
            width=width,
            height=height,
            num_inference_steps=steps,
            guidance_scale=guidance,
            generator=[torch.Generator("cpu").manual_seed(painting.seed) for painting in paintings],
            output_type="np",
        ).images
    return to_pixels(images)


def common_size(paintings: Sequence[Painting]) -> tuple[int, int]:
    """Width and height of all of them.

    Raises:
        Unpaintable: no model draws that size.
        ValueError: the sizes differ.
    """
    sizes = {(painting.width, painting.height) for painting in paintings}
    if len(sizes) != 1:
        raise ValueError(f"a batch has one size; got {sorted(sizes)}.")
    width, height = sizes.pop()
    if min(width, height) < SIDE_STEP or width % SIDE_STEP or height % SIDE_STEP:
        raise Unpaintable(f"{width} × {height} px: both sides have to be multiples of {SIDE_STEP}.")
    return width, height


def to_pixels(images: np.ndarray) -> Pixels:
    """Bytes from shares of white in [0, 1].

    Raises:
        Unpaintable: a value is no number, as after an overflow in half precision.
    """
    if not np.isfinite(images).all():
        raise Unpaintable("the model gave values that are no numbers.")
    return (images * 255).round().clip(0, 255).astype(np.uint8)
