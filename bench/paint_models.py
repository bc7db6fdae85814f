"""Models of the full size of SDXL base and CLIP ViT-L/14@336 with random weights: they cost as much as learnt ones."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stark_udfs.images.models.clip import Clip
from stark_udfs.images.models.compiled import Compile
from stark_udfs.images.models.processors import PictureInput, clip_processor
from stark_udfs.images.models.sdxl import SdxlPainter, SdxlSpec
from stark_udfs.images.models.sdxl_base import SdxlBase

if TYPE_CHECKING:
    import torch
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from transformers import CLIPTextModel, CLIPTokenizer

STEPS = 8


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
    picture=32,
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


def painter_of(
    size: Size, device: str, dtype: "torch.dtype", *, vae_precision: "torch.dtype", compile: Compile
) -> SdxlPainter:
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
    pipeline.vae.to(vae_precision)
    base = SdxlBase("random", trailing=True, compile=compile)
    return SdxlPainter.of(pipeline, SdxlSpec(base, steps=STEPS, guidance=0))


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


def clip_of(device: str, dtype: "torch.dtype", *, tiny: bool) -> Clip:
    """CLIP ViT-L/14 at 336 px, or a small one at 32."""
    from transformers import CLIPConfig, CLIPModel

    side, width, layers, heads, patch = (32, 64, 2, 1, 8) if tiny else (336, 1024, 24, 16, 14)
    vision = {
        "hidden_size": width,
        "intermediate_size": 4 * width,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "image_size": side,
        "patch_size": patch,
    }
    words = tokenizer()
    text = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 1, "intermediate_size": 128}
    text |= {"vocab_size": len(words), "bos_token_id": words.bos_token_id, "eos_token_id": words.eos_token_id}
    config = CLIPConfig(text_config=text, vision_config=vision, projection_dim=768)
    model = CLIPModel(config).to(device, dtype).eval()
    return Clip(model, words, PictureInput.of(clip_processor(side=side)), batch=64)
