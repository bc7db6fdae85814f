"""How many tokens a training has: counted by the model's own tokenizer where it is on this machine, else estimated."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from stark_udfs.core.ids import seed_of
from stark_udfs.ultron.samples import Sample
from stark_udfs.ultron.source import BATCH, Source
from stark_udfs.ultron.training.dataset import CHARACTERS, Lengths, characters, dialogue_samples, summary_samples

if TYPE_CHECKING:
    from stark_udfs.stages.pipeline import Settings

COUNTED = 5_000  # samples that a tokenizer reads; of more, as many, drawn: a few seconds


@dataclass(frozen=True)
class Measured:
    """The samples of split train.

    Attributes:
        source: their table.
        lengths: in tokens.
        pictures: that are shown in them.
        counted: how tokens were counted, in words.
    """

    source: Source
    lengths: Lengths
    pictures: int
    counted: str


def measured(settings: "Settings", task: str) -> Measured:
    """Count the samples that `stark train` would see.

    Raises:
        StorageError: a table is not there.
    """
    ultron = settings.ultron
    summary = task == "summary"
    model, revision = (
        (ultron.summariser.model, ultron.summariser.revision) if summary else (ultron.model_id, ultron.revision)
    )
    root = settings.storage.tables
    source, samples = summary_samples(root, "train") if summary else dialogue_samples(root, ultron, "train")
    sizes: list[tuple[int, int]] = []  # an order to draw in, and characters
    pictures = 0
    for sample in samples:
        sizes.append((seed_of(settings.pipeline.seed, "plan", sample.sample_id), characters(sample)))
        pictures += len(sample.images())
    tokenizer = tokenizer_here(model, revision)
    if tokenizer is None or not sizes:
        estimated = [size // CHARACTERS for _, size in sizes]
        said = f"an estimate, {CHARACTERS} characters a token: {model}'s tokenizer is not on this machine"
        return Measured(source, Lengths.of(estimated, ultron.max_tokens), pictures, said)
    last = sorted(order for order, _ in sizes)[min(COUNTED, len(sizes)) - 1]
    again = summary_samples(root, "train")[1] if summary else dialogue_samples(root, ultron, "train")[1]
    drawn = (one for one in again if seed_of(settings.pipeline.seed, "plan", one.sample_id) <= last)
    counts = list(_counts(tokenizer, drawn))
    if len(counts) == len(sizes):
        return Measured(source, Lengths.of(counts, ultron.max_tokens), pictures, f"counted by {model}'s tokenizer")
    each = sum(size for order, size in sizes if order <= last) / max(1, sum(counts))
    lengths = Lengths.of([round(size / each) for _, size in sizes], ultron.max_tokens)
    said = f"{each:.2f} characters a token, counted by {model}'s tokenizer on {len(counts):,} samples"
    return Measured(source, lengths, pictures, said)


def tokenizer_here(model: str, revision: str | None) -> Any:  # noqa: ANN401
    """The tokenizer of a model, from its folder or the hub's cache; None: it is in neither. Nothing is downloaded."""
    import importlib.util

    if importlib.util.find_spec("transformers") is None:
        return None
    import transformers as t

    try:
        return t.AutoTokenizer.from_pretrained(model, revision=revision, local_files_only=True)
    except (OSError, ValueError):  # not in the cache, or a folder without one
        return None


def _counts(tokenizer: Any, samples: Iterator[Sample]) -> Iterator[int]:  # noqa: ANN401
    around = _around(tokenizer)
    while batch := list(islice(samples, BATCH)):
        texts = [_text(sample) for sample in batch]
        yield from (around + len(ids) for ids in tokenizer(texts, add_special_tokens=False)["input_ids"])


def _text(sample: Sample) -> str:
    lines: Sequence[str] = [line.text for line in sample.lines]
    return "\n".join([sample.head, *lines, sample.tail, sample.target])


def _around(tokenizer: Any) -> int:  # noqa: ANN401
    """Tokens that the chat form adds; none where the tokenizer has no form."""
    if not tokenizer.chat_template:
        return 0
    form = tokenizer.apply_chat_template(
        [{"role": "user", "content": ""}, {"role": "assistant", "content": ""}], tokenize=False
    )
    return len(tokenizer(form, add_special_tokens=False)["input_ids"])
