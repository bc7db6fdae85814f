"""How fast one device paints, rates and embeds: `python -m bench.paint_throughput --out FILE`, about six minutes.

Models have their full size and random weights, which cost as much as learnt ones; the code that works with them is the
package's own. Printed as one table: the floor (the model's arithmetic at the speed of a large matrix product), pictures
per second by batch, the parts of a batch, orders to files, rating, embedding. Where there is no GPU it says so and
exits 0; `--tiny` runs small models on whatever there is, to check the script: it takes 20 s of a core. Nothing is
downloaded. The exit code is 1 where a part of the table is missing or is no number that could be.
"""

import argparse
import io
import json
import math
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    import torch

    from bench.paint_models import Size
    from stark_udfs.images.executors.paint import PaintExecutor
    from stark_udfs.images.models.sdxl import SdxlPainter
    from stark_udfs.images.requests import Finish, ImageResult, ImageTask, Unavailable

NEEDED = ("torch", "diffusers", "transformers", "accelerate", "pydantic", "PIL", "numpy")
BATCHES = (1, 4, 8, 16, 32)
PARTS = (  # what the table has wherever it is measured
    *("floor", "text", "UNet, one step", "VAE decode and bytes", "VAE, bfloat16 against float32", "floats to bytes"),
    *("painting", "painting, share of the floor", "orders to files", "rating, files to scores"),
    *("decode and prepare, one after the other by Pillow", "decode and prepare, in threads and batches"),
    "embedding, files to vectors",
)
LEAST_PSNR = 30.0  # dB, of a VAE in bfloat16 against float32
WORDS = "a photo of a person reading a book by the sea"
SIDE = 1024  # px

Model = TypeVar("Model")


@dataclass(frozen=True)
class Line:
    """One line of the table: what, under which circumstances, and how much of which unit."""

    part: str
    of: str
    value: float
    unit: str


def main() -> int:
    """Measure, or say why not."""
    parser = argparse.ArgumentParser(prog="python -m bench.paint_throughput", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("bench/out/paint_throughput.json"))
    parser.add_argument("--tiny", action="store_true", help="small models on whatever device there is")
    options = parser.parse_args()
    missing = missing_packages()
    if missing:
        print(f"skipped: {', '.join(missing)} not installed. pip install {' '.join(missing)}")
        return 0
    import diffusers
    import torch
    import transformers

    if not (torch.cuda.is_available() or options.tiny):
        print("skipped: no GPU here; the full model would take minutes per picture on a CPU")
        return 0
    diffusers.utils.logging.set_verbosity_error()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if options.tiny:
        torch.set_num_threads(1)  # tiny models lose time on more
    report: dict[str, object] = {
        "device": torch.cuda.get_device_name() if device == "cuda" else "cpu",
        "model": "tiny" if options.tiny else "full size, random weights",
        "versions": {m.__name__: m.__version__ for m in (torch, diffusers, transformers)},
    }
    print(json.dumps(report))
    lines: list[Line] = []
    for line in measured(device, tiny=options.tiny):
        lines.append(line)
        print(f"| {line.part} | {line.of} | {line.value:g} {line.unit} |", flush=True)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    report["lines"] = [asdict(line) for line in lines]
    options.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    wrong = faults(lines)
    if wrong:
        print("\n".join(wrong), file=sys.stderr)
    return 1 if wrong else 0


def faults(lines: Sequence[Line]) -> list[str]:
    """What is missing in a table, and which of its numbers cannot be."""
    there = {line.part for line in lines}
    found = [f"{part} is missing" for part in PARTS if part not in there]
    for line in lines:
        if "out of memory" not in line.unit and not (math.isfinite(line.value) and line.value >= 0):
            found.append(f"{line.part}, {line.of}: {line.value:g} {line.unit}")
        elif line.unit == "dB" and line.value < LEAST_PSNR:
            found.append(f"{line.part}: {line.value:g} dB, less than {LEAST_PSNR:g}")
        elif line.unit == "images/s" and line.value == 0:
            found.append(f"{line.part}, {line.of}: nothing was made")
    return found


def missing_packages() -> list[str]:
    """What the measurement needs and this machine has not."""
    from importlib.util import find_spec

    return [name for name in NEEDED if find_spec(name) is None]


def measured(device: str, *, tiny: bool) -> Iterator[Line]:
    """All lines of the table, as they come."""
    import torch

    from bench.paint_models import TINY, Size, operations, painter_of

    size = TINY if tiny else Size()
    dtype = torch.float16 if device == "cuda" else torch.float32
    half = torch.bfloat16 if device == "cuda" else torch.float32
    floor = sum(operations(size).values()) / peak(device, dtype, 512 if tiny else 8192)
    yield Line("floor", f"{size.picture} px, 8 steps", round(1 / floor, 2), "images/s")
    painter = painter_of(size, device, dtype, vae_precision=half, compile="off")
    yield from parts(painter, size, device, 2 if tiny else 8)
    yield from sweep(painter, size, device, floor, how="as written", batches=BATCHES[:2] if tiny else (1, 8))
    if device == "cuda":
        painter = painter_of(size, device, dtype, vae_precision=half, compile="auto")
        yield from sweep(painter, size, device, floor, how="compiled", batches=BATCHES)
    yield from to_files(painter, size, device, at_once=2 if tiny else 8, pictures=4 if tiny else 32)
    yield from rating(device, dtype, tiny=tiny)


