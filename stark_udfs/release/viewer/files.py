"""Picture files of a warehouse: the only files that the viewer gives out."""

import re
from pathlib import Path

PATH = re.compile(r"[\w-]+(/[\w-]+)*\.(png|jpe?g|webp|gif)", re.ASCII)
TYPES = {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "webp": "image/webp", "gif": "image/gif"}


def picture(root: Path, path: str) -> Path | None:
    """The picture of that name below `root`; None where there is none, or where the name leads elsewhere.

    Args:
        root: `storage.files`, as a folder.
        path: as a table has it; model output and downloads never choose it, but nothing here relies on that.
    """
    if len(path) > 300 or PATH.fullmatch(path) is None:
        return None
    try:
        found = (root / path).resolve(strict=True)
        inside = found.is_relative_to(root.resolve(strict=True))
    except OSError:
        return None
    return found if inside and found.is_file() else None


def media_type(path: Path) -> str:
    """By the ending, which `picture` has checked."""
    return TYPES[path.suffix[1:].lower()]
