"""What the paper's data set would take, and a hundred times that: `python -m bench.scale paper`. docs/scale.md has it.

Arithmetic over what one episode, session and image took in a finished demo and over rates that were measured elsewhere;
every line says which. Nothing is asked and no Spark is started.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.scale.million import DEMO
from bench.scale.usage import Asked, Per, Usage, per, used
from stark_udfs.settings.chat_models import MILLION, BatchSettings, Price
from stark_udfs.stages.pipeline import Settings, load_settings
from stark_udfs.stages.text.personas import stage as personas
from stark_udfs.tables.tuning import MOST_ROWS_A_TASK

HOUR, MINUTE, GB = 3600, 60, 1e9
SMALL, HUNDRED = 10, 100
TARGETS = ("openai", "paper")  # of whose models the prices are


@dataclass(frozen=True)
class Size:
    """What is released."""

    episodes: int
    sessions: int
    images: int

    def times(self, count: int) -> "Size":
        """So many times as much."""
        return Size(self.episodes * count, self.sessions * count, self.images * count)


PAPER = Size(episodes=93_000, sessions=500_000, images=900_000)  # its Table 1
BEGUN = 1 / (1 - 0.071)  # of a released episode: the paper removes 7.1 % for their number of sessions (its 3.9)


@dataclass(frozen=True)
class Rates:
    """What was measured elsewhere, or is assumed.

    latency_s: of a call; an assumption. painted_per_s: SdxlPainter, batch 8 (docs/images.md). personal_per_s: not
    measured. rated_per_s: CLIP ViT-L/14 at 336 px alone, 32 in 0.033 s. picture_bytes: a public shard has 50,000
    pictures in 10.4 GB. row_cpu_s: parse, duplicates and first commit. episode_cpu_s: assembly. memory: peaks, by size.
    """

    latency_s: float = 3.0
    in_flight: int = 64
    calls_per_minute: tuple[int, ...] = (1_200, 10_000)
    tokens_per_minute: tuple[int, ...] = (200_000, 10_000_000)
    painted_per_s: float = 3.4
    personal_per_s: float = 8 / (50 * 2 * 0.150 + 0.93)
    rated_per_s: float = 32 / 0.033
    picture_bytes: float = 10.4e9 / 50_000
    row_cpu_s: float = 0.00041
    episode_cpu_s: float = 0.0063
    memory: tuple[str, ...] = ("4.7 and 0.35 at 100,000 episodes", "not measured")


RATES = Rates()


@dataclass(frozen=True)
class Line:
    """One line of the table: a figure for each size, and where it comes from."""

    what: str
    figures: tuple[str, ...]
    source: str


@dataclass(frozen=True)
class Tariff:
    """A model's price, by `conf/<target>.yml`."""

    target: str
    model: str
    price: Price
    batch: BatchSettings

    def live(self, works: Sequence[Asked]) -> list[float]:
        """What the calls cost, asked one by one."""
        return [self.price.of_tokens(round(work.tokens_in), round(work.tokens_out)) for work in works]

    def by_batch(self, works: Sequence[Asked]) -> list[float]:
        """What they cost through the batch API."""
        return [self.batch.price_share * money for money in self.live(works)]


def tariff(target: str) -> Tariff:
    """Of a target's default model."""
    model = load_settings(target).models["default"]
    return Tariff(target, model.name, model.price, model.batch)


def asked(usage: Usage, settings: Settings, size: Size) -> Asked:
    """All chat calls for so many released episodes: each stage's, by what it grows with, of all that were begun.

    A demo keeps one sentence of a call of `personas`; how many calls there are otherwise follows from the settings.
    """
    counts = released(size)
    total = Asked(0.0, 0.0, 0.0)
    for stage, each in usage.asked.items():
        units = counts[per(stage)] * BEGUN
        if stage == personas.TABLE.name:
            one = settings.pipeline.model_copy(update={"episodes": round(units)})
            part = each.times(personas.calls(settings.model_copy(update={"pipeline": one})) / each.calls)
        else:
            part = each.times(units)
        total += part
    return total


def released(size: Size) -> Mapping[Per, int]:
    """A size by its units."""
    return {Per.EPISODE: size.episodes, Per.SESSION: size.sessions, Per.IMAGE: size.images}


def hours_in_flight(calls: float, latency_s: float, in_flight: int) -> float:
    """With so many requests always under way."""
    return calls * latency_s / in_flight / HOUR


def lines(
    usage: Usage, settings: Settings, tariffs: Sequence[Tariff], rates: Rates, sizes: Sequence[Size]
) -> list[Line]:
    """The table, line by line; one figure for each size."""
    works = [asked(usage, settings, size) for size in sizes]
    return [
        *(line(per, "paper, Table 1", [released(size)[per] for size in sizes]) for per in Per),
        *_calls(usage, tariffs, works),
        *_hours(tariffs, rates, works),
        *_pictures(usage, settings.aligner.samples, rates, sizes),
        *_tables(usage, rates, sizes),
    ]


def line(what: str, source: str, figures: Iterable[float]) -> Line:
    """A line of numbers, in millions where they are that large."""
    return Line(what, tuple(_told(figure) for figure in figures), source)


def _told(figure: float) -> str:
    if figure >= MILLION:
        return f"{figure / MILLION:,.1f} million"
    return f"{figure:,.{int(0 < figure < SMALL)}f}"


