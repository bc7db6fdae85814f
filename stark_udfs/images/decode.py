"""Bytes that claim to be a picture: sniffed, bounded, decoded once, and written anew without what else they carried."""

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal, TypeVar

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, PngImagePlugin

from stark_udfs.images.protocols import Pixels

Format = Literal["JPEG", "PNG", "WEBP", "GIF", "AVIF"]
Extension = Literal["jpg", "png"]

SIGNATURES: tuple[tuple[bytes, Format], ...] = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
)
TAKEN = "JPEG, PNG, WebP, GIF, AVIF"
# Pictures that people have and that are not taken: named, so that they know what to convert.
NOT_TAKEN = (
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"II+\x00", "TIFF"),
    (b"MM\x00+", "TIFF"),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", "JPEG XL"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\x00\x00\x01\x00", "ICO"),
    (b"8BPS", "Photoshop"),
)
AVIF_BRANDS = frozenset({b"avif", b"avis"})
HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"})
MARKUP = (b"<svg", b"<html", b"<!doctype", b"<script", b"<?xml", b"<head", b"<body")
SNIFFED = 1024  # bytes at the start that are looked at
QUALITY = 90  # of a JPEG
WHITE, WHITE_16 = 0xFF, 0xFFFF
DEEP = frozenset({"I", "F", "I;16", "I;16B", "I;16L", "I;16N"})  # modes of grey in more than eight bits
LONGEST = 32  # times its shorter side; a model scales the shorter side up, and a strip would grow without bounds


class DecodeError(StrEnum):
    """Why bytes are not taken for a picture."""

    EMPTY = "empty"
    MARKUP = "markup"  # HTML, SVG, XML: text that can carry a script
    UNKNOWN_FORMAT = "unknown_format"
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_SMALL = "too_small"
    BROKEN = "broken"  # truncated, or no picture after its first bytes


@dataclass(frozen=True)
class Bounds:
    """What a picture may measure."""

    pixels: int = 50_000_000  # before decoding; 200 MB of RGBA
    least_side: int = 32  # px; smaller ones are tracking pixels and icons
    kept_side: int = 1024  # px; the longer side of what is kept


@dataclass(frozen=True)
class Picture:
    """A picture that was decoded whole and encoded anew: no EXIF, no comments, one frame."""

    data: bytes
    width: int
    height: int
    format: Literal["JPEG", "PNG"]
    sha256: str

    @property
    def extension(self) -> Extension:
        """Of its file."""
        return "jpg" if self.format == "JPEG" else "png"


@dataclass(frozen=True)
class NoPicture:
    """Bytes that were not taken, and why."""

    fault: DecodeError
    detail: str


def take(data: bytes, bounds: Bounds) -> Picture | NoPicture:
    """The picture in the bytes, its first frame if it moves. Never raises, whatever the bytes are."""
    return _opened(data, bounds, lambda image: anew(image, bounds))


def pixels_of(data: bytes, bounds: Bounds, side: int | None = None) -> Pixels | NoPicture:
    """What a picture file shows: uint8 array of shape (height, width, 3). Never raises, whatever the bytes are.

    side: px that are enough. A JPEG is then decoded to a half, a quarter or an eighth of its sides, the least that has
    as many, in about a third of the time; what has fewer, and any other format, is decoded whole.
    """

    def shown(image: Image.Image) -> Pixels:
        if side is not None:
            image.draft("RGB", (side, side))
        return np.array(opaque(ImageOps.exif_transpose(image)))

    return _opened(data, bounds, shown)


Use = TypeVar("Use")


def _opened(data: bytes, bounds: Bounds, use: Callable[[Image.Image], Use]) -> Use | NoPicture:
    kind = sniff(data)
    if isinstance(kind, NoPicture):
        return kind
    try:
        declared = dimensions(data, kind)
        if declared is not None and (refusal := out_of_bounds(declared, bounds)):
            return refusal
        with Image.open(io.BytesIO(data), formats=(kind,)) as image:
            return out_of_bounds(image.size, bounds) or use(image)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        return NoPicture(DecodeError.TOO_MANY_PIXELS, str(error)[:200])
    except Exception as error:  # decoders raise OSError, SyntaxError, ValueError, struct.error, … for bad bytes
        return NoPicture(DecodeError.BROKEN, f"{kind}: {error!s}"[:200])


def sniff(data: bytes) -> Format | NoPicture:
    """The format by its first bytes; a name or a content type says nothing."""
    if not data:
        return NoPicture(DecodeError.EMPTY, "no bytes")
    brands = _brands(data)
    if kind := _kind_of(data, brands):
        return kind
    if name := _not_taken(data, brands):
        return NoPicture(DecodeError.UNKNOWN_FORMAT, f"a {name} file: not taken; taken are {TAKEN}")
    start = data[:SNIFFED].lower()
    mark = next((mark for mark in MARKUP if mark in start), None)
    if mark:
        return NoPicture(DecodeError.MARKUP, f"has {mark.decode()!r} near its start")
    return NoPicture(DecodeError.UNKNOWN_FORMAT, f"starts with {data[:8]!r}")


def _kind_of(data: bytes, brands: frozenset[bytes]) -> Format | None:
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if brands & AVIF_BRANDS:
        return "AVIF"
    return next((kind for signature, kind in SIGNATURES if data.startswith(signature)), None)


