"""The person encoder of PhotoMaker v1 and its checkpoint file: names, shapes and wiring of the tensors.

A CLIP vision tower with two projections of the same pooled output, 768 and 1280 wide as the two text encoders of SDXL,
and two MLPs that fuse the 2048 numbers of a face with the 2048 of the class word.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import TYPE_CHECKING, NamedTuple

from stark_udfs.core.errors import SettingsError
from stark_udfs.images.models.processors import ImageProcessor, clip_processor, pixel_values
from stark_udfs.images.models.weights import read_tensors
from stark_udfs.images.protocols import Pixels

if TYPE_CHECKING:
    import torch
    from transformers import CLIPVisionConfig

PARTS = ("id_encoder", "lora_weights")
HEAD_WIDTH = 64  # of all CLIP towers; the one size that no tensor's shape tells


class Checkpoint(NamedTuple):
    """The two parts of a PhotoMaker file: the encoder, and the LoRA of the UNet."""

    encoder: "dict[str, torch.Tensor]"
    lora: "dict[str, torch.Tensor]"


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a PhotoMaker file: .safetensors with prefixed names, or the published pickle, read for its tensors alone.

    Raises:
        SettingsError: it does not hold exactly the two parts, or something else than tensors.
    """
    import torch

    parts: dict[str, dict[str, torch.Tensor]] = {}
    if path.suffix == ".safetensors":
        for name, tensor in read_tensors(path).items():
            part, _, rest = name.partition(".")
            parts.setdefault(part, {})[rest] = tensor
    else:
        try:
            parts = torch.load(path, map_location="cpu", weights_only=True)
        except UnpicklingError as error:
            raise SettingsError(f"{path} holds something else than tensors and is not read.") from error
    if set(parts) != set(PARTS):
        raise SettingsError(f"{path} is no PhotoMaker v1 file: it holds {sorted(parts)}, not {list(PARTS)}.")
    return Checkpoint(*(parts[part] for part in PARTS))


@dataclass(frozen=True)
class PersonEncoder:
    """Turns faces into vectors and fuses them into a class word."""

    parts: "torch.nn.ModuleDict"
    processor: ImageProcessor

    @classmethod
    def of(cls, tensors: "Mapping[str, torch.Tensor]", device: "torch.device", dtype: "torch.dtype") -> "PersonEncoder":
        """The encoder with the weights of a checkpoint; its sizes are read off their shapes.

        Raises:
            SettingsError: names are missing, or there are others.
        """
        config = vision_config(tensors)
        parts = person_parts(config, second=tensors["visual_projection_2.weight"].shape[0])
        missing, unknown = parts.load_state_dict(tensors, strict=False)
        unknown = [name for name in unknown if not name.endswith("position_ids")]  # a constant in older files
        if missing or unknown:
            raise SettingsError(f"the person encoder lacks {missing[:3]} and does not know {unknown[:3]}.")
        return cls(parts.to(device, dtype).eval(), clip_processor(side=config.image_size))

    def encode(self, faces: Sequence[Pixels]) -> "torch.Tensor":
        """One row for each face, as wide as a prompt embedding."""
        import torch

        weight = self.parts["visual_projection"].weight
        pixels = pixel_values(self.processor, faces).to(weight.device, weight.dtype)
        pooled = self.parts["vision_model"](pixels).pooler_output
        return torch.cat([self.parts["visual_projection"](pooled), self.parts["visual_projection_2"](pooled)], dim=-1)

    def fuse(self, words: "torch.Tensor", faces: "torch.Tensor") -> "torch.Tensor":
        """The embeddings of class words, each fused with one face; both of shape (faces, width)."""
        import torch

        fuse = self.parts["fuse_module"]
        fused = _mlp(fuse["mlp1"], torch.cat([words, faces], dim=-1)) + words
        return fuse["layer_norm"](_mlp(fuse["mlp2"], fused) + fused)


def vision_config(tensors: "Mapping[str, torch.Tensor]") -> "CLIPVisionConfig":
    """The sizes of a CLIP vision tower, from the shapes of its weights.

    Raises:
        SettingsError: a tensor that tells a size is missing.
    """
    from transformers import CLIPVisionConfig

    tower = "vision_model."
    try:
        patches = tensors[f"{tower}embeddings.patch_embedding.weight"]
        places = tensors[f"{tower}embeddings.position_embedding.weight"].shape[0]
        inner = tensors[f"{tower}encoder.layers.0.mlp.fc1.weight"].shape[0]
        projected = tensors["visual_projection.weight"].shape[0]
    except KeyError as error:
        raise SettingsError(f"the person encoder has no tensor {error}.") from None
    hidden, patch = patches.shape[0], patches.shape[-1]
    return CLIPVisionConfig(
        hidden_size=hidden,
        intermediate_size=inner,
        num_attention_heads=hidden // HEAD_WIDTH,
        num_hidden_layers=sum(name.endswith(".layer_norm1.weight") for name in tensors),
        patch_size=patch,
        image_size=round((places - 1) ** 0.5) * patch,
        projection_dim=projected,
    )


def person_parts(config: "CLIPVisionConfig", *, second: int) -> "torch.nn.ModuleDict":
    """The encoder without weights of its own; `second` is the width of the second projection.

    The names of the parts give the names of the checkpoint's tensors.
    """
    from torch import nn
    from transformers import CLIPVisionModelWithProjection

    clip = CLIPVisionModelWithProjection(config)
    width = config.projection_dim + second
    return nn.ModuleDict(
        {
            "vision_model": clip.vision_model,
            "visual_projection": clip.visual_projection,
            "visual_projection_2": nn.Linear(config.hidden_size, second, bias=False),
            "fuse_module": nn.ModuleDict(
                {
                    "mlp1": _mlp_parts(2 * width, width),
                    "mlp2": _mlp_parts(width, width),
                    "layer_norm": nn.LayerNorm(width),
                }
            ),
        }
    )


def _mlp_parts(width_in: int, width_out: int) -> "torch.nn.ModuleDict":
    from torch import nn

    return nn.ModuleDict(
        {
            "layernorm": nn.LayerNorm(width_in),
            "fc1": nn.Linear(width_in, width_out),
            "fc2": nn.Linear(width_out, width_out),
        }
    )


def _mlp(parts: "torch.nn.ModuleDict", values: "torch.Tensor") -> "torch.Tensor":
    from torch.nn.functional import gelu

    return parts["fc2"](gelu(parts["fc1"](parts["layernorm"](values))))
