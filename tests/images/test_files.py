import hashlib
import os
import pickle
import threading
from pathlib import Path

import fsspec
import pytest

from stark_udfs.core.errors import StorageError
from stark_udfs.images.files import FileState, ImageFiles, write_atomically

DATA = b"the bytes of a picture"
SHA = hashlib.sha256(DATA).hexdigest()


@pytest.fixture(params=["folder", "file URI", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ImageFiles:
    roots = {"folder": str(tmp_path), "file URI": tmp_path.as_uri(), "memory": f"memory://{tmp_path.name}/files"}
    return ImageFiles(roots[request.param])


def describe_put():
    def it_names_a_file_by_its_content(store: ImageFiles):
        stored = store.put(DATA, "png")
        assert stored.path == f"images/{SHA[:2]}/{SHA}.png"
        assert (stored.sha256, stored.size) == (SHA, len(DATA))
        assert store.read(stored.path) == DATA

    def it_may_be_repeated(store: ImageFiles):
        assert store.put(DATA, "jpg") == store.put(DATA, "jpg")

    def it_leaves_a_good_file_alone(tmp_path: Path):
        store = ImageFiles(str(tmp_path))
        path = tmp_path / store.put(DATA, "png").path
        os.utime(path, (1, 1))
        store.put(DATA, "png")
        assert path.stat().st_mtime == 1

    def it_mends_a_damaged_file(tmp_path: Path):
        store = ImageFiles(str(tmp_path))
        path = tmp_path / store.put(DATA, "png").path
        path.write_bytes(DATA[::-1])
        store.put(DATA, "png")
        assert path.read_bytes() == DATA

    def it_leaves_no_drafts(tmp_path: Path):
        ImageFiles(str(tmp_path)).put(DATA, "png")
        assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == [f"{SHA}.png"]

    def many_at_once_write_one_whole_file(tmp_path: Path):
        store, big = ImageFiles(str(tmp_path)), DATA * 50_000
        threads = [threading.Thread(target=store.put, args=(big, "png")) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        (path,) = [p for p in tmp_path.rglob("*") if p.is_file()]
        assert path.read_bytes() == big

    @pytest.mark.parametrize("extension", ["svg", "", "png/../../x", "exe"])
    def it_writes_no_other_kind_of_file(store: ImageFiles, extension: str):
        with pytest.raises(StorageError, match="kept as"):
            store.put(DATA, extension)

    def it_says_where_it_cannot_write(tmp_path: Path):
        (tmp_path / "images").write_text("a file where a folder should be")
        with pytest.raises(StorageError, match=str(tmp_path)):
            ImageFiles(str(tmp_path)).put(DATA, "png")


def describe_verify():
    def it_finds_files_missing_damaged_or_cut(store: ImageFiles):
        stored = store.put(DATA, "png")
        assert store.verify(stored.path, SHA, len(DATA)) is FileState.GOOD
        assert store.verify(stored.path, SHA, len(DATA) + 1) is FileState.DAMAGED
        system, base = fsspec.core.url_to_fs(store.root)
        system.pipe_file(f"{base}/{stored.path}", DATA[:-1])
        assert store.verify(stored.path, SHA, len(DATA)) is FileState.DAMAGED
        system.rm(f"{base}/{stored.path}")
        assert store.verify(stored.path, SHA, len(DATA)) is FileState.MISSING

    @pytest.mark.parametrize(
        "path",
        [
            "../../etc/passwd",
            "/etc/passwd",
            f"images/00/{SHA}.png",
            f"images/{SHA[:2]}/../{SHA}.png",
            f"images/{SHA[:2]}/{SHA}.png\n",
            f"images/{SHA[:2]}/{SHA}.svg",
            f"images/{SHA[:2]}/{'0' * 64}.png",
            "",
        ],
    )
    def it_touches_no_path_that_is_not_the_stores(store: ImageFiles, path: str):
        assert store.verify(path, SHA, 1) is FileState.FOREIGN

    def it_does_not_take_one_picture_for_another(store: ImageFiles):
        stored = store.put(DATA, "png")
        assert store.verify(stored.path, "0" * 64, len(DATA)) is FileState.FOREIGN


def describe_sound():
    def it_gives_bytes_that_are_what_the_name_says(store: ImageFiles):
        assert store.sound(store.put(DATA, "png").path) == DATA

    def it_says_what_is_wrong_instead(store: ImageFiles):
        stored = store.put(DATA, "png")
        system, base = fsspec.core.url_to_fs(store.root)
        system.pipe_file(f"{base}/{stored.path}", DATA[:-1])
        assert store.sound(stored.path) is FileState.DAMAGED
        system.rm(f"{base}/{stored.path}")
        assert store.sound(stored.path) is FileState.MISSING
        assert store.sound("../secret") is FileState.FOREIGN


def describe_read():
    @pytest.mark.parametrize("path", ["../secret", "images/aa/x.png"])
    def it_reads_no_foreign_path(store: ImageFiles, path: str):
        with pytest.raises(StorageError, match="not a picture path"):
            store.read(path)

    def it_says_what_is_missing(store: ImageFiles):
        with pytest.raises(StorageError, match="is missing"):
            store.read(f"images/{SHA[:2]}/{SHA}.png")


def describe_image_files():
    def they_travel_to_workers(tmp_path: Path):
        store = pickle.loads(pickle.dumps(ImageFiles(str(tmp_path))))
        assert store.put(DATA, "png").sha256 == SHA


def describe_write_atomically():
    def a_failed_write_leaves_the_old_file(tmp_path: Path):
        path = tmp_path / "a.png"
        write_atomically(path, DATA)
        with pytest.raises(TypeError):
            write_atomically(path, "not bytes")  # type: ignore[arg-type]
        assert path.read_bytes() == DATA
        assert list(tmp_path.iterdir()) == [path]
