"""A text classifier of the Hugging Face hub as moderator: one that scores labels, or one that writes them.

Source: the paper filters with Canary (ProsocialDialog), which reads the turns so far and writes a safety label and a
rule of thumb; it is a sequence-to-sequence model. Classifiers with a head of labels are read by their probabilities.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stark_udfs.core.errors import SettingsError
from stark_udfs.images.models.weights import device_of, whole
from stark_udfs.stages.text.words import excerpt
from stark_udfs.stages.verdicts.verdict import Finding, TextVerdict, verdict_of

LONGEST_INPUT = 512  # tokens
LONGEST_LABEL = 48  # tokens that a writing model may use for label and reason


@dataclass(frozen=True)
class ClassifierModerator:
    """A classifier by its id.

    model: a folder, or an id on the hub. labels: the names of the labels that are unsafe, in any case.
    window: turns that are read together, each time ending with another one. batch: windows at once.
    """

    model: str
    labels: tuple[str, ...]
    revision: str | None = None
    threshold: float = 0.5
    window: int = 3
    batch: int = 32
    device: str | None = None

    def load(self) -> "LoadedClassifier":
        """The classifier, with its weights on the device of this process.

        Raises:
            SettingsError: it has none of the labels, or its files lack weights.
        """
        from transformers import (
            AutoConfig,
            AutoModelForSeq2SeqLM,
            AutoModelForSequenceClassification,
            AutoTokenizer,
        )

        device = device_of(self.device)
        config = AutoConfig.from_pretrained(self.model, revision=self.revision)
        writes = any("ForConditionalGeneration" in name for name in config.architectures or ())
        kind: Any = AutoModelForSeq2SeqLM if writes else AutoModelForSequenceClassification
        unsafe = {} if writes else self._unsafe(dict(config.id2label))
        model = whole(kind, self.model, revision=self.revision).to(device)
        return LoadedClassifier(self, model, AutoTokenizer.from_pretrained(self.model, revision=self.revision), unsafe)

    def _unsafe(self, names: dict[int, str]) -> dict[int, str]:
        wanted = {label.casefold() for label in self.labels}
        found = {int(place): name for place, name in names.items() if name.casefold() in wanted}
        if not found:
            raise SettingsError(
                f"moderations.unsafe_labels: {self.model} has none of {', '.join(self.labels)}. "
                f"It has: {', '.join(names.values())}."
            )
        return found


@dataclass(frozen=True)
class LoadedClassifier:
    """The classifier, ready to be asked; `unsafe` names its unsafe outputs, and is empty where it writes labels."""

    spec: ClassifierModerator
    model: Any
    tokenizer: Any
    unsafe: dict[int, str]

    def verdicts(self, sessions: Sequence[Sequence[str]]) -> list[TextVerdict]:
        """One verdict per session; a session is the texts of its turns."""
        places = [(number, turn) for number, texts in enumerate(sessions) for turn in range(len(texts))]
        windows = [
            "\n".join(sessions[number][max(0, turn + 1 - self.spec.window) : turn + 1]) for number, turn in places
        ]
        found: list[list[Finding]] = [[] for _ in sessions]
        for (number, turn), (name, score) in zip(places, self._scored(windows), strict=True):
            if name:
                found[number].append(Finding(turn + 1, _category(name), excerpt(name, 120), score))
        return [verdict_of(one, self.spec.threshold) for one in found]

    def _scored(self, windows: Sequence[str]) -> Iterator[tuple[str, float]]:
        """Of each window its worst unsafe label and how likely that is; no label where it is safe."""
        import torch

        for start in range(0, len(windows), self.spec.batch):
            tokens = self.tokenizer(
                list(windows[start : start + self.spec.batch]),
                padding=True,
                truncation=True,
                max_length=LONGEST_INPUT,
                return_tensors="pt",
            ).to(self.model.device)
            with torch.inference_mode():
                yield from self._labels(tokens) if self.unsafe else self._written(tokens)

    def _labels(self, tokens: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
        logits = self.model(**tokens).logits.float()
        several = self.model.config.problem_type == "multi_label_classification"
        shares = logits.sigmoid() if several else logits.softmax(-1)
        for row in shares.tolist():
            place = max(self.unsafe, key=lambda one: row[one])
            yield self.unsafe[place], row[place]

    def _written(self, tokens: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
        asked = {name: tokens[name] for name in ("input_ids", "attention_mask")}
        made = self.model.generate(**asked, max_new_tokens=LONGEST_LABEL, do_sample=False)
        for text in self.tokenizer.batch_decode(made, skip_special_tokens=False):
            said = text.casefold()
            label = next((one for one in self.spec.labels if one.casefold() in said), "")
            yield (label, 1.0) if label else ("", 0.0)


def _category(label: str) -> str:
    """A label as a category: in small letters, without the marks around it."""
    return label.strip("_ ").casefold()
