"""Any text-to-image pipeline of diffusers by its id, and any that edits a picture: FLUX, SD 3.5, Sana, Qwen-Image, …

Their parameters are passed as the settings write them: what a pipeline calls its guidance, and what it takes, is its
own. An editing pipeline gets the face and a sentence, a row at a time: several of them take all pictures of a call for
one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from inspect import signature
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from stark_udfs.core.errors import SettingsError
from stark_udfs.images.models.image_server import SAME_PERSON
from stark_udfs.images.models.kinds import PainterKind
from stark_udfs.images.models.latents import to_bytes
from stark_udfs.images.models.sdxl_base import common_size
from stark_udfs.images.models.weights import Half, device_errors, device_of, loading, precision_on
from stark_udfs.images.protocols import Painter, Painting, Pixels, Unpaintable
from stark_udfs.settings.image_models import Weights
from stark_udfs.settings.section import Scalar

if TYPE_CHECKING:
    from diffusers import DiffusionPipeline

OURS = frozenset({"prompt", "negative_prompt", "image", "width", "height", "generator", "output_type", "return_dict"})


class PipelineSettings(Weights, PainterKind):
    """A pipeline of diffusers by its id."""

    variant: str | None = Field(None, description="of the weight files; null: the plain ones")
    half: Half = Field("bfloat16", description="precision on a GPU")
    parameters: dict[str, Scalar] = Field(
        default_factory=dict, description="of the pipeline's call, passed as written, as {num_inference_steps: 28}"
    )

    def given(self) -> "Parameters":
        """The parameters of a call.

        Raises:
            SettingsError: one of them is the painting's own.
        """
        taken = sorted(OURS & set(self.parameters))
        if taken:
            raise SettingsError(f"pictures: parameters {', '.join(taken)} are of each picture; take them away.")
        return tuple(sorted(self.parameters.items()))


class DiffusersSettings(PipelineSettings):
    """Any text-to-image pipeline of diffusers."""

    kind: str = "diffusers"
    model: str = "black-forest-labs/FLUX.1-schnell"

    @property
    def name(self) -> str:
        """See `PainterKind.name`."""
        return self.model

    def spec(self) -> "PipelineSpec":
        """See `PainterKind.spec`."""
        return PipelineSpec(self.model, self.given(), self.revision, variant=self.variant, half=self.half)


class EditSettings(PipelineSettings):
    """Any pipeline of diffusers that edits a picture: it gets the face and a sentence."""

    kind: str = "edit"
    model: str = "Qwen/Qwen-Image-Edit"

    @property
    def name(self) -> str:
        """See `PainterKind.name`."""
        return f"edit/{self.model}"

    def spec(self) -> "EditSpec":
        """See `PainterKind.spec`."""
        return EditSpec(self.model, self.given(), self.revision, variant=self.variant, half=self.half)


Parameters = tuple[tuple[str, Scalar], ...]


@dataclass(frozen=True)
class PipelineSpec:
    """A text-to-image painter.

    parameters: of the pipeline's call.
    """

    kind: ClassVar[str] = "PipelineSpec"  # in the keys of orders: stays when the class is renamed

    model: str
    parameters: Parameters = ()
    revision: str | None = None
    variant: str | None = None
    half: Half = "bfloat16"
    device: str | None = None

    def load(self) -> Painter:
        """The painter, with its weights on the device of this process.

        Raises:
            SettingsError: there is no such model, it is no text-to-image pipeline, it has no safetensors, or does not
                take a parameter.
            OutOfMemory: the device has no room for its weights.
        """
        from diffusers import AutoPipelineForText2Image

        pipeline = loaded_by(AutoPipelineForText2Image, self, "text-to-image")
        return AnyPainter(pipeline, dict(self.parameters), takes(pipeline))


@dataclass(frozen=True)
class EditSpec(PipelineSpec):
    """A painter of persons: an editing pipeline that is given the face.

    sentence: what is said before the prompt.
    """

    kind: ClassVar[str] = "EditSpec"  # in the keys of orders: stays when the class is renamed

    sentence: str = SAME_PERSON

    def load(self) -> Painter:
        """See `PipelineSpec.load`; SettingsError too where the pipeline takes no picture."""
        from diffusers import DiffusionPipeline

        pipeline = loaded_by(DiffusionPipeline, self, "image-editing")
        taken = takes(pipeline)
        if not {"image", "prompt"} <= taken:
            raise SettingsError(f"model {self.model} is a {type(pipeline).__name__}, which edits no picture.")
        return Editor(pipeline, dict(self.parameters), taken, self.sentence)


def loaded_by(factory: Any, spec: PipelineSpec, what: str) -> "DiffusionPipeline":  # noqa: ANN401  # a class of diffusers
    """The pipeline of a model, by the class of diffusers that finds it, on its device."""
    from diffusers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    device = device_of(spec.device)
    with loading(spec.model, what), device_errors():
        pipeline: DiffusionPipeline = factory.from_pretrained(
            spec.model,
            revision=spec.revision,
            variant=spec.variant,
            dtype=precision_on(device, spec.half),
            use_safetensors=True,
        ).to(device)
    pipeline.set_progress_bar_config(disable=True)
    unknown = sorted({name for name, _ in spec.parameters} - takes(pipeline))
    if unknown:
        known = ", ".join(sorted(takes(pipeline) - OURS))
        raise SettingsError(f"model {spec.model} takes no parameter {', '.join(unknown)}. It takes: {known}.")
    return pipeline


def takes(pipeline: "DiffusionPipeline") -> frozenset[str]:
    """The parameters of a pipeline's call."""
    return frozenset(signature(type(pipeline).__call__).parameters) - {"self"}


