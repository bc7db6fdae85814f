"""Images that go along with a prompt: named by what is in them, read and made small where the call is sent."""

import base64
import hashlib
import io
import math
from dataclasses import dataclass

from stark_udfs.calls.errors import CallError, CallFailed
from stark_udfs.core.ids import Json

LONGEST_FILE = 50_000_000  # bytes
MOST_PIXELS = 50_000_000
QUALITY = 85  # of the JPEG that is sent
TILE = 512  # px; servers count an image in tiles of about this side


@dataclass(frozen=True)
class ImagePart:
    """One image of a prompt.

    uri: the file, a path or URI that executors reach; it is not part of a call's key.
    sha256: of the file's bytes, 64 hex digits: the key has it in place of the bytes.
    side: px; the longer side of what is sent, at most. A smaller image is sent as it is, as JPEG.
    """

    uri: str
    sha256: str
    side: int = TILE

    @property
    def identity(self) -> list[Json]:
        """What the answer depends on."""
        return [self.sha256, self.side]

    def tokens(self, tile: int) -> int:
        """What a server counts for it at most, at `tile` tokens for each tile of 512 px."""
        return tile * math.ceil(self.side / TILE) ** 2

    def data_url(self) -> str:
        """The image as a `data:` URL of a JPEG; reads the file.

        Raises:
            CallFailed: the file is missing, holds something else than it should, or is no image. Nothing was sent.
        """
        data = self._read()
        from PIL import Image

        try:
            return "data:image/jpeg;base64," + base64.b64encode(_small(data, self.side)).decode()
        except (OSError, ValueError, SyntaxError, Warning, Image.DecompressionBombError) as error:
            raise self._unusable(f"is no image: {error}") from None

    def _read(self) -> bytes:
        import fsspec

        try:
            with fsspec.open(self.uri, "rb") as file:
                data: bytes = file.read(LONGEST_FILE + 1)
        except FileNotFoundError:
            raise self._unusable("is missing") from None
        except (OSError, ValueError, ImportError) as error:
            raise CallFailed(CallError.TRANSIENT, f"image {self.uri} cannot be read: {error}") from None
        if hashlib.sha256(data).hexdigest() != self.sha256:
            raise self._unusable("is not what its row says")
        return data

    def _unusable(self, what: str) -> CallFailed:
        return CallFailed(
            CallError.INPUT, f"image {self.uri} {what}.", way_out="`stark images verify --repair` makes it again."
        )


def _small(data: bytes, side: int) -> bytes:
    """The image as JPEG in RGB, its longer side `side` px at most."""
    from PIL import Image

    with Image.open(io.BytesIO(data), formats=("JPEG", "PNG")) as image:
        if image.width * image.height > MOST_PIXELS:
            raise ValueError(f"{image.width} x {image.height} px are too many")
        image.draft("RGB", (side, side))
        small = image.convert("RGB")
    small.thumbnail((side, side))
    out = io.BytesIO()
    small.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()
