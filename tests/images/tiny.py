"""Tiny image models of the real classes, made from configurations and saved as real checkpoints are.

At default initialisation a face or a text changes a picture by less than one part in a million, and every test of who
is shown would pass whatever the code does. So what carries identity is scaled up: encoders to N(0, 4 / fan in), the
UNet's cross attention by 8.
"""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

TEXT = (
    "a photo of woman man person reading book at the beach red blue cat dog house sea in garden smiling ugly text "
    "selfie portrait sunny street"
)
WORDS = TEXT.split()
LETTERS = list("abcdefghijklmnopqrstuvwxyz0123456789,.")
SIDE = 32  # px: of the vision towers' pictures
PICTURE = 64  # px: of the pictures drawn
WIDTH_1, WIDTH_2 = 32, 48  # of the two text encoders


def picture(seed: int, side: int = 48) -> np.ndarray:
    """Coloured blocks that differ from seed to seed by far more than noise."""
    rng = np.random.default_rng(seed)
    return np.kron(rng.integers(0, 256, (4, 4, 3), dtype=np.uint8), np.ones((side // 4, side // 4, 1), np.uint8))


def tokenizer(length: int = 77, pad: str = "<|endoftext|>") -> Any:
    """A CLIP tokenizer that knows letters, and `WORDS` as whole words."""
    from transformers import CLIPTokenizer

    vocabulary = ["<|startoftext|>", *LETTERS, *(f"{letter}</w>" for letter in LETTERS)]
    merges = []
    for word in WORDS:
        pieces = [*word[:-1], f"{word[-1]}</w>"]
        while len(pieces) > 1:
            pair = (pieces[0], pieces[1])
            if pair not in merges:
                merges.append(pair)
                vocabulary.append("".join(pair))
            pieces = ["".join(pair), *pieces[2:]]
    vocabulary = list(dict.fromkeys([*vocabulary, "!", "<|endoftext|>"]))
    ids = {word: at for at, word in enumerate(vocabulary)}
    return CLIPTokenizer(vocab=ids, merges=merges, model_max_length=length, pad_token=pad)


def text_config(width: int, tokens: Any, projection: int | None = None) -> Any:
    """A CLIP text tower of two layers."""
    from transformers import CLIPTextConfig

    return CLIPTextConfig(
        vocab_size=len(tokens),
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=tokens.model_max_length,
        projection_dim=projection or width,
        bos_token_id=tokens.bos_token_id,
        eos_token_id=tokens.eos_token_id,
        pad_token_id=tokens.pad_token_id,
    )


def vision_config(width: int = 64, projection: int = WIDTH_1) -> Any:
    """A CLIP vision tower of two layers for pictures of `SIDE` px."""
    from transformers import CLIPVisionConfig

    return CLIPVisionConfig(
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=2,
        num_attention_heads=max(1, width // 64),
        image_size=SIDE,
        patch_size=8,
        projection_dim=projection,
    )


def loud(module: Any, seed: int) -> Any:
    """Redraw every matrix from N(0, 4 / fan in), so that what goes in is seen in what comes out."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            if parameter.ndim >= 2:
                fan_in = math.prod(parameter.shape[1:])
                parameter.normal_(0.0, 2.0 / math.sqrt(fan_in), generator=generator)
    return module


def sdxl_unet(seed: int = 0) -> Any:
    """An SDXL UNet of two levels."""
    import torch
    from diffusers import UNet2DConditionModel

    torch.manual_seed(seed)
    unet = UNet2DConditionModel(
        sample_size=PICTURE // 4,
        block_out_channels=(32, 64),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        attention_head_dim=(2, 4),
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        transformer_layers_per_block=(1, 2),
        projection_class_embeddings_input_dim=WIDTH_2 + 6 * 8,
        cross_attention_dim=WIDTH_1 + WIDTH_2,
        norm_num_groups=8,
    )
    with torch.no_grad():
        for name, parameter in unet.named_parameters():
            if ".attn2." in name:
                parameter.mul_(8)
    return unet


def vae(seed: int = 1) -> Any:
    """A VAE of two levels."""
    import torch
    from diffusers import AutoencoderKL

    torch.manual_seed(seed)
    return AutoencoderKL(
        block_out_channels=(16, 32),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        latent_channels=4,
        norm_num_groups=8,
        sample_size=PICTURE,
    )


def save_sdxl(folder: Path) -> Path:
    """A whole SDXL folder in diffusers layout."""
    import torch
    from diffusers import EulerDiscreteScheduler, StableDiffusionXLPipeline
    from transformers import CLIPTextModel, CLIPTextModelWithProjection

    torch.manual_seed(1)
    first, second = tokenizer(), tokenizer(pad="!")
    StableDiffusionXLPipeline(
        vae=vae(),
        text_encoder=loud(CLIPTextModel(text_config(WIDTH_1, first)), 2),
        text_encoder_2=loud(CLIPTextModelWithProjection(text_config(WIDTH_2, second)), 3),
        tokenizer=first,
        tokenizer_2=second,
        unet=sdxl_unet(),
        scheduler=EulerDiscreteScheduler(beta_schedule="scaled_linear", beta_start=0.00085, beta_end=0.012),
        add_watermarker=False,
    ).save_pretrained(folder)
    return folder


def save_lightning(folder: Path) -> str:
    """Another UNet of the same shape as one bare file, as SDXL-Lightning comes; returns the file's name."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    save_file(sdxl_unet(seed=7).state_dict(), folder / "sdxl_lightning_8step_unet.safetensors")
    return "sdxl_lightning_8step_unet.safetensors"


def photomaker_tensors(rank: int = 4) -> dict[str, dict[str, Any]]:
    """Both parts of a PhotoMaker file, with the names that the published one has."""
    import torch

    from stark_udfs.images.models.photomaker.person_encoder import person_parts

    torch.manual_seed(4)
    encoder = loud(person_parts(vision_config(), second=WIDTH_2), 5)
    torch.nn.init.constant_(encoder["fuse_module"]["layer_norm"].weight, 6.0)  # one token of 77 has to be seen
    lora = {}
    for name, module in sdxl_unet().named_modules():
        place, _, layer = name.rpartition(".")
        if layer in ("to_q", "to_k", "to_v") or name.endswith("to_out.0"):
            if name.endswith("to_out.0"):
                place, layer = name.removesuffix(".to_out.0"), "to_out"
            stem = f"unet.{place}.processor.{layer}_lora"
            lora[f"{stem}.down.weight"] = torch.randn(rank, module.in_features) * 0.2
            lora[f"{stem}.up.weight"] = torch.randn(module.out_features, rank) * 0.2
    return {"id_encoder": {k: v.contiguous() for k, v in encoder.state_dict().items()}, "lora_weights": lora}


def save_photomaker(folder: Path) -> tuple[str, str]:
    """One PhotoMaker checkpoint in both forms that are published; returns the names of pickle and safetensors."""
    import torch
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    parts = photomaker_tensors()
    torch.save(parts, folder / "photomaker-v1.bin")
    flat = {f"{part}.{name}": tensor for part, tensors in parts.items() for name, tensor in tensors.items()}
    save_file(flat, folder / "photomaker-v1.safetensors")
    return "photomaker-v1.bin", "photomaker-v1.safetensors"


def save_ip_adapter(folder: Path) -> tuple[str, str]:
    """An IP-Adapter repository: image encoder, a plain adapter and a "plus" one; returns the names of their files."""
    import torch
    from safetensors.torch import save_file
    from transformers import CLIPVisionModelWithProjection

    torch.manual_seed(6)
    loud(CLIPVisionModelWithProjection(vision_config()), 8).save_pretrained(folder / "models" / "image_encoder")
    unet = sdxl_unet()
    attention = {}
    for at, name in enumerate(unet.attn_processors):
        if name.endswith("attn2.processor"):
            inner = unet.get_submodule(name.removesuffix(".processor")).inner_dim
            for side in ("k", "v"):
                attention[f"ip_adapter.{at}.to_{side}_ip.weight"] = torch.randn(inner, WIDTH_1 + WIDTH_2) * 0.5
    (folder / "sdxl_models").mkdir(parents=True, exist_ok=True)
    names = "sdxl_models/ip-adapter_sdxl.safetensors", "sdxl_models/ip-adapter-plus-face_sdxl.safetensors"
    for name, projection in zip(names, (_projection(), _resampler()), strict=True):
        save_file({**{f"image_proj.{key}": value for key, value in projection.items()}, **attention}, folder / name)
    return names


def _projection(tokens: int = 4) -> dict[str, Any]:
    import torch

    width = WIDTH_1 + WIDTH_2
    return {
        "proj.weight": torch.randn(tokens * width, WIDTH_1) * 0.5,
        "proj.bias": torch.zeros(tokens * width),
        "norm.weight": torch.ones(width) * 4,
        "norm.bias": torch.zeros(width),
    }


def _resampler(tokens: int = 4, hidden: int = 64) -> dict[str, Any]:
    import torch

    width = WIDTH_1 + WIDTH_2

    def matrix(rows: int, columns: int) -> Any:
        return torch.randn(rows, columns) * 2 / math.sqrt(columns)

    tensors = {
        "latents": torch.randn(1, tokens, hidden),
        "proj_in.weight": matrix(hidden, 64),
        "proj_in.bias": torch.zeros(hidden),
        "proj_out.weight": matrix(width, hidden),
        "proj_out.bias": torch.zeros(width),
        "norm_out.weight": torch.ones(width) * 4,
        "norm_out.bias": torch.zeros(width),
    }
    for layer in range(4):
        stem = f"layers.{layer}"
        tensors |= {f"{stem}.0.to_q.weight": matrix(hidden, hidden), f"{stem}.0.to_out.weight": matrix(hidden, hidden)}
        tensors |= {f"{stem}.0.to_kv.weight": matrix(2 * hidden, hidden)}
        tensors |= {f"{stem}.1.1.weight": matrix(4 * hidden, hidden), f"{stem}.1.3.weight": matrix(hidden, 4 * hidden)}
        for norm in ("0.norm1", "0.norm2", "1.0"):
            tensors |= {f"{stem}.{norm}.weight": torch.ones(hidden), f"{stem}.{norm}.bias": torch.zeros(hidden)}
    return tensors


def save_clip(folder: Path, scale: float = 4.0) -> Path:
    """A CLIP model with tokenizer and image processor; `scale` is the logarithm of what cosines are multiplied by."""
    import torch
    from transformers import CLIPConfig, CLIPModel
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    torch.manual_seed(9)
    tokens = tokenizer()
    config = CLIPConfig(
        text_config=text_config(WIDTH_1, tokens, projection=24).to_dict(),
        vision_config=vision_config(projection=24).to_dict(),
        projection_dim=24,
        logit_scale_init_value=scale,
    )
    model = loud(CLIPModel(config), 10)
    model.save_pretrained(folder)
    tokens.save_pretrained(folder)
    size = {"height": SIDE, "width": SIDE}
    CLIPImageProcessorPil(size={"shortest_edge": SIDE}, crop_size=size).save_pretrained(folder)
    return folder


def save_siglip(folder: Path) -> Path:
    """A SigLIP model with a tokenizer and its own image processor."""
    import torch
    from transformers import SiglipConfig, SiglipImageProcessor, SiglipModel

    torch.manual_seed(16)
    tokens = tokenizer(length=16)
    shared = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = SiglipConfig(
        text_config={**shared, "vocab_size": len(tokens), "max_position_embeddings": 16, "projection_size": 64},
        vision_config={**shared, "image_size": SIDE, "patch_size": 8},
    )
    model = loud(SiglipModel(config), 17)
    with torch.no_grad():
        model.logit_scale.fill_(1.5)
        model.logit_bias.fill_(0.0)
    model.save_pretrained(folder)
    tokens.save_pretrained(folder)
    SiglipImageProcessor(size={"height": SIDE, "width": SIDE}).save_pretrained(folder)
    return folder


def save_classifier(folder: Path, labels: tuple[str, ...] = ("normal", "nsfw")) -> Path:
    """A ViT image classifier with the given classes."""
    import torch
    from transformers import ViTConfig, ViTForImageClassification, ViTImageProcessor

    torch.manual_seed(11)
    config = ViTConfig(
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        image_size=SIDE,
        patch_size=8,
        id2label=dict(enumerate(labels)),
        label2id={label: at for at, label in enumerate(labels)},
    )
    loud(ViTForImageClassification(config), 12).save_pretrained(folder)
    ViTImageProcessor(size={"height": SIDE, "width": SIDE}).save_pretrained(folder)
    return folder


def save_detector(folder: Path, labels: tuple[str, ...] = ("hand", "face")) -> Path:
    """A YOLOS object detector with the given classes."""
    import torch
    from transformers import YolosConfig, YolosForObjectDetection

    torch.manual_seed(13)
    config = YolosConfig(
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        image_size=[SIDE, SIDE],
        patch_size=8,
        num_detection_tokens=12,
        id2label=dict(enumerate(labels)),
        label2id={label: at for at, label in enumerate(labels)},
    )
    loud(YolosForObjectDetection(config), 14).save_pretrained(folder)
    processor = {
        "image_processor_type": "YolosImageProcessor",
        "size": {"height": SIDE, "width": SIDE},
        "do_resize": True,
        "do_pad": False,
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(processor), encoding="utf-8")
    return folder
