"""Descriptions for a whole table on the cluster: a pandas UDF over prompts, the model loaded once per Python worker.

A server of the OpenAI protocol (vLLM) is reached by `stark_udfs.ask` instead, which journals every answer; here the
model is in the worker, and what it costs is time. With a place to keep them, texts are kept as the other UDFs keep
theirs: one small file a prompt, `<files>/udf/describe/<first digits>/<key>.json`, so that a kill costs what was under
way and an equal prompt is never answered twice.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from stark_udfs.core.errors import SettingsError
from stark_udfs.core.ids import Json, canonical, digest
from stark_udfs.images.protocols import loaded
from stark_udfs.udfs.store import FAN, FOLDER

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


KEPT_AT_ONCE = 64  # prompts between two writings


class Describer(Protocol):
    """Continues prompts."""

    def describe(self, prompts: Sequence[str]) -> list[str]:
        """One text per prompt, in their order."""


class DescriberSpec(Protocol):
    """What travels to the workers: small, picklable, hashable."""

    def load(self) -> Describer:
        """The model, with its weights."""

    def identity(self) -> Json:
        """What a text depends on beside its prompt: by it texts that were kept are found again."""


@dataclass(frozen=True)
class GenerateSpec:
    """A causal language model by folder or id, with an adapter if there is one.

    adapter: a folder of peft, as `stark train` writes it.
    """

    model: str
    adapter: str | None = None
    batch: int = 16
    new_tokens: int = 64
    device: str | None = None

    def load(self) -> "Generator":
        """The model.

        Raises:
            SettingsError: it is not there.
        """
        from transformers import AutoModelForCausalLM, AutoTokenizer

        from stark_udfs.images.models.weights import device_of

        try:
            tokenizer = AutoTokenizer.from_pretrained(self.model, padding_side="left", truncation_side="left")
            model = AutoModelForCausalLM.from_pretrained(self.model)
        except (OSError, ValueError) as error:
            raise SettingsError(f"model {self.model}: {error}. Give a folder, or an id that can be reached.") from error
        if self.adapter is not None:
            from peft import PeftModel

            model = PeftModel.from_pretrained(model, self.adapter)
        if tokenizer.pad_token is None:
            tokenizer.pad_token = tokenizer.eos_token
        return Generator(model.eval().to(device_of(self.device)), tokenizer, self.batch, self.new_tokens)

    def identity(self) -> Json:
        """By name: another model needs another."""
        return ["generate", self.model, self.adapter, self.new_tokens]


@dataclass(frozen=True)
class Generator:
    """The loaded model; prompts go in batches of like length, so that little is padded."""

    model: "PreTrainedModel"
    tokenizer: "PreTrainedTokenizerBase"
    batch: int
    new_tokens: int

    def describe(self, prompts: Sequence[str]) -> list[str]:
        """See `Describer.describe`; greedy, so that equal prompts give equal texts."""
        import torch

        found = [""] * len(prompts)
        order = sorted(range(len(prompts)), key=lambda at: len(prompts[at]))
        room = int(getattr(self.model.config, "max_position_embeddings", 2048)) - self.new_tokens
        for start in range(0, len(order), self.batch):
            part = order[start : start + self.batch]
            texts = [prompts[at] for at in part]
            tokens = self.tokenizer(texts, padding=True, truncation=True, max_length=room, return_tensors="pt")
            tokens = tokens.to(self.model.device)
            asked = {name: tokens[name] for name in ("input_ids", "attention_mask")}
            with torch.inference_mode():
                made = self.model.generate(
                    **asked, max_new_tokens=self.new_tokens, do_sample=False, pad_token_id=self.tokenizer.pad_token_id
                )
            width = asked["input_ids"].shape[1]
            for at, text in zip(
                part, self.tokenizer.batch_decode(made[:, width:], skip_special_tokens=False), strict=True
            ):
                found[at] = description_of(text, self.tokenizer.all_special_tokens)
        return found


def description_of(text: str, special: Sequence[str] = ()) -> str:
    """The words between Ultron's `<h>` marks, else the first line, without the tokenizer's special tokens."""
    if "<h>" in text:
        text = text.partition("<h>")[2].partition("</h>")[0]
    for mark in special:
        text = text.replace(mark, " ")
    lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    return lines[0] if lines else ""


@dataclass(frozen=True)
class KeptTexts:
    """What a model has said before, by the content of its prompts; `files`: `storage.files`, which all workers see."""

    files: str

    def describe(self, spec: DescriberSpec, prompts: Sequence[str]) -> list[str]:
        """As of `Describer`; the model is loaded only where a prompt is new, and each text is kept before the next."""
        known = {prompt: self._before(spec, prompt) for prompt in dict.fromkeys(prompts)}
        fresh = [prompt for prompt, text in known.items() if text is None]
        for start in range(0, len(fresh), KEPT_AT_ONCE):
            part = fresh[start : start + KEPT_AT_ONCE]
            for prompt, text in zip(part, _model(spec).describe(part), strict=True):
                self._keep(spec, prompt, text)
                known[prompt] = text
        return [known[prompt] or "" for prompt in prompts]

    def _before(self, spec: DescriberSpec, prompt: str) -> str | None:
        store, path = self._place(spec, prompt)
        try:
            return str(json.loads(store.cat_file(path))["text"])
        except (FileNotFoundError, ValueError, LookupError, TypeError):  # none, or half a file of a killed worker
            return None

    def _keep(self, spec: DescriberSpec, prompt: str, text: str) -> None:
        store, path = self._place(spec, prompt)
        store.makedirs(path.rpartition("/")[0], exist_ok=True)
        store.pipe_file(path, json.dumps({"text": text}).encode())

    def _place(self, spec: DescriberSpec, prompt: str) -> tuple[Any, str]:
        import fsspec

        store, base = fsspec.core.url_to_fs(self.files)
        key = digest("describe", canonical(spec.identity()), prompt)
        return store, f"{str(base).rstrip('/')}/{FOLDER}/describe/{key[:FAN]}/{key}.json"


def _model(spec: DescriberSpec) -> Describer:
    return loaded(spec)  # type: ignore[arg-type]  # a protocol stands for its specs


def describe_udf(spec: DescriberSpec, files: str | None = None) -> Callable[..., Any]:
    """A pandas UDF: a column of prompts in, a column of texts out; null stays null.

    df.withColumn("description", describe_udf(GenerateSpec("models/describer"), "warehouse/files")("prompt"))
    df.withColumn("turn", describe_udf(UltronSpec.of(adapter), "warehouse/files")("sample"))  # samples as JSON

    Args:
        spec: which model; loaded once per Python worker.
        files: where texts are kept, `storage.files`; None: nowhere.
    """
    import pandas as pd
    from pyspark.sql.pandas.functions import pandas_udf

    kept = None if files is None else KeptTexts(files)

    def describe(batches: Iterator[pd.Series]) -> Iterator[pd.Series]:
        for batch in batches:
            there = batch.dropna()
            prompts = there.tolist()
            said = _model(spec).describe(prompts) if kept is None else kept.describe(spec, prompts)
            yield pd.Series(said, index=there.index, dtype=object).reindex(batch.index)

    describe.__annotations__ = {"batches": Iterator[pd.Series], "return": Iterator[pd.Series]}
    made: Callable[..., Any] = pandas_udf(describe, "string")  # type: ignore[call-overload]
    return made
