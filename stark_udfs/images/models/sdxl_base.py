"""What every painter on Stable Diffusion XL has: how its parts are loaded, and how they draw a batch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from stark_udfs.images.models.compiled import Compile, CompiledParts, blocks_of, why_not
from stark_udfs.images.models.kinds import PainterKind
from stark_udfs.images.models.latents import LatentDecoder
from stark_udfs.images.models.weights import (
    Half,
    Precision,
    WeightFile,
    device_errors,
    device_of,
    loading,
    precision_on,
    read_tensors,
)
from stark_udfs.images.protocols import SIDE_STEP, Painting, Pixels, Unpaintable
from stark_udfs.settings.image_models import WeightFileSettings, Weights

if TYPE_CHECKING:
    from diffusers import AutoencoderKL, StableDiffusionXLPipeline, UNet2DConditionModel


class DrawingSettings(Weights):
    """How a model of Stable Diffusion XL draws; nothing of it but `vae` is in the key of a picture."""

    vae: Weights | None = Field(
        None, description="in the place of the model's own, as madebyollin/sdxl-vae-fp16-fix; null: the model's own"
    )
    vae_precision: Precision = Field(
        "bfloat16", description="of the VAE on a GPU; the model's own runs over in float16; float32 takes twice as long"
    )
    compile: Compile = Field(
        "auto",
        description="UNet and VAE, by torch: a minute once for each size and batch, then about twice the pictures; "
        "auto: on GPUs that are worth it",
    )

    def base(self, **parts: object) -> "SdxlBase":
        """The parts of a painter, with those that only it has."""
        return SdxlBase(
            self.model,
            revision=self.revision,
            vae=None if self.vae is None else self.vae.model,
            vae_revision=None if self.vae is None else self.vae.revision,
            vae_precision=self.vae_precision,
            compile=self.compile,
            **parts,  # type: ignore[arg-type]  # fields of `SdxlBase` by their names
        )


class PersonSettings(DrawingSettings, PainterKind):
    """A painter of persons on an SDXL model.

    published: its weights, where the settings name none.
    """

    published: ClassVar[WeightFile]

    model: str = "SG161222/RealVisXL_V3.0"
    variant: str | None = "fp16"
    half: Half = Field("bfloat16", description="precision on a GPU")
    weights: WeightFileSettings | None = Field(None, description="null: the published ones")
    steps: int = Field(50, ge=1)
    guidance: float = Field(5.0, ge=0)

    @property
    def name(self) -> str:
        """See `PainterKind.name`."""
        return f"{self.kind}/{self.model}"

    def parts(self) -> tuple["SdxlBase", WeightFile]:
        """The SDXL model and the painter's own weights."""
        weights = self.published if self.weights is None else WeightFile.of(self.weights)
        return self.base(variant=self.variant, half=self.half), weights


