import json
import pickle
import tempfile
from pathlib import Path

import fsspec
import numpy as np
import pytest

from stark_udfs.core.errors import StorageError
from stark_udfs.images.protocols import Vectors
from stark_udfs.images.retrieval.build import build
from stark_udfs.images.retrieval.index_store import index_at, local_folder
from stark_udfs.images.retrieval.shards import PictureRow, write_shard

pytestmark = pytest.mark.filterwarnings("ignore:builtin type (Swig|swig):DeprecationWarning")  # of faiss itself


def unit(seed: int, count: int = 5) -> Vectors:
    vectors = np.random.default_rng(seed).normal(size=(count, 8)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def made(folder: Path, seed: int = 0, caption: str = "") -> Path:
    rows = [PictureRow(f"{at}.jpg", caption, "", "", "") for at in range(5)]
    write_shard(folder / "shards" / "0.parquet", unit(seed), rows)
    build([folder / "shards" / "0.parquet"], folder / "index", source="set", embedder="tiny")
    return folder / "index"


def describe_index_at():
    def it_opens_what_lay_there(tmp_path: Path):
        spec = pickle.loads(pickle.dumps(index_at(str(made(tmp_path)), "tiny")))
        assert spec.source == "set"
        assert spec.load().search(unit(0)[:1], 1).ids.tolist() == [[0]]

    def its_version_follows_the_content_alone(tmp_path: Path):
        versions = {
            name: index_at(str(made(tmp_path / name, seed, caption)), "tiny").version
            for name, seed, caption in (("a", 0, ""), ("same", 0, ""), ("vectors", 1, ""), ("rows", 0, "a dog"))
        }
        assert versions["a"] == versions["same"]
        assert len(set(versions.values())) == 3

    def it_says_where_there_is_none(tmp_path: Path):
        with pytest.raises(StorageError, match="no picture index"):
            index_at(str(tmp_path), "tiny")

    def it_reads_an_index_that_was_built_before_there_were_versions(tmp_path: Path):
        card = made(tmp_path) / "card.json"
        told = json.loads(card.read_text())
        del told["content"]
        card.write_text(json.dumps(told))
        assert index_at(str(tmp_path / "index"), "tiny").load().card.rows == 5

    def it_refuses_one_of_another_embedder(tmp_path: Path):
        with pytest.raises(StorageError, match="nothing comparable"):
            index_at(str(made(tmp_path)), "other").load()


def describe_an_index_on_an_object_store():
    def it_is_copied_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        store, uri = fsspec.filesystem("memory"), f"memory://{tmp_path.name}/index"
        store.put(str(made(tmp_path)), uri, recursive=True)
        spec = index_at(uri, "tiny")
        assert spec.load().search(unit(0)[2:3], 1).ids.tolist() == [[2]]
        copy = local_folder(uri, spec.version)
        store.rm(uri, recursive=True)
        assert local_folder(uri, spec.version) == copy
        assert spec.load().card.rows == 5
        assert [path.name for path in copy.parent.iterdir()] == [copy.name], "no draft is left"

    def one_that_is_gone_is_named(tmp_path: Path):
        with pytest.raises(StorageError, match="memory://nowhere"):
            local_folder(f"memory://nowhere-{tmp_path.name}", "v")


def describe_addresses():
    def a_relative_path_is_below_the_index(tmp_path: Path):
        spec = index_at(str(made(tmp_path)), "tiny")
        assert spec.address("pictures/1.jpg") == f"{tmp_path}/index/pictures/1.jpg"
        assert spec.address("/data/1.jpg") == "/data/1.jpg"
        assert spec.address("tar://1.jpg::/data/1.tar") == "tar://1.jpg::/data/1.tar"