def peak(device: str, dtype: "torch.dtype", side: int) -> float:
    """Operations per second of a matrix product of that side."""
    import torch

    one, other = (torch.randn(side, side, device=device, dtype=dtype) for _ in range(2))
    return 2 * side**3 / seconds(lambda: one @ other, device, times=10)


def seconds(work: Callable[[], object], device: str, *, times: int = 1) -> float:
    """Of one call, after one that is not counted."""
    work()
    settle(device)
    start = time.perf_counter()
    for _ in range(times):
        work()
    settle(device)
    return (time.perf_counter() - start) / times


def settle(device: str) -> None:
    """Wait until the device has done what it was given."""
    import torch

    if device != "cpu":
        torch.cuda.synchronize()


def parts(painter: "SdxlPainter", size: "Size", device: str, batch: int) -> Iterator[Line]:
    """What the parts of a batch take."""
    import numpy as np
    import torch

    from stark_udfs.images.models.latents import LatentDecoder, to_bytes
    from stark_udfs.images.models.sdxl import read_text

    pipeline, of = painter.pipeline, f"batch {batch}"
    latents = torch.randn(batch, 4, size.latent, size.latent, device=device, dtype=pipeline.unet.dtype)
    text = read_text(pipeline, WORDS)
    yield Line("text", "one prompt", round(seconds(lambda: read_text(pipeline, WORDS), device), 4), "s")
    tokens, pooled = (part.expand(batch, *part.shape[1:]) for part in text)
    added = {"text_embeds": pooled, "time_ids": torch.zeros(batch, 6, device=device, dtype=latents.dtype)}

    def step() -> None:
        with torch.inference_mode():
            pipeline.unet(latents, 500, encoder_hidden_states=tokens, added_cond_kwargs=added)

    yield Line("UNet, one step", of, round(seconds(step, device), 4), "s")
    shown: dict[str, np.ndarray] = {}
    for name in ("float32", "bfloat16"):
        pipeline.vae.to(getattr(torch, name))
        decoder = LatentDecoder(pipeline.vae)
        yield Line(
            "VAE decode and bytes", f"{of}, {name}", round(seconds(partial(decoder.decode, latents), device), 4), "s"
        )
        shown[name] = decoder.decode(latents).astype(np.float64)
    error = float(np.mean((shown["float32"] - shown["bfloat16"]) ** 2))
    yield Line("VAE, bfloat16 against float32", "PSNR, random weights", round(10 * np.log10(255**2 / error), 1), "dB")
    pipeline.vae.to(torch.bfloat16 if device == "cuda" else torch.float32)
    floats = torch.rand(batch, 3, size.picture, size.picture, device=device)
    yield Line("floats to bytes", f"{of}, on the device", round(seconds(lambda: to_bytes(floats), device), 4), "s")

    def on_the_host() -> object:
        return (floats.permute(0, 2, 3, 1).cpu().numpy() * 255).round().clip(0, 255).astype(np.uint8)

    yield Line("floats to bytes", f"{of}, on the host", round(seconds(on_the_host, device), 4), "s")


def sweep(
    painter: "SdxlPainter", size: "Size", device: str, floor: float, *, how: str, batches: tuple[int, ...]
) -> Iterator[Line]:
    """Pictures per second at each batch that fits; `floor` is the least number of seconds of one picture."""
    import torch

    from stark_udfs.images.protocols import OutOfMemory, Painting

    for batch in batches:
        rows = [Painting(str(at), WORDS, at, size.picture, size.picture) for at in range(batch)]
        of = f"batch {batch}, {how}"
        if device == "cuda":
            torch.cuda.reset_peak_memory_stats()
        begun = time.perf_counter()
        try:
            painter.paint(rows)
            settle(device)
            first = time.perf_counter() - begun
            each = seconds(partial(painter.paint, rows), device) / batch
        except OutOfMemory:
            yield Line("painting", of, 0, "images/s: out of memory")
            break
        yield Line("painting", of, round(1 / each, 2), "images/s")
        yield Line("painting, share of the floor", of, round(floor / each, 2), "")
        if how == "compiled":
            yield Line("first batch, compiling included", of, round(first, 1), "s")
        if device == "cuda":
            yield Line("peak memory", of, round(torch.cuda.max_memory_allocated() / 1e9, 1), "GB")