@dataclass(frozen=True)
class SdxlBase:
    """The parts that every SDXL painter has: two text encoders, UNet, VAE, scheduler.

    model: a folder or hub id in diffusers layout.
    variant: of the weight files, as "fp16"; None: the plain ones.
    unet: weights that take the place of the model's own UNet, of the same shape.
    trailing: timesteps end at pure noise, as few-step models were trained.
    vae: a folder or hub id that takes the place of the model's own VAE.
    vae_precision: of the VAE on a GPU; the published one runs over in float16.
    compile: UNet and VAE, where the device is worth it.
    device: None: the GPU where there is one, else the CPU.
    """

    kind: ClassVar[str] = "SdxlBase"  # in the keys of orders: stays when the class is renamed

    model: str
    revision: str | None = None
    variant: str | None = None
    unet: WeightFile | None = None
    trailing: bool = False
    half: Half = "float16"
    vae: str | None = None
    vae_revision: str | None = None
    vae_precision: Precision = "bfloat16"
    compile: Compile = "auto"
    device: str | None = None

    def load(self, **parts: object) -> "StableDiffusionXLPipeline":
        """The pipeline with an Euler scheduler, on its device; `parts` are components that the folder does not hold.

        Raises:
            SettingsError: there is no such model, or it has no safetensors.
            OutOfMemory: the device has no room for its weights.
        """
        from diffusers import EulerDiscreteScheduler, StableDiffusionXLPipeline
        from diffusers.utils import logging

        logging.set_verbosity_error()  # else a line for each prompt that is cut off at 77 tokens
        logging.disable_progress_bar()
        device = device_of(self.device)
        with loading(self.model), device_errors():
            if self.unet is not None:
                parts["unet"] = self._other_unet(self.unet).to(precision_on(device, self.half))
            pipeline = StableDiffusionXLPipeline.from_pretrained(
                self.model,
                revision=self.revision,
                variant=self.variant,
                dtype=precision_on(device, self.half),
                use_safetensors=True,
                add_watermarker=False,
                vae=self._vae(device),
                **parts,
            )
            changes = {"timestep_spacing": "trailing"} if self.trailing else {}
            pipeline.scheduler = EulerDiscreteScheduler.from_config(pipeline.scheduler.config, **changes)
            pipeline.set_progress_bar_config(disable=True)
            return pipeline.to(device)

    def _vae(self, device: str) -> "AutoencoderKL":
        """The VAE in a precision of its own; that of the model, or the one that takes its place."""
        from diffusers import AutoencoderKL

        own = self.vae is None
        vae: AutoencoderKL = AutoencoderKL.from_pretrained(
            self.model if own else self.vae,
            subfolder="vae" if own else None,
            revision=self.revision if own else self.vae_revision,
            variant=self.variant if own else None,
            dtype=precision_on(device, self.vae_precision),
            use_safetensors=True,
        )
        return vae

    def _other_unet(self, weights: WeightFile) -> "UNet2DConditionModel":
        from diffusers import UNet2DConditionModel

        config = UNet2DConditionModel.load_config(self.model, subfolder="unet", revision=self.revision)
        unet = UNet2DConditionModel.from_config(config)
        unet.load_state_dict(read_tensors(weights.path()))
        return unet.eval()


@dataclass(frozen=True)
class Drawing:
    """An SDXL pipeline as it draws: its VAE decodes in slices, and what is compiled is compiled."""

    pipeline: "StableDiffusionXLPipeline"
    decoder: LatentDecoder
    compiled: CompiledParts

    @classmethod
    def of(cls, pipeline: "StableDiffusionXLPipeline", compile: Compile) -> "Drawing":
        """The pipeline, its parts told to compile themselves where the device is worth it."""
        parts = CompiledParts()
        if not why_not(str(pipeline.device), compile):
            parts = CompiledParts.of([*blocks_of(pipeline.unet), pipeline.vae.decoder])
        return cls(pipeline, LatentDecoder(pipeline.vae), parts)

    def draw(
        self, paintings: Sequence[Painting], *, steps: int, guidance: float, inputs: Mapping[str, object]
    ) -> Pixels:
        """Run the pipeline, each row from a noise of its own; the noise is drawn on the CPU, equal for every device."""
        width, height = common_size(paintings)
        work = partial(self._drawn, paintings, (width, height), steps=steps, guidance=guidance, inputs=inputs)
        return self.compiled.call(f"{len(paintings)} of {width} × {height} px", work)

    def _drawn(
        self,
        paintings: Sequence[Painting],
        size: tuple[int, int],
        *,
        steps: int,
        guidance: float,
        inputs: Mapping[str, object],
    ) -> Pixels:
        import torch

        with device_errors():
            latents = self.pipeline(
                **inputs,
                width=size[0],
                height=size[1],
                num_inference_steps=steps,
                guidance_scale=guidance,
                generator=[torch.Generator("cpu").manual_seed(painting.seed) for painting in paintings],
                output_type="latent",
            ).images
        return self.decoder.decode(latents)


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
