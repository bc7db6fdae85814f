"""Where an index of pictures lies, and which one it was when a run began."""

import getpass
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from stark_udfs.core.errors import StorageError
from stark_udfs.core.ids import stable_id
from stark_udfs.images.retrieval.index import CARD, IndexCard, PictureIndex


@dataclass(frozen=True)
class IndexSpec:
    """An index, opened by `loaded`. An index of another version is another one, and its answers are others.

    uri: of its folder.
    embedder: the model that its vectors are of.
    """

    uri: str
    source: str
    version: str
    embedder: str

    def load(self) -> PictureIndex:
        """The opened index.

        Raises:
            StorageError: it is not there, of another embedder, or was built anew since.
        """
        index = PictureIndex.open(local_folder(self.uri, self.version), embedder=self.embedder)
        if index.card.version != self.version:
            raise StorageError(f"the index at {self.uri} was built anew while it was in use. Start the run again.")
        return index

    def address(self, path: str) -> str:
        """Where the picture of a row is: a path that is relative is one below the index."""
        return path if "://" in path or path.startswith("/") else f"{self.uri.rstrip('/')}/{path}"


def index_at(uri: str, embedder: str) -> IndexSpec:
    """The index that lies at `uri` now.

    Raises:
        StorageError: there is none.
    """
    import fsspec

    try:
        with fsspec.open(f"{uri.rstrip('/')}/{CARD}", "rb") as file:
            card = IndexCard.read(file.read())
    except (OSError, ImportError, TypeError, ValueError) as error:
        raise StorageError(
            f"no picture index at {uri}: {error}. Build it first, or take it from pictures.indexes."
        ) from error
    local = fsspec.core.split_protocol(uri)[0] is None  # executors have working folders of their own
    return IndexSpec(os.path.abspath(uri) if local else uri, card.source, card.version, embedder)


def local_folder(uri: str, version: str) -> Path:
    """The folder of an index on this machine; one on an object store is copied once, for all workers here.

    Raises:
        StorageError: it cannot be copied.
    """
    from fsspec.core import url_to_fs
    from fsspec.implementations.local import LocalFileSystem

    try:
        store, base = url_to_fs(uri)
        if isinstance(store, LocalFileSystem):
            return Path(base)
        place = cache_folder() / stable_id(uri, version)
        if not place.is_dir():
            draft = Path(tempfile.mkdtemp(dir=place.parent))
            for name in store.ls(base, detail=False):
                store.get_file(name, str(draft / Path(name).name))
            _put(draft, place)
    except (OSError, ImportError, ValueError) as error:
        raise StorageError(f"the index at {uri} cannot be read: {error}") from error
    return place


def cache_folder() -> Path:
    """Where copies of indexes are kept: this user's own folder among the machine's temporary files."""
    folder = Path(tempfile.gettempdir()) / f"stark-indexes-{getpass.getuser()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise StorageError(f"{folder} belongs to somebody else. Remove it.")
    return folder


def _put(draft: Path, place: Path) -> None:
    """Give a whole copy its name, unless another worker was faster."""
    try:
        os.replace(draft, place)
    except OSError:
        if not place.is_dir():
            raise
        shutil.rmtree(draft)
