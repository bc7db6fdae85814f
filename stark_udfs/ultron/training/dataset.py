"""Samples for training: read from Delta, told, and kept in Arrow files that every process maps."""

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from itertools import cycle, islice
from pathlib import Path

from stark_udfs.core.errors import InputError
from stark_udfs.core.ids import seed_of, stable_id
from stark_udfs.settings.ultron import InstructionSettings, UltronSettings
from stark_udfs.ultron.samples import Line, Row, Sample, of_dialogue, of_instruction, of_summary
from stark_udfs.ultron.source import Source, Where

BATCH = 1000  # rows in memory at once
CHARACTERS = 4  # to a token, where no tokenizer is asked: what English comes to


@dataclass(frozen=True)
class Lengths:
    """How long samples are, in tokens estimated at 4 characters each."""

    count: int
    tokens: int
    median: int
    longest: int
    over: int  # samples longer than `max_tokens`

    @classmethod
    def of(cls, tokens: list[int], limit: int) -> "Lengths":
        """Of the samples' lengths."""
        ordered = sorted(tokens)
        middle = ordered[len(ordered) // 2] if ordered else 0
        return cls(len(ordered), sum(ordered), middle, max(ordered, default=0), sum(one > limit for one in ordered))


@dataclass(frozen=True)
class PreparedSamples:
    """Files of samples, and where they came from.

    Attributes:
        train: an Arrow file.
        validation: an Arrow file; None: the split is empty.
        source: address of the table.
        table: its name.
        version: of the table when it was read.
        lengths: of the training samples.
    """

    train: str
    validation: str | None
    source: str
    table: str
    version: int
    lengths: Lengths


def dialogue_samples(root: str, settings: UltronSettings, split: str) -> tuple[Source, Iterator[Sample]]:
    """The samples of a split, of the targets that the settings name."""
    source = Source(root, "training_samples")
    where = targets_of(settings, split)
    told = (
        of_dialogue(row, earlier_images=settings.earlier_images, face=settings.face) for row in source.rows(where=where)
    )
    return source, told


def targets_of(settings: UltronSettings, split: str) -> Where:
    """Which rows of `training_samples` are learned from."""
    of_split = {"split": split}
    if settings.targets == "all":
        return of_split
    return of_split | ({"role": "assistant"} if settings.targets == "assistant" else {"kind": "image"})


def summary_samples(root: str, split: str) -> tuple[Source, Iterator[Sample]]:
    """Memories to write: each session with the memory before it. The split is that of its training samples."""
    source = Source(root, "summaries")
    people = Source(root, "training_samples")
    who = {str(row["episode_id"]): str(row["name"]) for row in people.rows(["episode_id", "name"], {"split": split})}
    return source, _memories(root, source, who)


def _memories(root: str, source: Source, who: dict[str, str]) -> Iterator[Sample]:
    written: dict[str, list[tuple[int, str]]] = {}
    for row in source.rows(["episode_id", "session_number", "summary"]):
        if row["episode_id"] in who:
            written.setdefault(str(row["episode_id"]), []).append(
                (int(str(row["session_number"])), str(row["summary"]))
            )
    for row in Source(root, "sessions").rows(["episode_id", "session_number", "session_date", "interval", "turns"]):
        episode, number = str(row["episode_id"]), int(str(row["session_number"]))
        known = dict(sorted(written.get(episode, [])))
        if number in known:
            before = [text for at, text in known.items() if at < number]
            told = {"before": before[-1] if before else None, "summary": known[number], "name": who[episode]}
            yield of_summary({**row, **told, "sample_id": stable_id(episode, number)})


def with_instructions(samples: Iterable[Sample], settings: InstructionSettings, *, seed: int) -> Iterator[Sample]:
    """Samples with those of an instruction set mixed in evenly, until they are `share` of all.

    Raises:
        InputError: the file is not a JSON list, or has no answer in it.
    """
    if settings.file is None or not settings.share:
        yield from samples
        return
    others = _instructions(settings.file, settings.images, seed)
    owed = 0.0
    for sample in samples:
        yield sample
        owed += settings.share / (1 - settings.share)
        for _ in range(math.floor(owed)):
            yield next(others)
            owed -= 1


def _instructions(file: str, images: str | None, seed: int) -> Iterator[Sample]:
    try:
        records = json.loads(Path(file).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"ultron.instructions.file: {file} cannot be read as JSON: {error}") from error
    found = [one for record in records if isinstance(record, dict) for one in of_instruction(record, images)]
    if not found:
        raise InputError(f"ultron.instructions.file: {file} holds no answer of 'gpt' after a question.")
    found.sort(key=lambda sample: seed_of(seed, "instruction", sample.sample_id))
    return cycle(found)


def prepare(
    root: str, settings: UltronSettings, folder: Path, *, files: str, seed: int, task: str = "dialogue"
) -> PreparedSamples:
    """Write the samples of a training, told as the settings say, once for all its processes.

    Args:
        root: `storage.tables`.
        settings: which targets, and how images are told.
        folder: where to.
        files: `storage.files`, under which the paths of pictures lie.
        seed: of the order in which samples are seen.
        task: dialogue, or summary.

    Raises:
        StorageError: a table is not there.
        InputError: nothing to train on.
    """

    def read(split: str) -> tuple[Source, Iterator[Sample]]:
        return summary_samples(root, split) if task == "summary" else dialogue_samples(root, settings, split)

    source, train = read("train")
    if task == "dialogue":
        train = with_instructions(train, settings.instructions, seed=seed)
    lengths = write_samples(folder / "train.arrow", train, files, settings.max_tokens)
    if not lengths.count:
        raise InputError(_nothing(source, settings))
    validation = write_samples(folder / "validation.arrow", read("validation")[1], files, settings.max_tokens)
    return PreparedSamples(
        train=str(folder / "train.arrow"),
        validation=str(folder / "validation.arrow") if validation.count else None,
        source=source.address,
        table=source.name,
        version=source.version,
        lengths=lengths,
    )


def _nothing(source: Source, settings: UltronSettings) -> str:
    if settings.targets == "image" and any(source.rows(["sample_id"])):
        return f"ultron.targets is image, but {source.address} has no turn in split train that shares an image."
    return (
        f"{source.address} has no sample in split train. Make more episodes (`stark run --episodes N`), or lower "
        "splits.validation and splits.test."
    )


def write_samples(path: Path, samples: Iterable[Sample], files: str, limit: int) -> Lengths:
    """Write an Arrow file of samples, in batches; how long they are.

    Args:
        path: where to; its folder is made.
        samples: to write.
        files: `storage.files`, under which relative paths of pictures lie.
        limit: `max_tokens`.
    """
    import pyarrow as pa

    line = pa.struct([("text", pa.string()), ("image", pa.string())])
    texts = [("sample_id", pa.string()), ("head", pa.string()), ("picture", pa.string()), ("lines", pa.list_(line))]
    schema = pa.schema([*texts, ("tail", pa.string()), ("target", pa.string())])
    path.parent.mkdir(parents=True, exist_ok=True)
    lengths: list[int] = []
    found = (located_sample(sample, files) for sample in samples)
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, schema) as writer:
        while batch := list(islice(found, BATCH)):
            lengths += [characters(sample) // CHARACTERS for sample in batch]
            writer.write_batch(pa.RecordBatch.from_pylist([_row(sample) for sample in batch], schema=schema))
    return Lengths.of(lengths, limit)


def _row(sample: Sample) -> dict[str, object]:
    """As it is kept: trainers take a column called `image` for pixels."""
    told = asdict(sample)
    return {**told, "picture": told.pop("image")}


def characters(sample: Sample) -> int:
    """Of all that a sample tells, without images."""
    return sum(len(line.text) + 1 for line in sample.lines) + len(sample.head) + len(sample.tail) + len(sample.target)


def located_sample(sample: Sample, files: str) -> Sample:
    """A sample with whole paths instead of those under `storage.files`."""

    def whole(path: str | None) -> str | None:
        return path if path is None or Path(path).is_absolute() or "://" in path else f"{files.rstrip('/')}/{path}"

    lines = tuple(replace(line, image=whole(line.image)) for line in sample.lines)
    return replace(sample, image=whole(sample.image), lines=lines)


def restored(row: Row) -> Sample:
    """A sample out of a row of a file."""
    lines = row["lines"]
    if not isinstance(lines, list):
        raise InputError("a file of samples has a row without lines.")
    told = {name: row[name] for name in ("sample_id", "head", "tail", "target")}
    image = row["picture"]
    return Sample(
        **{name: str(value) for name, value in told.items()},
        image=None if image is None else str(image),
        lines=tuple(Line(str(line["text"]), line["image"]) for line in lines),
    )
