"""Descriptions by a pandas UDF: a real small language model, and Spark."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from stark_udfs.core.errors import SettingsError
from stark_udfs.ultron.retrieval import describe_udf as udf
from stark_udfs.ultron.retrieval.describe_udf import GenerateSpec, description_of


@dataclass(frozen=True)
class LoudSpec:
    """Says each prompt louder; every load leaves a mark in a folder."""

    folder: str

    def load(self) -> "LoudSpec":
        import os
        import tempfile

        tempfile.mkstemp(prefix=f"{os.getpid()}-", dir=self.folder)
        return self

    def identity(self) -> str:
        return "loud"

    def describe(self, prompts: Sequence[str]) -> list[str]:
        return [prompt.upper() for prompt in prompts]


@dataclass(frozen=True)
class Silent:
    """Answers as `LoudSpec` would be found, and says nothing new."""

    def load(self) -> "Silent":
        return self

    def identity(self) -> str:
        return "loud"

    def describe(self, prompts: Sequence[str]) -> list[str]:
        return ["..." for _ in prompts]


def test_a_table_is_described_with_one_load_a_worker(spark: SparkSession, tmp_path: Path):
    texts = [None if at == 5 else f"prompt {at}" for at in range(40)]
    frame = spark.createDataFrame([(at, text) for at, text in enumerate(texts)], "id int, prompt string").repartition(4)
    rows = frame.select("id", udf.describe_udf(LoudSpec(str(tmp_path)))("prompt").alias("said")).collect()
    assert {row["id"]: row["said"] for row in rows} == {at: text and text.upper() for at, text in enumerate(texts)}
    loads = [path.name.split("-")[0] for path in tmp_path.iterdir()]
    assert len(loads) == len(set(loads)) <= 4


def test_what_was_said_is_kept_and_not_said_again(tmp_path: Path):
    (tmp_path / "loads").mkdir()
    kept, spec = udf.KeptTexts(str(tmp_path / "files")), LoudSpec(str(tmp_path / "loads"))
    assert kept.describe(spec, ["a", "b", "a"]) == ["A", "B", "A"]
    silent = Silent()
    assert kept.describe(silent, ["b", "a"]) == ["B", "A"]
    assert kept.describe(silent, ["c"]) == ["..."]


def test_half_a_file_of_a_killed_worker_is_written_anew(tmp_path: Path):
    kept, spec = udf.KeptTexts(str(tmp_path / "files")), Silent()
    kept.describe(spec, ["a"])
    [path] = (tmp_path / "files").rglob("*.json")
    path.write_text('{"te')
    assert kept.describe(spec, ["a"]) == ["..."]
    assert json.loads(path.read_text()) == {"text": "..."}


def test_a_real_model_gives_one_text_a_prompt_whatever_the_batch(tmp_path: Path):
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast, set_seed

    words = ["<pad>", "</s>", "<unk>", *["a", "dog", "cat", "in", "the", "park", "at", "night", "we", "saw"]]
    tokens = Tokenizer(models.WordLevel({word: at for at, word in enumerate(words)}, unk_token="<unk>"))
    tokens.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    PreTrainedTokenizerFast(
        tokenizer_object=tokens, pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
    ).save_pretrained(tmp_path)
    set_seed(1)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    ids = {"pad_token_id": 0, "eos_token_id": 1, "bos_token_id": 1}
    config = LlamaConfig(vocab_size=len(words), max_position_embeddings=64, **sizes, **ids)
    LlamaForCausalLM(config).save_pretrained(tmp_path)
    prompts = ["we saw a dog", "a cat in the park at night", "the", "we saw a cat in the park"]
    alone = GenerateSpec(str(tmp_path), batch=1, new_tokens=5, device="cpu").load().describe(prompts)
    together = GenerateSpec(str(tmp_path), batch=3, new_tokens=5, device="cpu").load().describe(prompts)
    assert alone == together
    assert len(set(alone)) > 1


def test_ultrons_marks_are_read():
    assert description_of("Sure! <RET> <h> A dog\nin a park </h> and more") == "A dog"
    assert description_of("\n A cat on a mat.\nMore") == "A cat on a mat."
    assert description_of("") == ""


def test_a_model_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(SettingsError, match="nowhere"):
        GenerateSpec(str(tmp_path / "nowhere")).load()