def _calls(usage: Usage, tariffs: Sequence[Tariff], works: Sequence[Asked]) -> Iterator[Line]:
    demo = f"a demo of {usage.counts[Per.EPISODE]} episodes"
    yield line("chat calls", f"{demo}; 7.1 % of the episodes begun are not released", [work.calls for work in works])
    yield line("tokens in", f"{demo}, at 4 characters a token", [work.tokens_in for work in works])
    yield line("tokens out", "the same; the offline author's replies", [work.tokens_out for work in works])
    for one in tariffs:
        price, batch = one.price, one.batch
        pair = f"{price.input:g} / {price.output:g} {price.currency} a million in / out"
        yield line(
            f"{price.currency}, {one.model}, live", f"{pair}: conf/{one.target}.yml, {price.as_of}", one.live(works)
        )
        source = f"{batch.price_share:g} of it: {batch.source}, {batch.as_of}"
        yield line(f"{price.currency}, {one.model}, by batch", source, one.by_batch(works))
    yield line("USD, for each USD a million tokens in cost", "tokens in", [work.tokens_in / MILLION for work in works])
    yield line(
        "USD, for each USD a million tokens out cost", "tokens out", [work.tokens_out / MILLION for work in works]
    )


def _hours(tariffs: Sequence[Tariff], rates: Rates, works: Sequence[Asked]) -> Iterator[Line]:
    waits = [hours_in_flight(work.calls, rates.latency_s, rates.in_flight) for work in works]
    yield line(f"hours, {rates.in_flight} calls in flight", f"{rates.latency_s:g} s a call: assumed", waits)
    for rate in rates.calls_per_minute:
        yield line(f"hours, {rate:,} calls a minute", "calls", [work.calls / rate / MINUTE for work in works])
    for most in rates.tokens_per_minute:
        hours = [(work.tokens_in + work.tokens_out) / most / MINUTE for work in works]
        yield line(f"hours, {most:,} tokens a minute", "tokens in and out", hours)
    batch = tariffs[0].batch
    files = [work.calls / batch.requests for work in works]
    yield line("files by batch, at least", f"{batch.requests:,} calls a file: {batch.source}", files)


def _pictures(usage: Usage, samples: int, rates: Rates, sizes: Sequence[Size]) -> Iterator[Line]:
    faces, images = ([released(size)[what] * BEGUN for size in sizes] for what in (Per.EPISODE, Per.IMAGE))
    speed = f"{rates.painted_per_s:g} a second: measured, one H100, 8 steps"
    yield line("GPU hours, a face an episode", speed, [count / rates.painted_per_s / HOUR for count in faces])
    share = usage.modules.get("t2i", 0.0)
    once = [share * count / rates.painted_per_s / HOUR for count in images]
    yield line("GPU hours, images without the person, painted once", f"{speed}; {share:.0%} of the demo's images", once)
    more = [samples * hours for hours in once]
    yield line(f"GPU hours, the same, {samples} paintings each", "aligner.samples of conf/base.yml", more)
    tenth = [0.1 * count / rates.personal_per_s / HOUR for count in images]
    source = f"not measured: {rates.personal_per_s:.2f} a second by 50 steps of 2 × 0.150 s and 0.93 s for 8"
    yield line("GPU hours, for each tenth of the images that shows the person", source, tenth)
    rated = [usage.picture_files * count / rates.rated_per_s / HOUR for count in images]
    yield line("GPU hours, CLIP over all files", "the model alone, measured on one H200", rated)
    files = [usage.picture_files * count + face for count, face in zip(images, faces, strict=True)]
    yield line("picture files", f"{usage.picture_files:.2f} for an image in the demo, and the faces", files)
    size = f"{rates.picture_bytes / 1e3:.0f} KB each, as in the public data set's shards"
    yield line("pictures, GB", size, [count * rates.picture_bytes / GB for count in files])


def _tables(usage: Usage, rates: Rates, sizes: Sequence[Size]) -> Iterator[Line]:
    demo = f"a demo of {usage.counts[Per.EPISODE]} episodes"
    begun = [{what: count * BEGUN for what, count in released(size).items()} for size in sizes]
    rows = [sum(one.rows * counts[per(name)] for name, one in usage.stored.items()) for counts in begun]
    size = [sum(one.bytes * counts[per(name)] for name, one in usage.stored.items()) for counts in begun]
    yield line("rows of all tables", demo, rows)
    yield line("tables, GB", f"{demo}: Parquet, prompts and replies among it", [one / GB for one in size])
    source = f"{MOST_ROWS_A_TASK:,} rows each; `stark maintain` makes fewer of them"
    yield line("table files, about", source, [count / MOST_ROWS_A_TASK for count in rows])
    cpu = [
        (count * rates.row_cpu_s + counts[Per.EPISODE] * rates.episode_cpu_s) / HOUR
        for count, counts in zip(rows, begun, strict=True)
    ]
    yield line("core hours of Spark for rows", "case `million` at 1,000,000, as if each row were a sentence", cpu)
    yield Line("GB, driver's Java and a Python worker", rates.memory, "case `million`: peaks, with a heap of 4 GB")


def markdown(table: Sequence[Line], heads: Sequence[str]) -> str:
    """The table, as docs/scale.md has it."""
    rows = [("", *heads, "from"), ("---", *("--:" for _ in heads), "---")]
    rows += [(one.what, *one.figures, one.source) for one in table]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def show() -> None:
    """Print the table."""
    usage = used(Path(os.environ.get(DEMO, "warehouse/tables")))
    sizes = (PAPER, PAPER.times(HUNDRED))
    table = lines(usage, load_settings(TARGETS[0]), [tariff(target) for target in TARGETS], RATES, sizes)
    print(markdown(table, ("the paper's", "100 times that")))
