"""What a trained model answers: a sample in, a turn out, with the special tokens in its text."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stark_udfs.core.ids import Json
from stark_udfs.core.image_words import TOKENS
from stark_udfs.ultron.samples import Sample
from stark_udfs.ultron.training.collate import Collator
from stark_udfs.ultron.training.models import LoadedModel, load_trained
from stark_udfs.ultron.training.outcome import TrainedAdapter


@dataclass(frozen=True)
class Sampling:
    """How tokens are drawn (the released model's: temperature 0.9, top-p 1.0, 512 tokens)."""

    temperature: float = 0.9
    top_p: float = 1.0
    max_new_tokens: int = 512


class Ultron:
    """A model that takes its turn.

    Example:
        ```python
        Ultron.load("warehouse/ultron/dialogue/adapter").answer([sample], seed=1)
        ```
    """

    def __init__(self, loaded: LoadedModel, max_tokens: int = 2048) -> None:
        self.loaded = loaded
        self.collator = Collator(loaded.processor, max_tokens)

    @classmethod
    def load(cls, folder: str | Path, max_tokens: int = 2048, *, device: str | None = None) -> "Ultron":
        """A trained adapter on its base, on the GPU of this process where there is one.

        Raises:
            SettingsError: there is none in the folder.
        """
        from stark_udfs.images.models.weights import device_of

        loaded = load_trained(folder)
        loaded.model.to(device_of(device))
        return cls(loaded, max_tokens)

    def answer(self, samples: Sequence[Sample], *, sampling: Sampling | None = None, seed: int = 0) -> list[str]:
        """One turn each, in one batch.

        Args:
            samples: without their targets.
            sampling: None: as the released model is asked.
            seed: of the draw.
        """
        import torch

        asked = sampling or Sampling()
        fitted = [self.collator.fitted(sample) for sample in samples]
        prompts = [self.collator.prompt(sample) for sample in fitted]
        batch = self.collator.encoded(fitted, prompts, side="left").to(self.loaded.model.device)
        torch.manual_seed(seed)
        drawn = {"do_sample": True, "temperature": asked.temperature, "top_p": asked.top_p}
        with torch.no_grad():
            made = self.loaded.model.generate(
                **batch,
                **(drawn if asked.temperature > 0 else {"do_sample": False}),
                max_new_tokens=asked.max_new_tokens,
                pad_token_id=self.collator.tokenizer.pad_token_id,
            )
        return [self._text(row) for row in made[:, batch["input_ids"].shape[1] :]]

    def _text(self, ids: object) -> str:
        """Decoded with its special tokens, since `<RET>` may be one; those of the chat form are taken out."""
        tokenizer = self.collator.tokenizer
        text = str(tokenizer.decode(ids, skip_special_tokens=False))
        for token in tokenizer.all_special_tokens:
            if token not in TOKENS:
                text = text.replace(token, "")
        return text.strip()


@dataclass(frozen=True)
class UltronSpec:
    """A trained adapter as it travels to Python workers: a `DescriberSpec` whose prompts are samples as JSON.

    Attributes:
        adapter: its folder, which all workers see.
        weights: hash of its files, so that another training gives other answers to equal samples.
        batch: samples at once.
        new_tokens: of an answer, at most.
        max_tokens: of a sample; older turns are left out to fit.
        device: None: the worker's GPU, else the CPU.
    """

    adapter: str
    weights: str
    batch: int = 8
    new_tokens: int = 96
    max_tokens: int = 2048
    device: str | None = None

    @classmethod
    def of(cls, adapter: Path, *, max_tokens: int = 2048, batch: int = 8) -> "UltronSpec":
        """Of a folder as `stark train` leaves it.

        Raises:
            SettingsError: there is no trained model in it.
        """
        facts = TrainedAdapter.read(adapter)
        hashed = hashlib.sha256(f"{facts.base} {facts.revision}".encode())
        for path in sorted(adapter.glob("adapter_model.*")):
            with path.open("rb") as file:
                hashed.update(hashlib.file_digest(file, "sha256").digest())
        return cls(str(adapter.absolute()), hashed.hexdigest()[:32], batch=batch, max_tokens=max_tokens)

    def load(self) -> "UltronTurns":
        """The model.

        Raises:
            SettingsError: it is not there any more.
        """
        return UltronTurns(Ultron.load(self.adapter, self.max_tokens, device=self.device), self.batch, self.new_tokens)

    def identity(self) -> Json:
        """By its weights, wherever they lie."""
        return ["ultron", self.weights, self.new_tokens, self.max_tokens]


@dataclass(frozen=True)
class UltronTurns:
    """The loaded model as a `Describer`: it takes the turn of each sample, greedily."""

    ultron: Ultron
    batch: int
    new_tokens: int

    def describe(self, prompts: Sequence[str]) -> list[str]:
        """One turn per sample as JSON, in their order; where its answer was begun, what goes on from there.

        Raises:
            InputError: a prompt is no sample, or a picture of it cannot be read.
        """
        samples = [Sample.from_json(prompt) for prompt in prompts]
        said = [""] * len(samples)
        order = sorted(range(len(samples)), key=lambda at: len(prompts[at]))
        greedy = Sampling(temperature=0.0, max_new_tokens=self.new_tokens)
        for start in range(0, len(order), self.batch):
            part = order[start : start + self.batch]
            for at, text in zip(part, self.ultron.answer([samples[at] for at in part], sampling=greedy), strict=True):
                said[at] = text
        return said
