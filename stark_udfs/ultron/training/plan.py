"""What a training would take, by arithmetic: samples, tokens, steps, memory, hours on a named GPU. Nothing is loaded.

Floating point operations: with a frozen base and adapters, a token costs 2 N forward, 2 N for the gradient of the
activations, and 2 N again where gradient checkpointing repeats the forward pass; N is the base's parameters (Kaplan et
al. 2020, arXiv:2001.08361, §2.1, without the third part of 6 N that weights in training would cost). Peak rates are the
makers' dense bf16 figures. The share of the peak is a guess until `bench/train_throughput.py` was run on the GPU.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from stark_udfs.core.errors import SettingsError
from stark_udfs.ultron.training.dataset import Lengths
from stark_udfs.ultron.training.plan_lengths import measured

if TYPE_CHECKING:
    from stark_udfs.stages.pipeline import Settings


@dataclass(frozen=True)
class Gpu:
    """A GPU: TFLOP/s of dense bf16 and GB of memory, by its maker's data sheet."""

    teraflops: float
    memory: float


@dataclass(frozen=True)
class Shape:
    """A base: parameters in all and in the vision part, layers, width, and width of the feed-forward part."""

    parameters: float
    layers: int
    width: int
    wide: int
    vocabulary: int


GPUS = {
    "A10G": Gpu(70, 24),
    "L4": Gpu(121, 24),
    "L40S": Gpu(362, 48),
    "A100": Gpu(312, 80),
    "H100": Gpu(989, 80),
    "H200": Gpu(989, 141),
    "B200": Gpu(2250, 192),
}
SHAPES = {  # of the models' own config.json and cards
    "meta-llama/Llama-3.2-11B-Vision-Instruct": Shape(10.67e9, 40, 4096, 14336, 128256),
    "meta-llama/Llama-3.1-8B-Instruct": Shape(8.03e9, 32, 4096, 14336, 128256),
    "Qwen/Qwen2.5-VL-7B-Instruct": Shape(8.29e9, 28, 3584, 18944, 152064),
    "HuggingFaceTB/SmolVLM-500M-Instruct": Shape(0.51e9, 32, 960, 2560, 49280),
}
LINEAR = 7  # q, k, v, o, gate, up, down: what adapters are put on
SHARE = 0.35  # of the peak that training is guessed to reach; QLoRA loses some of it to dequantising
FOUR_BIT, HALF = 0.55, 2.0  # bytes a parameter: NF4 with doubly quantised constants (arXiv:2305.14314, §3), bf16
ADAM = 16.0  # bytes a trained parameter: weight, gradient and two moments in float32
PACKED = 0.95  # of a packed row is filled, by best fit
GIB = 1024**3


@dataclass(frozen=True)
class TrainingPlan:
    """The numbers; `counted`: how tokens were."""

    model: str
    table: str
    version: int
    lengths: Lengths
    counted: str
    image_tokens: int
    steps: int
    epochs: float
    trained: float
    weights_gib: float
    adapter_gib: float
    activations_gib: float
    hours: float
    gpu: str
    fits: bool
    processes: int

    def lines(self) -> Iterator[str]:
        """For people."""
        lengths = self.lengths
        yield f"model        {self.model}: {self.trained / 1e6:,.0f} million trained parameters"
        yield f"data         {self.table} v{self.version}: {lengths.count:,} samples"
        yield (
            f"tokens       {lengths.tokens:,} of text (median {lengths.median:,}, longest {lengths.longest:,}, "
            f"{lengths.over:,} over the limit), {self.image_tokens:,} of images"
        )
        yield f"             {self.counted}"
        yield f"steps        {self.steps:,} ({self.epochs:.3g} epochs, processes: {self.processes})"
        total = self.weights_gib + self.adapter_gib + self.activations_gib
        yield (
            f"memory       {total:.1f} GiB: weights {self.weights_gib:.1f}, adapters with Adam {self.adapter_gib:.1f}, "
            f"activations and logits {self.activations_gib:.1f}; {'fits' if self.fits else 'NO fit'} on {self.gpu}"
        )
        yield f"time         {self.hours:.2f} hours at {SHARE:.0%} (a guess) of {self.processes} × {self.gpu}'s peak"