@dataclass(frozen=True)
class AnyPainter:
    """Draws from text alone; faces are passed over. Each row has a noise of its own, drawn on the CPU."""

    pipeline: "DiffusionPipeline"
    parameters: Mapping[str, Scalar]
    taken: frozenset[str]

    def paint(self, paintings: Sequence[Painting]) -> Pixels:
        """See `Painter.paint`."""
        return self._drawn(paintings, {"prompt": [painting.prompt for painting in paintings]})

    def _drawn(self, paintings: Sequence[Painting], inputs: Mapping[str, object]) -> Pixels:
        import torch

        width, height = common_size(paintings)
        negatives = [painting.negative for painting in paintings]
        given: dict[str, object] = {
            **inputs,
            **self.parameters,
            "width": width,
            "height": height,
            "generator": [torch.Generator("cpu").manual_seed(painting.seed) for painting in paintings],
            "output_type": "pt",
        }
        if any(negatives):
            given["negative_prompt"] = negatives
        with device_errors(), torch.inference_mode():
            images = self.pipeline(**{name: value for name, value in given.items() if name in self.taken}).images
            pixels: Pixels = to_bytes(images * 2 - 1).numpy()
        if pixels.shape != (len(paintings), height, width, 3):
            raise Unpaintable(f"the model draws {pixels.shape[2]} × {pixels.shape[1]} px, not {width} × {height}.")
        return pixels


@dataclass(frozen=True)
class Editor(AnyPainter):
    """Draws persons, one row at a time: no row's face can reach another."""

    sentence: str = SAME_PERSON

    def paint(self, paintings: Sequence[Painting]) -> Pixels:
        """See `Painter.paint`."""
        import numpy as np
        from PIL import Image

        common_size(paintings)
        rows = []
        for painting in paintings:
            if not painting.faces:
                raise Unpaintable("no face: a personalised picture needs at least one picture of the person.")
            face = Image.fromarray(painting.faces[0]).resize((painting.width, painting.height))
            rows.append(self._drawn([painting], {"prompt": self.sentence + painting.prompt, "image": face}))
        return np.concatenate(rows)
