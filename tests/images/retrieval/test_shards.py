from pathlib import Path

import numpy as np
import pytest

from stark_udfs.core.errors import InputError
from stark_udfs.images.retrieval.shards import PictureRow, Shards, exact, recall, write_shard


def saved(folder: Path, vectors: np.ndarray, *ends: int) -> Shards:
    paths = []
    for start, end in zip((0, *ends[:-1]), ends, strict=True):
        paths.append(folder / f"{start:06}.parquet")
        write_shard(
            paths[-1], vectors[start:end], [PictureRow(f"{at}.jpg", "", "", "", "") for at in range(start, end)]
        )
    return Shards(paths[::-1])


VECTORS = np.random.default_rng(0).normal(size=(1000, 8)).astype(np.float32)


def describe_shards():
    def it_never_reads_more_than_a_batch(tmp_path: Path):
        shards = saved(tmp_path, VECTORS, 600, 1000)
        assert max(len(batch) for batch in shards.batches(128)) <= 128
        assert sum(len(batch) for batch in shards.batches(128)) == shards.rows == 1000

    def it_samples_each_row_at_most_once(tmp_path: Path):
        shards = saved(tmp_path, VECTORS, 600, 1000)
        assert len(np.unique(shards.sample(300, 128), axis=0)) == 300
        assert np.array_equal(shards.sample(5000, 128), VECTORS)

    def it_must_hold_something(tmp_path: Path):
        with pytest.raises(InputError, match="no vectors"):
            Shards([])

    def it_keep_what_is_known(tmp_path: Path):
        (batch,) = saved(tmp_path, VECTORS[:3], 3).batches(10)
        assert batch.column("path").to_pylist() == ["0.jpg", "1.jpg", "2.jpg"]


def describe_exact():
    def it_compares_with_every_vector(tmp_path: Path):
        queries = np.random.default_rng(1).normal(size=(20, 8)).astype(np.float32)
        found = exact(saved(tmp_path, VECTORS, 300, 301, 1000), queries, 5, batch=64)
        assert (found == np.argsort(-(queries @ VECTORS.T), axis=1)[:, :5]).all()

    def it_gives_all_where_there_are_fewer(tmp_path: Path):
        assert exact(saved(tmp_path, VECTORS[:3], 3), VECTORS[:1], 10).shape == (1, 3)


def describe_recall():
    def it_is_the_share_found_in_any_order():
        assert recall(np.array([[3, 1, 9]]), np.array([[1, 2, 3]])) == pytest.approx(2 / 3)