def _brands(data: bytes) -> frozenset[bytes]:
    """What the first box of an ISO media file says that the file is; empty if it is none."""
    if data[4:8] != b"ftyp":
        return frozenset()
    end = min(int.from_bytes(data[:4], "big"), SNIFFED)
    return frozenset((data[8:12], *(data[at : at + 4] for at in range(16, end, 4))))


def _not_taken(data: bytes, brands: frozenset[bytes]) -> str | None:
    if brands & HEIC_BRANDS:
        return "HEIC"
    if data[:2] == b"BM" and data[6:10] == bytes(4):
        return "BMP"
    return next((name for signature, name in NOT_TAKEN if data.startswith(signature)), None)


def dimensions(data: bytes, kind: Format) -> tuple[int, int] | None:
    """Width and height where they stand at a fixed place; None where only a decoder finds them (JPEG, AVIF)."""
    if kind == "PNG":
        return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    if kind == "GIF":
        return int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little")
    if kind == "WEBP" and data[12:16] == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if kind == "WEBP" and data[12:16] == b"VP8L":
        packed = int.from_bytes(data[21:25], "little")
        return 1 + (packed & 0x3FFF), 1 + (packed >> 14 & 0x3FFF)
    if kind == "WEBP":
        return int.from_bytes(data[26:28], "little") & 0x3FFF, int.from_bytes(data[28:30], "little") & 0x3FFF
    return None


def out_of_bounds(size: tuple[int, int], bounds: Bounds) -> NoPicture | None:
    """Why a picture of this size is not taken."""
    width, height = size
    if width * height > bounds.pixels:
        return NoPicture(DecodeError.TOO_MANY_PIXELS, f"{width} × {height}, at most {bounds.pixels} pixels")
    if min(width, height) < bounds.least_side:
        return NoPicture(DecodeError.TOO_SMALL, f"{width} × {height}, at least {bounds.least_side} px a side")
    if max(width, height) > LONGEST * min(width, height):
        return NoPicture(DecodeError.TOO_SMALL, f"{width} × {height}: one side is over {LONGEST} times the other")
    return None


def anew(image: Image.Image, bounds: Bounds) -> Picture:
    """The picture's pixels upright, on white where it was clear, no larger than kept, in a file of our own."""
    png = image.format == "PNG"
    image.draft("RGB", (bounds.kept_side, bounds.kept_side))
    upright = ImageOps.exif_transpose(image)
    pixels = opaque(upright)
    pixels.thumbnail((bounds.kept_side, bounds.kept_side), Image.Resampling.LANCZOS)
    return picture_of(pixels, "PNG" if png else "JPEG")


def opaque(image: Image.Image) -> Image.Image:
    """RGB pixels in eight bits; what was transparent is white."""
    if image.mode in DEEP:
        return _of_deep(image)
    if not image.has_transparency_data:
        return image.convert("RGB")
    if image.mode == "La":
        image = image.convert("LA")
    key = image.info.get("transparency")
    if isinstance(key, tuple) and max(key) > WHITE:  # of 16 bits a colour; the pixels were already cut to eight
        image.info["transparency"] = tuple(part >> 8 for part in key)
    return _on_white(image.convert("RGBA"))


def _of_deep(image: Image.Image) -> Image.Image:
    """Grey of more than eight bits, scaled: Pillow itself would cut off all that is above 255."""
    values = np.asarray(image)
    grey = Image.fromarray(_scaled(values)).convert("RGB")
    key = image.info.get("transparency")
    if not isinstance(key, int):
        return grey
    grey.putalpha(Image.fromarray(np.where(values == key, 0, WHITE).astype(np.uint8)))
    return _on_white(grey)


def _scaled(values: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """In eight bits. Of 32 bits no file says what is white: they hold 16 bits mostly, and fractions up to 1 if real."""
    if values.dtype.itemsize == 2:
        table = np.rint(np.arange(WHITE_16 + 1) * (WHITE / WHITE_16)).astype(np.uint8)
        return np.take(table, values)
    real = np.nan_to_num(values.astype(np.float32), posinf=0.0, neginf=0.0)
    largest = float(real.max())
    white = max(float(WHITE_16), largest)
    if values.dtype.kind == "f" and largest <= WHITE:
        white = 1.0 if largest <= 1 else float(WHITE)
    scaled: npt.NDArray[np.uint8] = np.clip(np.rint(real * (WHITE / white)), 0, WHITE).astype(np.uint8)
    return scaled


def _on_white(layer: Image.Image) -> Image.Image:
    ground = Image.new("RGBA", layer.size, "white")
    return Image.alpha_composite(ground, layer).convert("RGB")


def picture_of(image: Image.Image, kind: Literal["JPEG", "PNG"], software: str | None = None) -> Picture:
    """RGB pixels as a file; `software` goes into a PNG's text chunk of that name, nothing else does."""
    plain = Image.frombytes("RGB", image.size, image.tobytes())  # leaves info, and with it EXIF and profiles, behind
    target = io.BytesIO()
    if kind == "JPEG":
        plain.save(target, "JPEG", quality=QUALITY)
    else:
        notes = PngImagePlugin.PngInfo()
        if software:
            notes.add_text("Software", software)
        plain.save(target, "PNG", pnginfo=notes, compress_level=4)
    data = target.getvalue()
    return Picture(data, plain.width, plain.height, kind, hashlib.sha256(data).hexdigest())
