"""What a picture of a WebDataset shard costs: `python bench/shards.py [--members 500 4000 10000]`.

Pictures of 64 px with captions, in tar, in zip, and in zip deflated. `built_ms` is one of them while an index is built;
the embedder costs nothing, so that what is left is reading and decoding. `read_ms` is a later read of one by its place.
`by_name_ms` is the same where nobody kept the place: the shard is opened and listed for it, as it once was for
every picture while an index was built. Writes bench/out/shards.json; exits 1 where building costs more than the target.
"""

import argparse
import io
import json
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from PIL import Image

from stark_udfs.images.decode import Bounds
from stark_udfs.images.protocols import Pixels, Vectors
from stark_udfs.images.read_images import bytes_of
from stark_udfs.images.retrieval.archives import member_at
from stark_udfs.stages.images.embed import archive_embedder

OUT = Path(__file__).parent / "out" / "shards.json"
SIDE, MOST, ASKED = 64, 1_000_000, 5  # px; bytes; pictures that are read by name


@dataclass(frozen=True)
class Free:
    """An embedder that looks at nothing."""

    dims: int = 8

    def load(self) -> "Free":
        """Itself."""
        return self

    def embed_pictures(self, pictures: Sequence[Pixels]) -> Vectors:
        """Ones."""
        return np.ones((len(pictures), self.dims), np.float32)

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """Ones."""
        return np.ones((len(texts), self.dims), np.float32)


def samples(count: int) -> list[tuple[str, bytes]]:
    """Names and contents of a shard's members."""
    rng, made = np.random.default_rng(1), []
    for at in range(count):
        data = io.BytesIO()
        Image.fromarray(rng.integers(0, 255, (SIDE, SIDE, 3), dtype=np.uint8)).save(data, "JPEG")
        made += [(f"{at:06}.jpg", data.getvalue()), (f"{at:06}.txt", f"picture {at}".encode())]
    return made


def tar(path: Path, members: Sequence[tuple[str, bytes]]) -> Path:
    """A shard as WebDataset writes it."""
    with tarfile.open(path, "w") as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def zipped(path: Path, members: Sequence[tuple[str, bytes]], method: int) -> Path:
    """The same as a zip."""
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


def each_ms(work: Callable[[], object], count: int) -> float:
    """Milliseconds of one of `count`."""
    started = time.perf_counter()
    work()
    return round((time.perf_counter() - started) * 1000 / count, 3)


def measure(kind: str, shard: Path, pictures: int) -> dict[str, object]:
    """One shard."""
    rows: list[dict[str, object]] = []

    def one_pass() -> None:
        paths = pa.RecordBatch.from_pydict({"path": [f"file://{shard}"]})
        rows.extend(row for batch in archive_embedder(Free(), Bounds())([paths]) for row in batch.to_pylist())

    def by_place() -> None:
        for row in asked:
            place = member_at(str(row["path"]), int(str(row["offset"])), int(str(row["size"])))
            assert place is not None
            assert isinstance(bytes_of(place, MOST), bytes)

    def by_name() -> None:
        for row in asked[:ASKED]:
            assert isinstance(bytes_of(str(row["path"]), MOST), bytes)

    built = each_ms(one_pass, pictures)
    assert [row["fault"] for row in rows] == [None] * pictures
    asked = rows[:: max(1, pictures // 200)]
    return {
        "kind": kind,
        "pictures": pictures,
        "built_ms": built,
        "read_ms": each_ms(by_place, len(asked)),
        "by_name_ms": each_ms(by_name, min(ASKED, len(asked))),
    }


def main() -> int:
    """Measure shards of several sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, nargs="+", default=[500, 4_000, 10_000])
    parser.add_argument("--target", type=float, default=5.0, help="ms a picture")
    options = parser.parse_args()
    results = []
    for count in options.members:
        members = samples(count)
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            shards = {
                "tar": tar(place / "a.tar", members),
                "zip": zipped(place / "b.zip", members, zipfile.ZIP_STORED),
                "zip deflated": zipped(place / "c.zip", members, zipfile.ZIP_DEFLATED),
            }
            for kind, shard in shards.items():
                results.append(measure(kind, shard, count))
                print(json.dumps(results[-1]), flush=True)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    slow = [result for result in results if float(str(result["built_ms"])) > options.target]
    if slow:
        print(f"over {options.target} ms a picture: {slow}", file=sys.stderr)
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
