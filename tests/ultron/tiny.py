"""Tiny models of the real classes, made from configurations and saved as real checkpoints are."""

from pathlib import Path
from typing import Any

SIDE = 28  # px of a picture
TEXT = """You take part in a conversation in which images are shared. To share one, write with what it shows in place
of the dots. Use it where a picture says more, and nowhere else. The person is Today is after the last conversation. The
image shows what looks like. What is remembered of earlier conversations: The conversation so far: AI Assistant: user:
a red blue green kite dog cat over the sea <RET> <h> </h> Keep the memory of conversations between Memory so far:"""
TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}<|start|>{{ message['role'] }}\n"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}IMAGE{% else %}{{ part['text'] }}{% endif %}{% endfor %}{% endif %}<|end|>"
    "{% endfor %}{% if add_generation_prompt %}<|start|>assistant\n{% endif %}"
)
IMAGE = {"mllama": "<|image|>", "llava": "<image>", "qwen2_vl": "<|vision_start|><|image_pad|><|vision_end|>"}
SPECIAL = ["<|pad|>", "<|begin|>", "<|start|>", "<|end|>"]
MORE = {
    "mllama": ["<|image|>", "<|python_tag|>"],
    "llava": ["<image>"],
    "qwen2_vl": ["<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>"],
    "llama": [],
}
TEXT_SHAPE = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "max_position_embeddings": 4096,
}


def tokenizer(kind: str) -> Any:
    """Byte-level BPE of 600 tokens, the same every time; special tokens come first, Mllama's image token last."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    special = [*SPECIAL, *(token for token in MORE[kind] if token != "<|image|>")]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator(
        [TEXT],
        trainers.BpeTrainer(vocab_size=600, special_tokens=special, initial_alphabet=alphabet, show_progress=False),
    )
    if kind == "mllama":
        made.add_special_tokens(["<|image|>"])
    return PreTrainedTokenizerFast(
        tokenizer_object=made,
        bos_token="<|begin|>",
        eos_token="<|end|>",
        pad_token="<|pad|>",
        additional_special_tokens=MORE[kind],
        chat_template=TEMPLATE.replace("IMAGE", IMAGE.get(kind, "")),
    )


def save(kind: str, folder: Path, *, seed: int = 0) -> str:
    """Model and processor of a kind (mllama, llava, qwen2_vl; llama without an image part) in `folder`."""
    import torch
    import transformers as t

    torch.manual_seed(seed)
    tokens = tokenizer(kind)
    vocabulary = len(tokens) - (1 if kind == "mllama" else 0)
    shape = {
        **TEXT_SHAPE,
        "vocab_size": vocabulary,
        "num_hidden_layers": 2,
        "pad_token_id": tokens.pad_token_id,
        "bos_token_id": tokens.bos_token_id,
        "eos_token_id": tokens.eos_token_id,
    }
    processor, model = {"mllama": _mllama, "llava": _llava, "qwen2_vl": _qwen, "llama": _llama}[kind](t, tokens, shape)
    model.generation_config.pad_token_id = tokens.pad_token_id
    model.generation_config.eos_token_id = tokens.eos_token_id
    processor.save_pretrained(folder)
    model.save_pretrained(folder)
    return str(folder)


def _llama(t: Any, tokens: Any, shape: dict[str, Any]) -> tuple[Any, Any]:
    return tokens, t.LlamaForCausalLM(t.LlamaConfig(**shape))


def _llava(t: Any, tokens: Any, shape: dict[str, Any]) -> tuple[Any, Any]:
    vision = t.CLIPVisionConfig(
        hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2, image_size=SIDE, patch_size=14
    )
    config = t.LlavaConfig(
        vision_config=vision,
        text_config=t.LlamaConfig(**shape),
        image_token_index=tokens.convert_tokens_to_ids("<image>"),
        vision_feature_layer=-1,
    )
    pictures = t.CLIPImageProcessor(size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE})
    processor = t.LlavaProcessor(
        pictures,
        tokens,
        patch_size=14,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        image_token="<image>",
        chat_template=tokens.chat_template,
    )
    return processor, t.LlavaForConditionalGeneration(config)


def _mllama(t: Any, tokens: Any, shape: dict[str, Any]) -> tuple[Any, Any]:
    import torch
    from transformers.models.mllama.configuration_mllama import MllamaTextConfig, MllamaVisionConfig

    vision = MllamaVisionConfig(
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_global_layers=1,
        attention_heads=2,
        vision_output_dim=64,
        image_size=SIDE,
        patch_size=14,
        max_num_tiles=1,
        supported_aspect_ratios=[[1, 1]],
        intermediate_layers_indices=[0],
    )
    text = MllamaTextConfig(
        **{**shape, "num_hidden_layers": 3},
        cross_attention_layers=[1],
        rope_parameters={"rope_type": "default", "rope_theta": 10000.0},
    )
    config = t.MllamaConfig(
        vision_config=vision, text_config=text, image_token_index=tokens.convert_tokens_to_ids("<|image|>")
    )
    model = t.MllamaForConditionalGeneration(config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("_gate"):  # 0 at the start: a random model would pass every picture over
                parameter.fill_(1.0)
    pictures = t.MllamaImageProcessor(size={"height": SIDE, "width": SIDE}, max_image_tiles=1)
    return t.MllamaProcessor(pictures, tokens, chat_template=tokens.chat_template), model


def _qwen(t: Any, tokens: Any, shape: dict[str, Any]) -> tuple[Any, Any]:
    config = t.Qwen2VLConfig(
        text_config={
            **shape,
            "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [2, 3, 3]},
        },
        vision_config={
            "depth": 2,
            "embed_dim": 32,
            "num_heads": 2,
            "hidden_size": 32,
            "mlp_ratio": 2,
            "patch_size": 14,
        },
        image_token_id=tokens.convert_tokens_to_ids("<|image_pad|>"),
        video_token_id=tokens.convert_tokens_to_ids("<|video_pad|>"),
        vision_start_token_id=tokens.convert_tokens_to_ids("<|vision_start|>"),
        vision_end_token_id=tokens.convert_tokens_to_ids("<|vision_end|>"),
    )
    pictures = t.Qwen2VLImageProcessor(size={"shortest_edge": SIDE * SIDE, "longest_edge": 4 * SIDE * SIDE})
    video = t.Qwen2VLVideoProcessor()
    processor = t.Qwen2VLProcessor(pictures, tokens, video, chat_template=tokens.chat_template)
    return processor, t.Qwen2VLForConditionalGeneration(config)
