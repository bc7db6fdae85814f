"""The model that is trained: loading it, special tokens, adapters; clear words where it does not fit."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stark_udfs.core.errors import SettingsError, said
from stark_udfs.core.image_words import TOKENS
from stark_udfs.settings.ultron import LoraSettings, UltronSettings

MLLAMA_EXTRA = 8  # rows of Mllama's embedding beyond its vocabulary: the image token among them


@dataclass
class LoadedModel:
    """A model with what turns samples into its input.

    Attributes:
        model: of transformers; on a GPU where there is one.
        processor: of the model; its tokenizer where the model is text only.
        added: ids of the special tokens that were added; empty: they are plain text.
        adapter: settings of LoRA for peft; None: the model has adapters already.
    """

    model: Any
    processor: Any
    added: tuple[int, ...] = ()
    adapter: Any = None


def load_for_training(settings: UltronSettings, *, text_only: bool = False) -> LoadedModel:
    """The base model, with the adapter that is to be trained.

    Raises:
        SettingsError: it cannot be loaded, has no image part, or 4-bit weights are wanted where there is no GPU.
    """
    loaded = load_base(
        settings.summariser.model if text_only else settings.model_id,
        settings.summariser.revision if text_only else settings.revision,
        special_tokens="text" if text_only else settings.special_tokens,
        four_bit=settings.lora.four_bit,
        bf16=settings.bf16,
        text_only=text_only,
    )
    loaded.adapter = adapter_of(loaded, settings.lora)
    return loaded


def load_base(
    model_id: str,
    revision: str | None,
    *,
    special_tokens: str = "text",
    four_bit: bool = False,
    bf16: bool | None = None,
    text_only: bool = False,
) -> LoadedModel:
    """A model by id or folder.

    Args:
        model_id: on the Hugging Face hub, or a folder.
        revision: commit or tag.
        special_tokens: text, or added.
        four_bit: NF4 by bitsandbytes.
        bf16: None: where the device can.
        text_only: a causal language model instead of one that sees.

    Raises:
        SettingsError: as `load_for_training`.
    """
    import torch
    import transformers as t

    t.utils.logging.disable_progress_bar()
    config = config_of(model_id, revision, text_only=text_only)
    where = {"revision": revision}
    half = bf16 if bf16 is not None else torch.cuda.is_available()
    more: dict[str, Any] = {"dtype": torch.bfloat16 if half else torch.float32}
    if four_bit:
        more["quantization_config"] = _four_bit()
    kind = t.AutoModelForCausalLM if text_only else t.AutoModelForImageTextToText
    try:
        processor = (t.AutoTokenizer if text_only else t.AutoProcessor).from_pretrained(model_id, **where)
        model = kind.from_pretrained(model_id, config=config, **where, **more)
    except (OSError, ValueError, ImportError) as error:
        raise SettingsError(f"ultron.model: {model_id} cannot be loaded: {_first(error)}") from error
    if not text_only and not hasattr(processor, "image_processor"):
        raise SettingsError(f"ultron.model: {model_id} comes without an image processor; it cannot be shown a picture.")
    tokenizer = getattr(processor, "tokenizer", processor)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    added = add_tokens(model, tokenizer) if special_tokens == "added" else ()
    return LoadedModel(model, processor, added)


def config_of(model_id: str, revision: str | None, *, text_only: bool = False) -> Any:  # noqa: ANN401
    """A model's configuration; nothing else of it is loaded.

    Raises:
        SettingsError: there is none, or it has no image part.
    """
    import transformers as t

    try:
        config = t.AutoConfig.from_pretrained(model_id, revision=revision)
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"ultron.model: {model_id} cannot be read: {_first(error)} Name an id on the Hugging Face hub (`hf auth "
            "login` where it is gated) or a folder."
        ) from error
    if not text_only and type(config) not in t.MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING:
        raise SettingsError(
            f"ultron.model: {model_id} is of type {config.model_type}, which has no image part. Take one that reads "
            "images and text, as llama, qwen or smol; a text-only model can be ultron.summariser.model."
        )
    return config


def _four_bit() -> Any:  # noqa: ANN401
    import importlib.util

    import torch
    import transformers as t

    missing = [
        name
        for name, there in (
            ("a GPU", torch.cuda.is_available()),
            ("bitsandbytes (pip install bitsandbytes)", importlib.util.find_spec("bitsandbytes") is not None),
        )
        if not there
    ]
    if missing:
        raise SettingsError(
            f"ultron.lora.four_bit: 4-bit weights need {' and '.join(missing)}. "
            "Without: --set ultron.lora.four_bit=false"
        )
    return t.BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )


def add_tokens(model: Any, tokenizer: Any) -> tuple[int, ...]:  # noqa: ANN401
    """Make `TOKENS` tokens of their own, those that are not yet; the matrices grow where they have no rows left.

    Returns:
        The ids of all three, so that their rows are trained also where the tokenizer knew them before.
    """
    known = tokenizer.get_vocab()
    missing = [token for token in TOKENS if token not in known]
    if missing:
        tokenizer.add_special_tokens({"extra_special_tokens": missing}, replace_extra_special_tokens=False)
    _grow(model, len(tokenizer))
    return tuple(int(tokenizer.convert_tokens_to_ids(token)) for token in TOKENS)


def _grow(model: Any, rows: int) -> None:  # noqa: ANN401
    embedding, head = model.get_input_embeddings(), model.get_output_embeddings()
    if embedding.weight.shape[0] >= rows and head.weight.shape[0] >= rows:
        return
    if model.config.model_type != "mllama":
        from transformers.utils import logging

        told = logging.get_verbosity()
        logging.set_verbosity_error()  # new rows are drawn about the mean of the others, and that is said each time
        model.resize_token_embeddings(rows)
        logging.set_verbosity(told)
        return
    # Mllama's two matrices differ in rows, which `resize_token_embeddings` would make equal.
    embedding.weight = _longer(embedding.weight, rows + MLLAMA_EXTRA)
    embedding.num_embeddings = rows + MLLAMA_EXTRA
    head.weight = _longer(head.weight, rows)
    head.out_features = rows
    model.config.text_config.vocab_size = rows
    for part in (model, model.model, model.model.language_model):
        if hasattr(part, "vocab_size"):
            part.vocab_size = rows


def _longer(weight: Any, rows: int) -> Any:  # noqa: ANN401
    """With further rows, the mean of those that are there."""
    import torch

    mean = weight.data.mean(dim=0, keepdim=True)
    more = mean.expand(max(0, rows - weight.shape[0]), -1)
    return torch.nn.Parameter(torch.cat([weight.data, more])[:rows].clone(), requires_grad=weight.requires_grad)


def adapter_of(loaded: LoadedModel, lora: LoraSettings) -> Any:  # noqa: ANN401
    """LoRA on every linear layer of the language part; vision tower and projector stay as they are."""
    from peft import LoraConfig

    wide = [name for name, module in _matrices(loaded.model).items() if module] if loaded.added else None
    return LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=language_layers(loaded.model),
        modules_to_save=wide,
        task_type="CAUSAL_LM",
    )


def _matrices(model: Any) -> dict[str, bool]:  # noqa: ANN401
    """The last parts of the names of embedding and head; a head that is tied to the embedding needs no copy."""
    embedding, head = model.get_input_embeddings(), model.get_output_embeddings()
    tied = head.weight is embedding.weight
    named = {id(module): name.rsplit(".", 1)[-1] for name, module in model.named_modules()}
    return {named[id(embedding)]: True, named[id(head)]: not tied}


def language_layers(model: Any) -> str:  # noqa: ANN401
    """A pattern of the names of the language part's linear layers, as peft reads it.

    Raises:
        SettingsError: the model has none.
    """
    import torch

    decoder = model.get_decoder()
    prefix = next((name for name, module in model.named_modules() if module is decoder), "")
    linear = {name for name, module in decoder.named_modules() if isinstance(module, torch.nn.Linear)}
    leaves = sorted({name.rsplit(".", 1)[-1] for name in linear if not _sees(name)})
    if not leaves or not prefix:
        raise SettingsError(f"ultron.model: {type(model).__name__} has no language part that adapters could be put on.")
    return rf"{re.escape(prefix)}\.(?!.*(vision|visual|projector)).*\.({'|'.join(leaves)})"


def _sees(name: str) -> bool:
    return any(part in name for part in ("vision", "visual", "projector"))


def load_trained(folder: str | Path, *, merge: bool = False) -> LoadedModel:
    """A trained model: base, adapter, and the processor that was kept beside it.

    Args:
        folder: as `train` wrote it: adapter, processor and `stark.json`.
        merge: whether the adapter becomes part of the weights.

    Raises:
        SettingsError: there is no adapter in it, or the base cannot be loaded.
    """
    from peft import PeftModel

    from stark_udfs.ultron.training.outcome import TrainedAdapter

    facts = TrainedAdapter.read(folder)
    loaded = load_base(
        facts.base, facts.revision, special_tokens=facts.special_tokens, text_only=facts.task == "summary"
    )
    loaded.model = PeftModel.from_pretrained(loaded.model, str(folder))
    if merge:
        loaded.model = loaded.model.merge_and_unload()
    loaded.model.eval()
    return loaded


def _first(error: BaseException) -> str:
    line = said(error).splitlines()[0]
    return line if line.endswith(".") else f"{line}."
