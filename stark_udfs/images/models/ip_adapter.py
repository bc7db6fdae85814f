"""IP-Adapter: a picture of one person from a text and pictures of the face, as diffusers ships it.

diffusers takes all faces of a call as one person's and shows them to every row. So each row's faces are embedded here,
and the pipeline is told to hand them to the UNet as they are.

Source: Ye et al. 2023 (IP-Adapter).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from stark_udfs.core.errors import SettingsError
from stark_udfs.images.models.processors import ImageProcessor, clip_processor, pixel_values
from stark_udfs.images.models.sdxl_base import Drawing, PersonSettings, SdxlBase
from stark_udfs.images.models.weights import WeightFile, device_errors, device_of, precision_on, whole
from stark_udfs.images.protocols import Painter, Painting, Pixels, Unpaintable

if TYPE_CHECKING:
    import torch
    from diffusers import StableDiffusionXLPipeline

WEIGHTS = WeightFile("h94/IP-Adapter", "sdxl_models/ip-adapter-plus-face_sdxl_vit-h.safetensors")


class IpAdapterSettings(PersonSettings):
    """IP-Adapter on an SDXL model."""

    published: ClassVar[WeightFile] = WEIGHTS

    kind: str = "ip_adapter"
    scale: float = Field(0.6, ge=0, le=1, description="of the face against the text")

    def spec(self) -> "IpAdapterSpec":
        """See `PainterKind.spec`."""
        return IpAdapterSpec(
            *self.parts(),
            steps=self.steps,
            guidance=self.guidance,
            scale=self.scale,
        )


@dataclass(frozen=True)
class IpAdapterSpec:
    """A painter of persons without trigger word; a painting has at least one face.

    weights: of the adapter; the same repository holds `encoder`, the folder of its image encoder.
    scale: of the face against the text, from 0 to 1.
    guidance: classifier-free; up to 1 there is none, and negative prompts are passed over.
    """

    kind: ClassVar[str] = "IpAdapterSpec"  # in the keys of orders: stays when the class is renamed

    base: SdxlBase
    weights: WeightFile = WEIGHTS
    encoder: str = "models/image_encoder"
    steps: int = 50
    guidance: float = 5.0
    scale: float = 0.6

    def __post_init__(self) -> None:
        if not 0 <= self.scale <= 1:
            raise SettingsError(f"scale: from 0 to 1 (got {self.scale}).")

    def load(self) -> Painter:
        """The painter, with its weights on the device of this process."""
        from transformers import CLIPVisionModelWithProjection

        repository, revision = self.weights.repository, self.weights.revision
        encoder = whole(
            CLIPVisionModelWithProjection,
            repository,
            subfolder=self.encoder,
            revision=revision,
            dtype=precision_on(device_of(self.base.device), self.base.half),
        )
        pipeline = self.base.load(image_encoder=encoder)
        folder, _, name = self.weights.name.rpartition("/")
        pipeline.load_ip_adapter(repository, subfolder=folder, weight_name=name, revision=revision)
        pipeline.set_ip_adapter_scale(self.scale)
        pipeline.prepare_ip_adapter_image_embeds = as_given  # its own repeats all faces for every row
        drawing = Drawing.of(pipeline, self.base.compile)
        return IpAdapter(drawing, clip_processor(side=encoder.config.image_size), self)


@dataclass(frozen=True)
class IpAdapter:
    """Draws persons; every row sees its own faces and no other's."""

    drawing: Drawing
    processor: ImageProcessor
    spec: IpAdapterSpec

    @property
    def pipeline(self) -> "StableDiffusionXLPipeline":
        """What draws."""
        return self.drawing.pipeline

    def paint(self, paintings: Sequence[Painting]) -> Pixels:
        """See `Painter.paint`."""
        guided = self.spec.guidance > 1
        inputs: dict[str, object] = {
            "prompt": [painting.prompt for painting in paintings],
            "ip_adapter_image_embeds": [self._embeds(paintings, guided=guided)],
        }
        if guided:
            inputs["negative_prompt"] = [painting.negative for painting in paintings]
        return self.drawing.draw(paintings, steps=self.spec.steps, guidance=self.spec.guidance, inputs=inputs)

    def _embeds(self, paintings: Sequence[Painting], *, guided: bool) -> "torch.Tensor":
        """Shape (rows, faces, …); with guidance twice the rows, those without a face first."""
        import torch

        counts = {len(painting.faces) for painting in paintings}
        if len(counts) != 1:
            raise ValueError(f"a batch has one number of faces; got {sorted(counts)}.")
        if counts == {0}:
            raise Unpaintable("no face: a personalised picture needs at least one picture of the person.")
        faces = [face for painting in paintings for face in painting.faces]
        with torch.inference_mode(), device_errors():
            shown, blank = self._encode(pixel_values(self.processor, faces))
        rows = shown.unflatten(0, (len(paintings), -1))
        return torch.cat([blank.expand_as(shown).unflatten(0, (len(paintings), -1)), rows]) if guided else rows

    def _encode(self, pixels: "torch.Tensor") -> "tuple[torch.Tensor, torch.Tensor]":
        """What the adapter reads of the faces, and of no face (one row)."""
        import torch
        from diffusers.models.embeddings import ImageProjection

        encoder = self.pipeline.image_encoder
        pixels = pixels.to(encoder.device, encoder.dtype)
        (projection,) = self.pipeline.unet.encoder_hid_proj.image_projection_layers
        if isinstance(projection, ImageProjection):
            shown = encoder(pixels).image_embeds
            return shown, torch.zeros_like(shown[:1])
        shown = encoder(pixels, output_hidden_states=True).hidden_states[-2]
        return shown, encoder(torch.zeros_like(pixels[:1]), output_hidden_states=True).hidden_states[-2]


def as_given(
    ip_adapter_image: None,
    ip_adapter_image_embeds: "list[torch.Tensor]",
    device: "torch.device",
    num_images_per_prompt: int,
    do_classifier_free_guidance: bool,
) -> "list[torch.Tensor]":
    """In the place of the pipeline's own method: one tensor per adapter, with a row for each row of the batch."""
    return [embeds.to(device) for embeds in ip_adapter_image_embeds]
