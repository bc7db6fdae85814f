"""The viewer as a folder of files that opens without a server."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from stark_udfs.core.errors import StorageError
from stark_udfs.release.viewer import pages
from stark_udfs.release.viewer.files import picture
from stark_udfs.release.viewer.library import Library

MARK = ".stark-view"  # stands in a folder that this wrote
LONGEST_CALL = 40_000  # characters of a prompt or reply that a page holds


def write(library: Library, files: Path | None, out: Path, *, most: int) -> int:
    """Write the list, a page per episode and the pictures they show.

    Args:
        library: the warehouse.
        files: `storage.files`, where it is a folder.
        out: an empty folder, a new one, or one that this wrote before.
        most: episodes, in the order of the list.

    Returns:
        How many episodes were written.

    Raises:
        StorageError: the folder holds something else, or cannot be written.
    """
    if out.exists() and any(out.iterdir()) and not (out / MARK).exists():
        raise StorageError(f"--out {out}: the folder holds something else. Give a new or an empty one.")
    rows = library.episodes[:most]
    try:
        (out / "episode").mkdir(parents=True, exist_ok=True)
        (out / MARK).write_text("", encoding="utf-8")
        for name in ("viewer.css", "viewer.js"):
            (out / name).write_text(pages.asset(name), encoding="utf-8")
        listed = {"page": "list", "episodes": rows, "choices": library.choices, "all": len(library.episodes)}
        (out / "index.html").write_text(pages.static(listed, root=""), encoding="utf-8")
        for row in rows:
            _episode(library, files, out, str(row["episode_id"]))
    except OSError as error:
        raise StorageError(f"--out {out}: cannot be written: {error.strerror}.") from error
    return len(rows)


def _episode(library: Library, files: Path | None, out: Path, episode_id: str) -> None:
    found = library.episode(episode_id)
    calls = [
        {**call, **{name: str(call[name])[:LONGEST_CALL] for name in ("request", "reply")}}
        for call in library.calls(episode_id)
    ]
    data = {"page": "episode", "episode": found, "calls": calls}
    (out / "episode" / f"{_file_name(episode_id)}.html").write_text(pages.static(data, root="../"), encoding="utf-8")
    if files is None:
        return
    for path in _paths(found):
        source, target = picture(files, path), out / "files" / path
        if source is not None and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)


def _file_name(episode_id: str) -> str:
    return episode_id.replace(":", "_")  # not every file system takes a colon


def _paths(episode: dict[str, object]) -> Iterator[str]:
    """The face, and the chosen picture of each image."""
    face, images = episode["face"], episode["images"]
    if isinstance(face, dict) and face.get("path"):
        yield str(face["path"])
    if isinstance(images, list):
        yield from (str(image["path"]) for image in images if image.get("chosen") and image.get("path"))
