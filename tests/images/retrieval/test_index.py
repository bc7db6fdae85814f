import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from stark_udfs.core.errors import InputError, StorageError
from stark_udfs.images.protocols import Vectors
from stark_udfs.images.retrieval.build import IndexRule, build
from stark_udfs.images.retrieval.index import PictureIndex
from stark_udfs.images.retrieval.shards import PictureRow, Shards, exact, recall, write_shard

pytestmark = pytest.mark.filterwarnings("ignore:builtin type (Swig|swig):DeprecationWarning")  # of faiss itself

DIMS = 32
RULE = IndexRule(flat_up_to=500, ivf_up_to=1500, train_per_list=40, batch=128)


def clustered(count: int, seed: int = 0, clusters: int = 40) -> Vectors:
    centres = np.random.default_rng(7).normal(size=(clusters, DIMS))
    rng = np.random.default_rng(seed)
    vectors = centres[rng.integers(0, clusters, count)] + 0.4 * rng.normal(size=(count, DIMS))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def save(folder: Path, vectors: Vectors, sizes: tuple[int, ...]) -> list[Path]:
    paths, start = [], 0
    for at, size in enumerate(sizes):
        rows = [
            PictureRow(f"{row}.jpg", f"caption {row}", "set", "cc0", f"https://a.example/{row}")
            for row in range(start, start + size)
        ]
        paths.append(folder / f"{at:03}.parquet")
        write_shard(paths[-1], vectors[start : start + size], rows)
        start += size
    return paths


