"""What Spark runs on a task, without Spark: shards in, vectors out, and the pictures read again by their places."""

import tarfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pyarrow as pa
import pytest

from stark_udfs.core.errors import InputError
from stark_udfs.engine.frames import arrow_schema
from stark_udfs.images.decode import Bounds
from stark_udfs.images.protocols import Pixels, Vectors
from stark_udfs.images.read_images import bytes_of
from stark_udfs.images.retrieval.archives import member_at
from stark_udfs.stages.images.embed import AT_ONCE, HELD, archive_embedder, embedder, picture_type
from tests.images.shards import Files, png, tar_of, zip_of

Row = dict[str, Any]


@dataclass(frozen=True)
class Means:
    """An embedder: the mean of each channel."""

    dims: int = 3

    def load(self) -> "Means":
        return self

    def embed_pictures(self, pictures: Sequence[Pixels]) -> Vectors:
        assert len(pictures) <= AT_ONCE
        return np.array([picture.mean(axis=(0, 1)) for picture in pictures], np.float32)

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        raise NotImplementedError


def embedded(*paths: str, held: int = HELD) -> list[Row]:
    batch = pa.RecordBatch.from_pydict({"path": list(paths)})
    return [row for found in archive_embedder(Means(), Bounds(), held=held)([batch]) for row in found.to_pylist()]


def read(row: Row, most: int = 1_000_000) -> object:
    place = member_at(row["path"], row["offset"], row["size"])
    assert place is not None
    return bytes_of(place, most)


def samples(count: int) -> list[tuple[str, bytes]]:
    return [
        member
        for at in range(count)
        for member in (
            (f"s/{at:04}.json", b'{"license": "cc0", "page": "https://a.example", "source": 7}'),
            (f"s/{at:04}.png", png(at)),
            (f"s/{at:04}.txt", f" picture {at} \n".encode()),
        )
    ]


Form = Callable[[Files], bytes]
FORMS: dict[str, Form] = {
    "a.tar": tar_of,
    "b.tar": lambda files: tar_of(files, tarfile.PAX_FORMAT),
    "c.zip": zip_of,
    "d.zip": lambda files: zip_of(files, zipfile.ZIP_DEFLATED),
}


@pytest.fixture(params=["", "file://", "memory://"])
def put(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str, bytes], str]]:
    """Writes a file to one kind of storage, and says where it is."""

    def write(name: str, data: bytes) -> str:
        path = f"{request.param}{tmp_path}/{name}"
        with fsspec.open(path, "wb") as file:
            file.write(data)
        return path

    yield write
    fsspec.filesystem("memory").store.clear()


Put = Callable[[str, bytes], str]


@pytest.mark.parametrize("form", FORMS)
def describe_archive_embedder():
    def it_gives_each_picture_with_its_texts_and_its_place(put: Put, form: str):
        rows = embedded(path := put(form, FORMS[form](samples(AT_ONCE + 3))))
        assert len(rows) == AT_ONCE + 3
        for at, row in enumerate(rows):
            assert (row["caption"], row["licence"], row["page"]) == (f"picture {at}", "cc0", "https://a.example")
            assert (row["source"], row["fault"]) == ("", None)
            assert row["path"] == f"{path.rsplit('.', 1)[1]}://s/{at:04}.png::{path}"
            assert read(row) == png(at)
        assert len({tuple(row["vector"]) for row in rows}) == len(rows)

    def a_picture_is_read_from_its_piece_though_all_else_is_gone(put: Put, form: str):
        data = FORMS[form](samples(3))
        middle = embedded(put(form, data))[1]
        start, end = middle["offset"], middle["offset"] + middle["size"]
        put(form, bytes(start) + data[start:end])
        assert read(middle) == png(1)

    def one_that_lies_elsewhere_now_is_refused(put: Put, form: str):
        _, second, _ = embedded(put(form, FORMS[form](samples(3))))
        put(form, FORMS[form](samples(3)[3:] + samples(3)[:3]))
        assert "build the index anew" in read(second).detail  # type: ignore[attr-defined]

    def texts_may_lie_before_and_behind_all_pictures(put: Put, form: str):
        files = samples(70)
        for order in (sorted(files, key=lambda file: file[0][-4:]), sorted(files, key=lambda file: file[0][-1:])):
            assert [row["caption"] for row in embedded(put(form, FORMS[form](order)))] == [
                f"picture {at}" for at in range(70)
            ]

    def what_is_no_picture_is_a_row_with_its_fault(put: Put, form: str):
        files = [("1.jpg", b"<html>"), ("2.png", png(2)), ("3.tif", b"II*\x00" + bytes(90)), ("../4.png", png(4))]
        rows = {
            row["path"].split("::")[0].split("/")[-1]: row["fault"] for row in embedded(put(form, FORMS[form](files)))
        }
        assert rows["2.png"] is None
        assert rows["1.jpg"].startswith("markup: ")
        assert "a TIFF file: not taken" in rows["3.tif"]
        assert rows["4.png"].startswith("bad_url: a name that leads out")

    def a_shard_that_breaks_off_is_told_and_the_others_go_on(put: Put, form: str):
        whole, data = put(f"w{form}", FORMS[form](samples(2))), FORMS[form](samples(4))
        rows = embedded(put(form, data[: len(data) // 2]), whole)
        assert [row["path"].split("::")[-1] for row in rows[-2:]] == [whole, whole]
        broken = [row for row in rows if row["fault"]]
        assert len(broken) == 1
        assert "the rest of the archive is left out" in broken[0]["fault"]
        assert len(rows) == (5 if form.endswith("tar") else 3)  # a zip that lacks its end has no list of members

    def it_ends_where_the_storage_does_not_answer(put: Put, form: str):
        with pytest.raises(FileNotFoundError):
            embedded(f"{put(form, b'')}.gone")


def describe_an_archive_of_many():
    def captions_are_found_though_rows_leave_before_its_end(tmp_path: Path):
        (tmp_path / "a.tar").write_bytes(tar_of(samples(300)))
        rows = embedded(str(tmp_path / "a.tar"), held=8)
        assert [row["caption"] for row in rows] == [f"picture {at}" for at in range(300)]

    def two_pictures_of_one_sample_share_its_texts(tmp_path: Path):
        (tmp_path / "a.tar").write_bytes(tar_of([("1.png", png(1)), ("1.txt", b"both"), ("1.webp", png(2))]))
        assert [row["caption"] for row in embedded(str(tmp_path / "a.tar"))] == ["both", "both"]

    def the_web_is_never_opened():
        with pytest.raises(InputError, match="not one of"):
            embedded("http://127.0.0.1/a.tar")


def describe_embedder():
    def it_gives_files_without_a_place(tmp_path: Path):
        (tmp_path / "1.png").write_bytes(png(1))
        (tmp_path / "2.png").write_bytes(b"no")
        rows = [
            {
                "path": f"{tmp_path}/{at}.png",
                "caption": "c",
                "source": "",
                "licence": "",
                "page": "",
                "offset": None,
                "size": None,
            }
            for at in (1, 2)
        ]
        batch = pa.RecordBatch.from_pylist(rows, schema=arrow_schema(picture_type()))
        found = [row for made in embedder(Means(), Bounds())([batch]) for row in made.to_pylist()]
        assert {row["path"][-5]: (row["fault"] or "")[:14] for row in found} == {"1": "", "2": "unknown_format"}
        assert {(row["offset"], row["size"]) for row in found} == {(None, None)}
