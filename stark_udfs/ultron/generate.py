"""What a trained model answers: a sample in, a turn out, with the special tokens in its text."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stark_udfs.core.image_words import TOKENS
from stark_udfs.ultron.collate import Collator
from stark_udfs.ultron.models import LoadedModel, load_trained
from stark_udfs.ultron.samples import Sample


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
    def load(cls, folder: str | Path, max_tokens: int = 2048) -> "Ultron":
        """A trained adapter on its base.

        Raises:
            SettingsError: there is none in the folder.
        """
        return cls(load_trained(folder), max_tokens)

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
