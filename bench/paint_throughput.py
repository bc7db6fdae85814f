"""Pictures per second of SDXL-Lightning beside what the device could do: `python bench/paint_throughput.py`.

The model has the full size of SDXL base and random weights, which cost as much as learnt ones; the code that draws is
the package's own. The floor is the model's arithmetic at the speed of a large matrix product on the same device. Where
there is no GPU it says so and exits 0; `--tiny` runs a small model on whatever there is, to check the script.
Writes bench/out/paint_throughput.json.
"""

import argparse
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stark_udfs.images.models.sdxl import SdxlBase, SdxlPainter, SdxlSpec
from stark_udfs.images.protocols import OutOfMemory, Painting, VisionError

if TYPE_CHECKING:
    import torch
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from transformers import CLIPTextModel, CLIPTokenizer

OUT = Path(__file__).parent / "out" / "paint_throughput.json"
BATCHES = (1, 2, 4, 8, 16, 32, 64)
STEPS = 8
WORDS = "a photo of a person reading a book by the sea"


@dataclass(frozen=True)
class Size:
    """The sizes of an SDXL model; the defaults are those of SDXL base 1.0."""

    picture: int = 1024  # px
    channels: tuple[int, ...] = (320, 640, 1280)
    heads: tuple[int, ...] = (5, 10, 20)
    depth: tuple[int, ...] = (1, 2, 10)
    layers: int = 2
    groups: int = 32
    vae_channels: tuple[int, ...] = (128, 256, 512, 512)
    texts: tuple[tuple[int, int, int], ...] = ((768, 12, 12), (1280, 32, 20))  # width, layers, heads

    @property
    def latent(self) -> int:
        """Side of the latent."""
        return int(self.picture // 2 ** (len(self.vae_channels) - 1))


TINY = Size(
    picture=64,
    channels=(32, 64),
    heads=(2, 4),
    depth=(1, 1),
    layers=1,
    groups=8,
    vae_channels=(16, 32),
    texts=((32, 2, 2), (64, 2, 2)),
)


def unet_of(size: Size) -> "UNet2DConditionModel":
    """A UNet with random weights."""
    from diffusers import UNet2DConditionModel

    crossing = len(size.channels) - 1
    return UNet2DConditionModel(
        sample_size=size.latent,
        block_out_channels=size.channels,
        layers_per_block=size.layers,
        down_block_types=("DownBlock2D", *["CrossAttnDownBlock2D"] * crossing),
        up_block_types=(*["CrossAttnUpBlock2D"] * crossing, "UpBlock2D"),
        attention_head_dim=size.heads,
        transformer_layers_per_block=size.depth,
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=256,
        projection_class_embeddings_input_dim=size.texts[1][0] + 6 * 256,
        cross_attention_dim=size.texts[0][0] + size.texts[1][0],
        norm_num_groups=size.groups,
    )


def vae_of(size: Size) -> "AutoencoderKL":
    """A VAE with random weights; as the published one, it computes in 32 bits."""
    from diffusers import AutoencoderKL

    return AutoencoderKL(
        block_out_channels=size.vae_channels,
        down_block_types=["DownEncoderBlock2D"] * len(size.vae_channels),
        up_block_types=["UpDecoderBlock2D"] * len(size.vae_channels),
        layers_per_block=size.layers,
        latent_channels=4,
        norm_num_groups=size.groups,
        sample_size=size.picture,
        scaling_factor=0.13025,
        force_upcast=True,
    )


def text_encoder_of(shape: tuple[int, int, int], *, projected: bool) -> "CLIPTextModel":
    """A text encoder with random weights."""
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    width, layers, heads = shape
    config = CLIPTextConfig(
        hidden_size=width,
        intermediate_size=4 * width,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        projection_dim=width,
    )
    return (CLIPTextModelWithProjection if projected else CLIPTextModel)(config)


def tokenizer() -> "CLIPTokenizer":
    """A tokenizer of letters: what a text says costs nothing, its 77 places do."""
    from transformers import CLIPTokenizer

    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["<|startoftext|>", *letters, *(f"{letter}</w>" for letter in letters), "<|endoftext|>"]
    return CLIPTokenizer(vocab={word: at for at, word in enumerate(words)}, merges=[], model_max_length=77)


def painter_of(size: Size, device: str, dtype: "torch.dtype") -> SdxlPainter:
    """The package's painter around a model with random weights."""
    import torch
    from diffusers import EulerDiscreteScheduler, StableDiffusionXLPipeline

    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with torch.device(device):
            unet, vae = unet_of(size).eval(), vae_of(size).eval()
            first = text_encoder_of(size.texts[0], projected=False).eval()
            second = text_encoder_of(size.texts[1], projected=True).eval()
    finally:
        torch.set_default_dtype(before)
    pipeline: StableDiffusionXLPipeline = StableDiffusionXLPipeline(
        vae=vae,
        text_encoder=first,
        text_encoder_2=second,
        tokenizer=tokenizer(),
        tokenizer_2=tokenizer(),
        unet=unet,
        scheduler=EulerDiscreteScheduler(
            beta_schedule="scaled_linear", beta_start=0.00085, beta_end=0.012, timestep_spacing="trailing"
        ),
        add_watermarker=False,
    ).to(device)
    pipeline.set_progress_bar_config(disable=True)
    return SdxlPainter(pipeline, SdxlSpec(SdxlBase("random", trailing=True), steps=STEPS, guidance=0))


def operations(size: Size) -> dict[str, float]:
    """Floating point operations of one picture: all steps of the UNet, and the VAE's decoder; texts are left out."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    counts = {}
    with torch.device("meta"), torch.no_grad():
        unet, vae = unet_of(size), vae_of(size)
        latent = torch.empty(1, 4, size.latent, size.latent)
        texts = torch.empty(1, 77, size.texts[0][0] + size.texts[1][0])
        added = {"text_embeds": torch.empty(1, size.texts[1][0]), "time_ids": torch.empty(1, 6)}
        with FlopCounterMode(display=False) as counter:
            unet(latent, torch.empty(1), encoder_hidden_states=texts, added_cond_kwargs=added)
        counts["unet"] = float(STEPS * counter.get_total_flops())
        with FlopCounterMode(display=False) as counter:
            vae.decode(latent)
        counts["vae"] = float(counter.get_total_flops())
    return counts


def peak(device: str, dtype: "torch.dtype", side: int) -> float:
    """Operations per second of a matrix product of that side."""
    import torch

    one, other = (torch.randn(side, side, device=device, dtype=dtype) for _ in range(2))
    one @ other
    times = 10
    settle(device)
    start = time.perf_counter()
    for _ in range(times):
        one @ other
    settle(device)
    return 2 * side**3 * times / (time.perf_counter() - start)


def settle(device: str) -> None:
    """Wait until the device has done what it was given."""
    import torch

    if device != "cpu":
        torch.cuda.synchronize()


def sweep(painter: SdxlPainter, size: Size, device: str, floor: float) -> list[dict[str, float]]:
    """Pictures per second at each batch that fits; `floor` is the least number of seconds of one picture."""
    results: list[dict[str, float]] = []
    for batch in BATCHES:
        rows = [Painting(str(at), WORDS, at, size.picture, size.picture) for at in range(batch)]
        try:
            painter.paint(rows)
            settle(device)
            start = time.perf_counter()
            painter.paint(rows)
            settle(device)
        except OutOfMemory:
            print(f"a batch of {batch} does not fit")
            break
        except VisionError as error:
            print(f"a batch of {batch} failed: {error}")
            break
        per_picture = (time.perf_counter() - start) / batch
        results.append(
            {
                "batch": batch,
                "pictures_per_s": round(1 / per_picture, 3),
                "share_of_floor": round(floor / per_picture, 3),
            }
        )
        print(json.dumps(results[-1]))
    return results


def main() -> int:
    """Measure, or say why not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tiny", action="store_true", help="a small model on whatever device there is")
    options = parser.parse_args()
    try:
        import diffusers
        import torch
    except ModuleNotFoundError as error:
        print(f"skipped: {error.name} is not installed")
        return 0
    if not (torch.cuda.is_available() or options.tiny):
        print("skipped: no GPU here; the full model would take minutes per picture on a CPU")
        return 0
    diffusers.utils.logging.set_verbosity_error()
    size, device = (TINY if options.tiny else Size()), "cuda" if torch.cuda.is_available() else "cpu"
    dtype = torch.float16 if device == "cuda" else torch.float32
    counts, speed = operations(size), peak(device, dtype, 512 if options.tiny else 8192)
    floor = sum(counts.values()) / speed
    report = {
        "device": torch.cuda.get_device_name() if device == "cuda" else "cpu",
        "model": "tiny" if options.tiny else "sdxl base, random weights",
        "steps": STEPS,
        "picture_px": size.picture,
        "tera_operations_per_picture": {part: round(count / 1e12, 3) for part, count in counts.items()},
        "tera_operations_per_s_of_a_matrix_product": round(speed / 1e12, 2),
        "floor_pictures_per_s": round(1 / floor, 3),
    }
    print(json.dumps(report))
    measured = sweep(painter_of(size, device, dtype), size, device, floor)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(report | {"batches": measured}, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
