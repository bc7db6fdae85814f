"""Indexes of the three kinds of source, embedded by Spark with a tiny real CLIP."""

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pyspark.sql import SparkSession

from stark_udfs.core.errors import InputError
from stark_udfs.images.decode import Bounds, NoPicture, pixels_of
from stark_udfs.images.models.clip import ClipSpec
from stark_udfs.images.read_images import bytes_of
from stark_udfs.images.retrieval.archives import member_at
from stark_udfs.images.retrieval.index import PictureIndex
from stark_udfs.stages.images.build_index import BuiltIndex, build_index
from tests.images.shards import tar_of, zip_of
from tests.images.tiny import save_clip

COUNT = 12


def png(place: int) -> bytes:
    noise = np.random.default_rng(place).integers(0, 255, (48, 48, 3), dtype=np.uint8)
    data = io.BytesIO()
    Image.fromarray(noise).save(data, "PNG")
    return data.getvalue()


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> ClipSpec:
    return ClipSpec(model=str(save_clip(tmp_path_factory.mktemp("clip"))), device="cpu", half="float32")


def built(spark: SparkSession, place: Path, out: Path, clip: ClipSpec, form: str) -> BuiltIndex:
    return build_index(
        spark,
        str(place),
        out,
        form=form,
        source="mine",
        licence="cc0",
        clip=clip,
        partitions=2,  # type: ignore[arg-type]
    )


def nearest(out: Path, clip: ClipSpec, place: int):
    pixels = pixels_of(png(place), Bounds())
    assert not isinstance(pixels, NoPicture)
    index = PictureIndex.open(out, embedder=clip.name)
    hits = index.search(clip.load().embed_pictures([pixels]), 1)
    return index.rows([int(hits.ids[0, 0])])[0]


def describe_build_index():
    def it_indexes_a_folder_and_counts_what_is_no_picture(spark: SparkSession, tmp_path: Path, clip: ClipSpec):
        pictures = tmp_path / "pictures"
        pictures.mkdir()
        for place in range(COUNT):
            (pictures / f"a_red-door-{place}.png").write_bytes(png(place))
        (pictures / "broken.jpg").write_bytes(b"<html>no</html>")
        made = built(spark, pictures, tmp_path / "index", clip, "folder")
        assert (made.card.rows, made.card.kind, made.left_out) == (COUNT, "flat", 1)
        assert "markup" in made.examples[0]
        row = nearest(tmp_path / "index", clip, 7)
        assert (row.caption, row.source, row.licence) == ("a red door 7", "mine", "cc0")
        assert row.path.endswith("a_red-door-7.png")
        assert sorted(path.name for path in tmp_path.iterdir()) == ["index", "pictures"]

    def it_indexes_webdataset_shards_with_their_captions(spark: SparkSession, tmp_path: Path, clip: ClipSpec):
        shards = tmp_path / "shards"
        shards.mkdir()
        for shard in range(2):
            with tarfile.open(shards / f"{shard:05}.tar", "w") as tar:
                for place in range(shard * 6, shard * 6 + 6):
                    for ending, data in (("png", png(place)), ("txt", f"picture {place}".encode())):
                        info = tarfile.TarInfo(f"{place:06}.{ending}")
                        info.size = len(data)
                        tar.addfile(info, io.BytesIO(data))
        made = built(spark, shards, tmp_path / "index", clip, "webdataset")
        assert (made.card.rows, made.left_out) == (COUNT, 0)
        row = nearest(tmp_path / "index", clip, 9)
        assert row.caption == "picture 9"
        assert row.path == f"tar://000009.png::file://{shards}/00001.tar"
        place = member_at(row.path, row.offset or 0, row.size or 0)
        assert place is not None
        assert bytes_of(place, 100_000) == png(9)

    def it_indexes_shards_that_are_zips_and_counts_what_breaks_off(spark: SparkSession, tmp_path: Path, clip: ClipSpec):
        shards = tmp_path / "shards"
        shards.mkdir()
        samples = [(f"{place}.png", png(place)) for place in range(COUNT)]
        (shards / "a.zip").write_bytes(zip_of(samples[:6]))
        (shards / "b.tar").write_bytes(tar_of(samples[6:])[:-12_000])
        (shards / "c.tar").write_bytes(b"<html>")
        made = built(spark, shards, tmp_path / "index", clip, "webdataset")
        assert made.card.rows + made.left_out < COUNT + 2
        assert made.left_out == 2
        assert all("the rest of the archive is left out" in example for example in made.examples)
        row = nearest(tmp_path / "index", clip, 4)
        assert (row.path, row.source, row.licence) == (f"zip://4.png::file://{shards}/a.zip", "mine", "cc0")

    def it_indexes_a_delta_table_of_paths(spark: SparkSession, tmp_path: Path, clip: ClipSpec):
        rows = []
        for place in range(COUNT):
            (tmp_path / f"{place}.png").write_bytes(png(place))
            rows.append((str(tmp_path / f"{place}.png"), f"row {place}", "cc-by"))
        rows.append(("http://169.254.169.254/latest", "not of one's own storage", ""))
        frame = spark.createDataFrame(rows, "path string, caption string, licence string")
        frame.write.format("delta").save(str(tmp_path / "table"))
        made = built(spark, tmp_path / "table", tmp_path / "index", clip, "table")
        assert (made.card.rows, made.left_out) == (COUNT, 1)
        assert made.examples[0].startswith("http://169.254.169.254/latest: scheme")
        row = nearest(tmp_path / "index", clip, 3)
        assert (row.caption, row.licence, row.source) == ("row 3", "cc-by", "mine")

    def it_refuses_a_source_without_pictures(spark: SparkSession, tmp_path: Path, clip: ClipSpec):
        (tmp_path / "empty").mkdir()
        with pytest.raises(InputError, match="no file that ends in"):
            built(spark, tmp_path / "empty", tmp_path / "index", clip, "folder")
        (tmp_path / "bad").mkdir()
        (tmp_path / "bad" / "a.png").write_bytes(b"nothing")
        with pytest.raises(InputError, match="none of 1 files"):
            built(spark, tmp_path / "bad", tmp_path / "index", clip, "folder")
