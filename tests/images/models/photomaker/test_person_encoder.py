from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from stark_udfs.images.models.photomaker.person_encoder import PersonEncoder, read_checkpoint
from tests.images import tiny

if TYPE_CHECKING:
    import torch

WIDTH = tiny.WIDTH_1 + tiny.WIDTH_2


@pytest.fixture(autouse=True)
def no_gradients() -> Iterator[None]:
    import torch

    with torch.no_grad():
        yield


@pytest.fixture(scope="module")
def tensors(models: Path) -> "dict[str, torch.Tensor]":
    return read_checkpoint(models / "photomaker" / "photomaker-v1.bin").encoder


@pytest.fixture(scope="module")
def encoder(tensors: "dict[str, torch.Tensor]") -> PersonEncoder:
    import torch

    return PersonEncoder.of(tensors, torch.device("cpu"), torch.float32)


def describe_encode():
    def it_gives_each_face_a_row_as_wide_as_a_prompt(encoder: PersonEncoder):
        rows = encoder.encode([tiny.picture(1), tiny.picture(2)])
        assert rows.shape == (2, WIDTH)
        assert (rows[0] - rows[1]).abs().mean() > 0.1

    def it_puts_both_projections_of_one_output_side_by_side(encoder: PersonEncoder, tensors: "dict[str, torch.Tensor]"):
        import torch

        (row,) = encoder.encode([tiny.picture(1)])
        first, second = tensors["visual_projection.weight"], tensors["visual_projection_2.weight"]
        pooled = torch.linalg.lstsq(torch.cat([first, second]), row).solution
        assert torch.allclose(first @ pooled, row[: tiny.WIDTH_1], atol=1e-3)
        assert torch.allclose(second @ pooled, row[tiny.WIDTH_1 :], atol=1e-3)


def describe_fuse():
    def it_is_two_mlps_with_the_class_word_added_and_a_norm(encoder: PersonEncoder, tensors: "dict[str, torch.Tensor]"):
        import torch
        from torch.nn.functional import gelu, layer_norm, linear

        words, faces = torch.randn(2, WIDTH), torch.randn(2, WIDTH)

        def weights(name: str) -> "tuple[torch.Tensor, torch.Tensor]":
            return tensors[f"fuse_module.{name}.weight"], tensors[f"fuse_module.{name}.bias"]

        def mlp(name: str, values: "torch.Tensor") -> "torch.Tensor":
            normed = layer_norm(values, values.shape[-1:], *weights(f"{name}.layernorm"))
            return linear(gelu(linear(normed, *weights(f"{name}.fc1"))), *weights(f"{name}.fc2"))

        both = mlp("mlp1", torch.cat([words, faces], dim=-1)) + words
        wanted = layer_norm(both + mlp("mlp2", both), (WIDTH,), *weights("layer_norm"))
        assert torch.allclose(encoder.fuse(words, faces), wanted, atol=1e-4)


def describe_the_tensors():
    def it_has_the_names_of_the_published_checkpoint(tensors: "dict[str, torch.Tensor]"):
        own = sorted(name for name in tensors if not name.startswith("vision_model."))
        assert own == sorted(
            [
                "visual_projection.weight",
                "visual_projection_2.weight",
                "fuse_module.layer_norm.weight",
                "fuse_module.layer_norm.bias",
                *(
                    f"fuse_module.{mlp}.{part}.{kind}"
                    for mlp in ("mlp1", "mlp2")
                    for part in ("layernorm", "fc1", "fc2")
                    for kind in ("weight", "bias")
                ),
            ]
        )

    def it_may_hold_the_positions_that_older_files_have(tensors: "dict[str, torch.Tensor]"):
        import torch

        older = {**tensors, "vision_model.embeddings.position_ids": torch.arange(17)[None]}
        rows = [
            PersonEncoder.of(given, torch.device("cpu"), torch.float32).encode([tiny.picture(1)]).detach().numpy()
            for given in (tensors, older)
        ]
        assert np.array_equal(*rows)