def planned(settings: "Settings", task: Literal["dialogue", "summary"], gpu: str) -> TrainingPlan:
    """The plan of a training.

    Raises:
        SettingsError: an unknown GPU, or a model whose shape is not known and whose configuration cannot be read.
        StorageError: the table is not there.
    """
    if gpu not in GPUS:
        raise SettingsError(f"--gpu {gpu}: known are {', '.join(GPUS)}.")
    ultron = settings.ultron
    model = ultron.summariser.model if task == "summary" else ultron.model_id
    shape = SHAPES.get(model) or shape_of(model, text_only=task == "summary")
    found = measured(settings, task)
    source, lengths, pictures = found.source, found.lengths, found.pictures
    sees_in_text = task == "dialogue" and "Llama-3.2" not in model  # Mllama sees by cross attention
    image_tokens = pictures * ultron.image_tokens if sees_in_text else 0
    tokens = lengths.tokens + image_tokens
    per_step = ultron.batch_size * ultron.accumulation * ultron.processes
    rows = lengths.count
    if ultron.packing and task == "summary":
        rows = min(rows, math.ceil(lengths.tokens / (PACKED * ultron.max_tokens)))
    one_epoch = max(1, -(-rows // per_step))
    steps = ultron.max_steps or round(one_epoch * ultron.epochs)
    epochs = steps / one_epoch
    trained = trained_parameters(shape, ultron.lora.rank)
    if ultron.special_tokens == "added" and task == "dialogue":
        trained += 2.0 * shape.vocabulary * shape.width
    flops = (6 if ultron.gradient_checkpointing else 4) * shape.parameters * tokens * epochs
    weights = shape.parameters * (FOUR_BIT if ultron.lora.four_bit else HALF) / GIB
    adapter = trained * ADAM / GIB
    row = ultron.max_tokens if rows < lengths.count else min(ultron.max_tokens, lengths.longest)
    longest = row + (ultron.image_tokens if sees_in_text else 0)
    activations = activation_bytes(shape, longest * ultron.batch_size, ultron.gradient_checkpointing) / GIB
    return TrainingPlan(
        model=model,
        table=source.name,
        version=source.version,
        lengths=lengths,
        counted=found.counted,
        image_tokens=image_tokens,
        steps=steps,
        epochs=epochs,
        trained=trained,
        weights_gib=weights,
        adapter_gib=adapter,
        activations_gib=activations,
        hours=flops / (GPUS[gpu].teraflops * 1e12 * SHARE * ultron.processes) / 3600,
        gpu=gpu,
        fits=weights + adapter + activations < 0.92 * GPUS[gpu].memory * 1e9 / GIB,
        processes=ultron.processes,
    )


def trained_parameters(shape: Shape, rank: int) -> float:
    """Of adapters of a rank on every linear layer: rank × (in + out) each, keys and values at a quarter width."""
    attention = 2 * (shape.width + shape.width) + 2 * (shape.width + shape.width / 4)
    feed = 3 * (shape.width + shape.wide)
    return rank * shape.layers * (attention + feed)


def activation_bytes(shape: Shape, tokens: int, checkpointed: bool) -> float:
    """What a batch of so many tokens keeps in bf16.

    With checkpointing: each layer's input, and one layer whole (about 34 values a token and width: Korthikanti et al.
    2022, arXiv:2205.05198, §4.1, without the attention matrix, which fused kernels do not keep). Logits in float32
    stand once with their gradient.
    """
    layer = 34 * tokens * shape.width
    kept = 2 * tokens * shape.width * shape.layers + layer if checkpointed else layer * shape.layers
    return kept + 2 * 4 * tokens * shape.vocabulary


def shape_of(model: str, *, text_only: bool) -> Shape:
    """By the model's configuration alone: its classes are laid out without weights.

    Raises:
        SettingsError: it cannot be read, or has no image part.
    """
    import torch
    import transformers as t

    from stark_udfs.ultron.training.models import config_of

    config = config_of(model, None, text_only=text_only)
    text = config.get_text_config()
    with torch.device("meta"):
        kind = t.AutoModelForCausalLM if text_only else t.AutoModelForImageTextToText
        made = kind.from_config(config)
    parameters = float(sum(one.numel() for one in made.parameters()))
    return Shape(
        parameters,
        int(text.num_hidden_layers),
        int(text.hidden_size),
        int(text.intermediate_size),
        int(text.vocab_size),
    )
