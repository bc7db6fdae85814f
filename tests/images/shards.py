"""Archives for tests, honest ones and others."""

import io
import tarfile
import zipfile
from collections.abc import Sequence

import numpy as np
from PIL import Image

Files = Sequence[tuple[str, bytes]]


def png(seed: int, side: int = 40) -> bytes:
    """Noise as a PNG."""
    data = io.BytesIO()
    noise = np.random.default_rng(seed).integers(0, 255, (side, side, 3), dtype=np.uint8)
    Image.fromarray(noise).save(data, "PNG")
    return data.getvalue()


def entry(name: str, data: bytes = b"", **of: object) -> tarfile.TarInfo:
    """A tar's header; `of` says what else is in it."""
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for key, value in of.items():
        setattr(info, key, value)
    return info


def tar_of(files: Files, form: int = tarfile.GNU_FORMAT) -> bytes:
    """A tar of files."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w", format=form) as archive:
        for name, data in files:
            archive.addfile(entry(name, data), io.BytesIO(data))
    return written.getvalue()


def zip_of(files: Files, method: int = zipfile.ZIP_STORED) -> bytes:
    """A zip of files."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", method) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return written.getvalue()