def to_files(painter: "SdxlPainter", size: "Size", device: str, *, at_once: int, pictures: int) -> Iterator[Line]:
    """From orders to files, through the executor and the worker that runs it beside the writing threads."""
    from stark_udfs.images.executors.paint import PaintExecutor
    from stark_udfs.images.files import ImageFiles
    from stark_udfs.images.requests import ImageRequest, Module
    from stark_udfs.images.worker import ImageWorker

    spec = Ready(painter)
    with tempfile.TemporaryDirectory() as folder:
        executor = OnlyPaints(PaintExecutor(spec, at_once, ImageFiles(folder), source="random"))
        side = size.picture

        def all_of_them() -> None:
            with ImageWorker[int](executor, at_once=max(1, at_once // 4)) as worker:
                for number in range(pictures // 4):
                    seeds = tuple(4 * number + at for at in range(4))
                    worker.put(
                        number, ImageRequest(module=Module.T2I, prompt=WORDS, width=side, height=side, seeds=seeds)
                    )
                while worker.held:
                    worker.turn()
                if worker.failure is not None:
                    raise worker.failure

        took = seconds(all_of_them, device)
    yield Line("orders to files", f"{pictures} images, batch {at_once}", round(pictures / took, 2), "images/s")


def rating(device: str, dtype: "torch.dtype", *, tiny: bool) -> Iterator[Line]:
    """JPEGs of the store to scores and to vectors; and the part of it that needs no model, before and now."""
    import numpy as np
    from PIL import Image

    from bench.paint_models import clip_of
    from stark_udfs.images.candidates import read_picture
    from stark_udfs.images.executors.rate import RateExecutor
    from stark_udfs.images.files import ImageFiles
    from stark_udfs.images.models.processors import Preparation, clip_processor, pixel_values
    from stark_udfs.images.models.scorers import ClipScorer
    from stark_udfs.images.reading import PictureReader, in_threads, worth_reading
    from stark_udfs.images.requests import ScoreRequest

    count, side = (16, 256) if tiny else (256, SIDE)
    noise = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as folder:
        files, paths = ImageFiles(folder), []
        for _ in range(count):
            soft = Image.fromarray(noise.integers(0, 256, (side // 16, side // 16, 3), np.uint8)).resize((side, side))
            data = io.BytesIO()
            soft.save(data, "JPEG", quality=90)
            paths.append(files.put(data.getvalue(), "jpg").path)
        processor = clip_processor(side=336)

        def one_by_one() -> None:
            read = [read_picture(files, path) for path in paths[:16]]
            pixel_values(processor, [one for one in read if not isinstance(one, str)])

        before = seconds(one_by_one, "cpu") / 16
        of = f"JPEGs of {side} px"
        yield Line("decode and prepare, one after the other by Pillow", of, round(1 / before, 1), "images/s")
        preparation = Preparation.of(processor)
        assert preparation is not None
        reader, least = PictureReader(files), worth_reading([preparation.side])

        def ready() -> None:
            for start in range(0, count, 64):
                preparation(reader.read(paths[start : start + 64], least), device)  # type: ignore[arg-type]  # all are there

        yield Line(
            "decode and prepare, in threads and batches", of, round(count / seconds(ready, device), 1), "images/s"
        )
        clip = clip_of(device, dtype, tiny=tiny)
        rater = RateExecutor(files, Ready(ClipScorer(clip, 1.0)))
        rates = [
            ScoreRequest(paths=tuple(paths[at : at + 4]), captions=("",) * 4, description=WORDS)
            for at in range(0, count, 4)
        ]
        yield Line(
            "rating, files to scores", of, round(count / seconds(lambda: rater.work(rates), device), 1), "images/s"
        )

        def embed() -> None:
            held = list(in_threads(paths, lambda path: read_picture(files, path, least)))
            clip.embed_pictures([one for one in held if not isinstance(one, str)])

        yield Line("embedding, files to vectors", of, round(count / seconds(embed, device), 1), "images/s")


@dataclass(frozen=True, eq=False)
class Ready(Generic[Model]):
    """A spec of what is loaded already."""

    model: Model
    low: float = 0.0
    high: float = 1.0

    def load(self) -> Model:
        """The model."""
        return self.model


@dataclass(frozen=True)
class OnlyPaints:
    """A backend that paints."""

    executor: "PaintExecutor"

    def ahead(self, orders: "Sequence[ImageTask]") -> None:
        """Nothing is read."""

    def begin(self, orders: "Sequence[ImageTask]") -> "Iterator[tuple[int, Finish]]":
        """See `ImageBackend.begin`."""
        from stark_udfs.images.requests import ImageRequest

        yield from self.executor.begin([order for order in orders if isinstance(order, ImageRequest)])

    def work(self, orders: "Sequence[ImageTask]") -> "list[ImageResult | Unavailable]":
        """See `ImageBackend.work`."""
        return [finish() for _, finish in self.begin(orders)]


if __name__ == "__main__":
    sys.exit(main())