def made(folder: Path, count: int, rule: IndexRule = RULE) -> tuple[PictureIndex, Vectors, list[Path]]:
    vectors = clustered(count)
    shards = save(folder / "shards", vectors, (count // 3, count // 2, count - count // 3 - count // 2))
    build(shards, folder / "index", source="set", embedder="tiny-clip", rule=rule)
    return PictureIndex.open(folder / "index", embedder="tiny-clip"), vectors, shards


def describe_search():
    @pytest.mark.parametrize(("count", "kind"), [(300, "flat"), (1200, "ivf"), (2000, "ivf_sq8")])
    def it_finds_the_true_nearest(tmp_path: Path, count: int, kind: str):
        index, _, shards = made(tmp_path, count)
        queries = clustered(50, seed=1)
        hits = index.search(queries, 10)
        assert index.card.kind == kind
        assert recall(hits.ids, exact(Shards(shards), queries, 10)) >= 0.97
        assert (np.diff(hits.scores, axis=1) <= 0).all()

    def it_gives_cosines(tmp_path: Path):
        index, vectors, _ = made(tmp_path, 300)
        hits = index.search(vectors[:5], 3)
        assert hits.ids[:, 0].tolist() == [0, 1, 2, 3, 4]
        assert np.allclose(hits.scores[:, 0], 1, atol=1e-5)

    def it_gives_all_where_there_are_fewer(tmp_path: Path):
        index, vectors, _ = made(tmp_path, 7)
        assert sorted(index.search(vectors[:1], 50).ids[0].tolist()) == list(range(7))

    @pytest.mark.parametrize("most", [10_000, 0], ids=["ivf", "ivf_sq8"])
    def it_says_where_it_looked_at_too_few_lists(tmp_path: Path, most: int):
        rule = IndexRule(flat_up_to=0, ivf_up_to=most, recall=0.0, train_per_list=40)
        index, _, _ = made(tmp_path, 2000, rule)
        hits = index.search(clustered(3, seed=4), 2000)
        for ids, scores in zip(hits.ids, hits.scores, strict=True):
            found = int((ids >= 0).sum())
            assert 10 < found < 2000
            assert (ids[found:] == -1).all()
            assert len(set(ids[:found].tolist())) == found
            assert scores[found - 1] >= -1
            assert (scores[found:] < -1).all()


def describe_rows():
    def it_tells_what_is_known_in_the_order_asked(tmp_path: Path):
        index, _, _ = made(tmp_path, 900)
        assert [row.caption for row in index.rows([899, 0, 301, 300, 899])] == [
            f"caption {at}" for at in (899, 0, 301, 300, 899)
        ]
        assert index.rows([5])[0].offset is None
        assert index.rows([5]) == [PictureRow("5.jpg", "caption 5", "set", "cc0", "https://a.example/5")]
        assert index.rows([]) == []

    @pytest.mark.parametrize("wrong", [-1, 900])
    def it_refuses_ids_that_it_does_not_have(tmp_path: Path, wrong: int):
        index, _, _ = made(tmp_path, 900)
        with pytest.raises(InputError, match="from 0 to 899"):
            index.rows([0, wrong])


def describe_build():
    def it_measures_its_own_recall_and_searches_no_more_than_it_needs(tmp_path: Path):
        index, _, _ = made(tmp_path, 2000)
        assert index.card.recall >= 0.98 or index.card.probes == index.card.lists
        assert index.card.probes < index.card.lists
        assert index.vectors.nprobe == index.card.probes

    def it_measures_with_the_queries_given(tmp_path: Path):
        vectors = clustered(1200)
        shards = save(tmp_path / "shards", vectors, (1200,))
        far = np.random.default_rng(3).normal(size=(64, DIMS)).astype(np.float32)
        near, hard = (
            build(shards, tmp_path / name, source="set", embedder="e", rule=RULE, queries=queries)
            for name, queries in (("near", None), ("hard", far))
        )
        assert hard.probes >= near.probes

    def it_gives_equal_indexes_from_equal_shards(tmp_path: Path):
        vectors = clustered(1200)
        queries = clustered(20, seed=2)
        found = []
        for name in ("one", "two"):
            shards = save(tmp_path / name, vectors, (700, 500))
            build(shards[::-1], tmp_path / f"{name}.index", source="set", embedder="e", rule=RULE)
            found.append(PictureIndex.open(tmp_path / f"{name}.index", embedder="e").search(queries, 10).ids)
        assert (found[0] == found[1]).all()

    def it_replaces_an_older_index_and_leaves_nothing_beside_it(tmp_path: Path):
        made(tmp_path, 300)
        index, _, _ = made(tmp_path, 400)
        assert index.card.rows == 400
        assert sorted(path.name for path in tmp_path.iterdir()) == ["index", "shards"]

    def it_keeps_the_older_index_when_it_fails(tmp_path: Path):
        made(tmp_path, 300)
        with pytest.raises(InputError, match="no vectors"):
            build([], tmp_path / "index", source="set", embedder="tiny-clip")
        assert PictureIndex.open(tmp_path / "index", embedder="tiny-clip").card.rows == 300


def describe_open():
    def it_refuses_vectors_of_another_embedder(tmp_path: Path):
        made(tmp_path, 50)
        with pytest.raises(StorageError, match="has vectors of tiny-clip"):
            PictureIndex.open(tmp_path / "index", embedder="other-clip")

    def it_refuses_vectors_of_another_processor(tmp_path: Path):
        made(tmp_path, 50)
        path = tmp_path / "index" / "card.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"processor": "CLIPImageProcessor"}))
        with pytest.raises(StorageError, match="nothing comparable"):
            PictureIndex.open(tmp_path / "index", embedder="tiny-clip")

    @pytest.mark.parametrize("missing", ["card.json", "vectors.faiss", "vectors.f16"])
    def it_says_what_is_missing(tmp_path: Path, missing: str):
        made(tmp_path, 1600)
        (tmp_path / "index" / missing).unlink()
        with pytest.raises(StorageError, match=missing):
            PictureIndex.open(tmp_path / "index", embedder="tiny-clip")


def describe_index_rule():
    @pytest.mark.parametrize(
        ("rows", "kind"), [(20_000, "flat"), (20_001, "ivf"), (1_000_000, "ivf"), (1_000_001, "ivf_sq8")]
    )
    def it_chooses_by_size(rows: int, kind: str):
        assert IndexRule().kind(rows) == kind

    @pytest.mark.parametrize(("rows", "lists"), [(30, 16), (100_000, 512), (12_000_000, 4096), (10**12, 65_536)])
    def it_makes_more_lists_of_more_rows(rows: int, lists: int):
        assert IndexRule().lists(rows) == lists


def describe_places_in_archives():
    def _placed(folder: Path, name: str, offset: int | None) -> Path:
        rows = [PictureRow("tar://1.jpg::a.tar", "", "", "", "", offset, None if offset is None else 700)] * 3
        write_shard(folder / f"{name}.parquet", clustered(3), rows)
        build([folder / f"{name}.parquet"], folder / name, source="set", embedder="e")
        return folder / name

    def they_are_kept(tmp_path: Path):
        index = PictureIndex.open(_placed(tmp_path, "a", 512), embedder="e")
        assert [(row.offset, row.size) for row in index.rows([2, 0])] == [(512, 700)] * 2

    def they_do_not_make_it_another_index(tmp_path: Path):
        versions = {
            PictureIndex.open(_placed(tmp_path, name, offset), embedder="e").card.version
            for name, offset in (("a", 512), ("b", 1024), ("c", None))
        }
        assert len(versions) == 1

    def an_index_from_before_they_were_kept_is_read(tmp_path: Path):
        folder = _placed(tmp_path, "a", 512)
        rows = pq.read_table(folder / "rows.parquet")
        pq.write_table(rows.drop_columns(["offset", "size"]), folder / "rows.parquet")
        (row,) = PictureIndex.open(folder, embedder="e").rows([1])
        assert row == PictureRow("tar://1.jpg::a.tar", "", "", "", "")
