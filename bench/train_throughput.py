"""Tokens a second of QLoRA on an 11B-sized Llama-3.2-Vision from its configuration: `-m bench.train_throughput`.

30 steps, at most 8 minutes, random weights (speed does not hang on their values). Prints tokens/s, peak memory and the
share of the floor: 6 N operations a token (see `stark_udfs.ultron.training.plan`) at the speed of an 8192³ bf16 matrix
product on the same card. Without a GPU or bitsandbytes it says so and ends; `--tiny` checks the script itself on the
CPU. It needs torch, transformers and peft alone.
"""

import argparse
import importlib.util
import json
import sys
import time
from typing import Any

STEPS, TOKENS, BATCH = 30, 1024, 2
LIMIT_S = 8 * 60


def main() -> int:
    """Measure, and print one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tiny", action="store_true")
    options = parser.parse_args()
    missing = [name for name in ("torch", "transformers", "peft") if importlib.util.find_spec(name) is None]
    if not missing and not options.tiny:
        import torch

        missing = [] if torch.cuda.is_available() else ["a GPU"]
        missing += [] if importlib.util.find_spec("bitsandbytes") else ["bitsandbytes"]
    if missing:
        print(f"skipped: there is {' and '.join(f'no {one}' for one in missing)} here")
        return 0
    print(json.dumps(measured(tiny=options.tiny)))
    return 0


def measured(*, tiny: bool) -> dict[str, float | str]:
    """The figures of one run."""
    import torch
    from peft import LoraConfig, get_peft_model

    began = time.monotonic()
    device = "cpu" if tiny else "cuda"
    model = built(tiny=tiny)
    parameters = sum(one.numel() for one in model.parameters())
    if not tiny:
        parameters = 10.67e9  # 4-bit weights are packed: two to a byte
    pattern = r".*language_model.*\.(q_proj|k_proj|v_proj|o_proj|gate_proj|up_proj|down_proj)"
    model = get_peft_model(model, LoraConfig(r=64, lora_alpha=16, lora_dropout=0.0, target_modules=pattern))
    model.enable_input_require_grads()
    model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    model.train()
    trained = [one for one in model.parameters() if one.requires_grad]
    optimiser = torch.optim.AdamW(trained, lr=1e-4)
    length, batch, steps = (64, 1, 3) if tiny else (TOKENS, BATCH, STEPS)
    vocabulary = int(model.config.get_text_config().vocab_size)
    speed = product_speed(device, 256 if tiny else 8192)
    times: list[float] = []
    loss = torch.zeros(())
    for _ in range(steps):
        at = time.monotonic()
        ids = torch.randint(0, vocabulary - 8, (batch, length), device=device)
        loss = model(input_ids=ids, labels=ids, use_cache=False).loss
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
        synchronise(device)
        times.append(time.monotonic() - at)
        if time.monotonic() - began > LIMIT_S:
            break
    steady = sorted(times[len(times) // 3 :])
    tokens = batch * length / steady[len(steady) // 2]
    return {
        "device": "cpu" if tiny else torch.cuda.get_device_name(),
        "steps": len(times),
        "loss": float(loss.detach()),
        "tokens_per_second": round(tokens, 1),
        "peak_memory_gib": 0.0 if tiny else round(torch.cuda.max_memory_allocated() / 1024**3, 1),
        "floor_tokens_per_second": round(speed / (6 * parameters), 1),
        "share_of_floor": round(tokens * 6 * parameters / speed, 3),
        "seconds_in_all": round(time.monotonic() - began, 1),
    }


def built(*, tiny: bool) -> Any:  # noqa: ANN401
    """The model with random weights; on the GPU in NF4, one layer at a time, so that bf16 never stands there whole."""
    import torch
    import transformers as t

    if tiny:
        config = t.MllamaConfig(
            text_config={
                "hidden_size": 32,
                "intermediate_size": 64,
                "num_hidden_layers": 2,
                "num_attention_heads": 2,
                "num_key_value_heads": 2,
                "cross_attention_layers": [1],
                "vocab_size": 128,
                "pad_token_id": 0,
                "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0},
            },
            vision_config={
                "hidden_size": 32,
                "intermediate_size": 64,
                "num_hidden_layers": 1,
                "num_global_layers": 1,
                "attention_heads": 2,
                "vision_output_dim": 64,
                "image_size": 28,
                "patch_size": 14,
                "intermediate_layers_indices": [0],
            },
        )
        return t.MllamaForConditionalGeneration(config)
    with torch.device("meta"):
        model = t.MllamaForConditionalGeneration(t.MllamaConfig())  # the class's defaults are the 11B model's
    model.model.vision_model = torch.nn.Identity()  # text alone is measured: the pictures' part is frozen and small
    return in_four_bits(model)


def in_four_bits(model: Any) -> Any:  # noqa: ANN401
    """Every linear layer in NF4, everything else in bf16, with random values, on the GPU."""
    import bitsandbytes as bnb
    import torch

    for parent in list(model.modules()):
        for name, layer in list(parent.named_children()):
            if not isinstance(layer, torch.nn.Linear) or name == "lm_head":
                continue
            packed = bnb.nn.Linear4bit(
                layer.in_features,
                layer.out_features,
                bias=layer.bias is not None,
                compute_dtype=torch.bfloat16,
                quant_type="nf4",
            )
            values = torch.randn(layer.out_features, layer.in_features, dtype=torch.bfloat16) * 0.02
            packed.weight = bnb.nn.Params4bit(values, requires_grad=False, quant_type="nf4")
            setattr(parent, name, packed.to("cuda"))
    for parent in list(model.modules()):
        for name, value in list(parent.named_parameters(recurse=False)):
            if value.is_meta:
                made = torch.randn(value.shape, dtype=torch.bfloat16, device="cuda") * 0.02
                setattr(parent, name, torch.nn.Parameter(made, requires_grad=False))
        for name, value in list(parent.named_buffers(recurse=False)):
            if value.is_meta and hasattr(parent, "compute_default_rope_parameters"):
                frequencies, _ = parent.compute_default_rope_parameters(parent.config, "cuda")
                parent.register_buffer(name, frequencies, persistent=False)
    return model


def product_speed(device: str, side: int) -> float:
    """Operations a second of a square matrix product in bf16, the best of five."""
    import torch

    one = torch.randn(side, side, device=device, dtype=torch.bfloat16)
    best = float("inf")
    for _ in range(5):
        at = time.monotonic()
        one @ one
        synchronise(device)
        best = min(best, time.monotonic() - at)
    return 2.0 * side**3 / best


def synchronise(device: str) -> None:
    """Wait until the GPU has done what it was told."""
    import torch

    if device == "cuda":
        torch.cuda.synchronize()


if __name__ == "__main__":
    sys.exit(main())
