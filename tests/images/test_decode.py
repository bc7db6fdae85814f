import io
import random
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from stark_udfs.images.decode import (
    Bounds,
    DecodeError,
    NoPicture,
    Picture,
    dimensions,
    opaque,
    picture_of,
    pixels_of,
    sniff,
    take,
)

BOUNDS = Bounds()
KINDS = ["JPEG", "PNG", "WEBP", "GIF", "AVIF"]


def image(width: int = 80, height: int = 60, mode: str = "RGB") -> Image.Image:
    pixels = np.random.default_rng(7).integers(0, 255, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels).convert(mode)


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    target = io.BytesIO()
    picture.save(target, kind, **options)
    return target.getvalue()


def decoded(picture: Picture | NoPicture) -> Image.Image:
    assert isinstance(picture, Picture), picture
    return Image.open(io.BytesIO(picture.data))


def describe_sniff():
    @pytest.mark.parametrize("kind", KINDS)
    def it_knows_formats_by_their_bytes(kind: str):
        assert sniff(encoded(image(), kind)) == kind

    @pytest.mark.parametrize("kind", ["BMP", "TIFF", "ICO", "PPM"])
    def it_takes_no_other_format(kind: str):
        found = sniff(encoded(image(), kind))
        assert isinstance(found, NoPicture)
        assert found.fault is DecodeError.UNKNOWN_FORMAT

    @pytest.mark.parametrize(
        ("data", "name"),
        [
            (encoded(image(), "TIFF"), "TIFF"),
            (encoded(image(mode="I;16"), "TIFF"), "TIFF"),
            (encoded(image(), "TIFF", big_tiff=True), "TIFF"),
            (b"MM\x00*\x00\x00\x00\x08", "TIFF"),
            (encoded(image(), "BMP"), "BMP"),
            (encoded(image(), "JPEG2000"), "JPEG 2000"),
            (encoded(image(), "JPEG2000", no_jp2=True), "JPEG 2000"),
            (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "HEIC"),
            (b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1heic", "HEIC"),
        ],
    )
    def it_names_what_people_have_and_it_does_not_take(data: bytes, name: str):
        refused = take(data, BOUNDS)
        assert isinstance(refused, NoPicture)
        assert refused.fault is DecodeError.UNKNOWN_FORMAT
        assert refused.detail == f"a {name} file: not taken; taken are JPEG, PNG, WebP, GIF, AVIF"

    def it_knows_an_avif_that_calls_itself_a_heif_first():
        assert sniff(b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1avif" + bytes(8)) == "AVIF"


def describe_dimensions():
    @pytest.mark.parametrize("kind", ["PNG", "GIF"])
    def they_are_read_without_a_decoder(kind: str):
        assert dimensions(encoded(image(321, 123), kind), kind) == (321, 123)  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        "options", [{"lossless": True}, {"quality": 80}, {"exif": b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x00"}]
    )
    def they_are_read_from_all_three_kinds_of_webp(options: dict[str, object]):
        assert dimensions(encoded(image(321, 123), "WEBP", **options), "WEBP") == (321, 123)


def describe_take():
    @pytest.mark.parametrize("kind", KINDS)
    def it_decodes_and_encodes_anew(kind: str):
        taken = take(encoded(image(), kind), BOUNDS)
        assert decoded(taken).format == ("PNG" if kind == "PNG" else "JPEG")
        assert decoded(taken).size == (80, 60)

    def it_keeps_the_pixels_of_a_png():
        assert np.array_equal(np.asarray(decoded(take(encoded(image(), "PNG"), BOUNDS))), np.asarray(image()))

    @pytest.mark.parametrize("mode", ["L", "P", "CMYK"])
    def it_makes_every_mode_rgb(mode: str):
        kind = "PNG" if mode == "P" else "JPEG"
        assert decoded(take(encoded(image(mode=mode), kind), BOUNDS)).mode == "RGB"

    def it_puts_white_behind_what_is_clear():
        clear = Image.new("RGBA", (40, 40), (255, 0, 0, 0))
        assert decoded(take(encoded(clear, "PNG"), BOUNDS)).getpixel((5, 5)) == (255, 255, 255)

    def it_takes_the_first_frame_of_what_moves():
        frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "blue")]
        moving = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
        still = decoded(take(moving, BOUNDS))
        assert getattr(still, "n_frames", 1) == 1
        red, _, blue = still.getpixel((20, 20))  # type: ignore[misc]
        assert red > 200 > blue

    def it_makes_the_longer_side_fit():
        assert decoded(take(encoded(image(300, 150), "PNG"), Bounds(kept_side=100))).size == (100, 50)

    def it_drops_texts_and_profiles():
        noted = take(encoded(image(), "PNG", icc_profile=b"a profile" * 20, exif=b"Exif\x00\x00"), BOUNDS)
        assert set(decoded(noted).info) <= {"software"}

    def it_is_the_same_each_time():
        data = encoded(image(), "JPEG")
        assert take(data, BOUNDS) == take(data, BOUNDS)


def describe_hostile_bytes():
    @pytest.mark.parametrize("kind", KINDS)
    def cut_anywhere_they_never_raise(kind: str):
        data = encoded(image(), kind)
        for end in range(0, len(data), max(1, len(data) // 60)):
            assert isinstance(take(data[:end], BOUNDS), NoPicture | Picture)
        assert isinstance(take(data[: len(data) // 2], BOUNDS), NoPicture)

    @pytest.mark.parametrize("kind", KINDS)
    def with_any_byte_wrong_they_never_raise(kind: str):
        data, rng = encoded(image(), kind), random.Random(3)
        for _ in range(80):
            bad = bytearray(data)
            for _ in range(rng.randint(1, 8)):
                bad[rng.randrange(12, len(bad))] = rng.randrange(256)
            assert isinstance(take(bytes(bad), BOUNDS), NoPicture | Picture)

    @pytest.mark.parametrize("side", [8_000, 50_000, 2_000_000_000])
    def a_png_that_says_it_is_huge_is_not_decoded(side: int):
        head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
        data = (
            b"\x89PNG\r\n\x1a\n"
            + struct.pack(">I", 13)
            + b"IHDR"
            + head
            + struct.pack(">I", zlib.crc32(b"IHDR" + head))
        )
        assert faulty(data) is DecodeError.TOO_MANY_PIXELS

    def a_webp_that_says_it_is_huge_is_not_decoded():
        data = b"RIFF\x16\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00" + b"\xff\x3f\x00\xff\x3f\x00"
        assert faulty(data) is DecodeError.TOO_MANY_PIXELS

    def a_gif_that_says_it_is_huge_is_not_decoded():
        assert faulty(b"GIF89a\xff\xff\xff\xff\x00\x00\x00") is DecodeError.TOO_MANY_PIXELS

    @pytest.mark.parametrize("side", [8_000, 60_000])
    def an_avif_that_says_it_is_huge_is_not_decoded(side: int):
        data = bytearray(encoded(image(400, 400), "AVIF"))
        start = data.index(b"ispe") + 8
        data[start : start + 8] = struct.pack(">II", side, side)
        assert faulty(bytes(data)) is (DecodeError.TOO_MANY_PIXELS if side == 8_000 else DecodeError.BROKEN)

    @pytest.mark.parametrize("side", [8_000, 12_000, 60_000])
    def a_jpeg_that_says_it_is_huge_is_not_decoded(side: int):
        data = bytearray(encoded(image(), "JPEG"))
        start = data.index(b"\xff\xc0") + 5
        data[start : start + 4] = struct.pack(">HH", side, side)
        assert faulty(bytes(data)) is DecodeError.TOO_MANY_PIXELS

    def a_png_with_a_text_bomb_is_refused():
        text = b"zTXt" + b"k\x00\x00" + zlib.compress(bytes(80_000_000))
        data = encoded(image(), "PNG")
        chunk = struct.pack(">I", len(text) - 4) + text + struct.pack(">I", zlib.crc32(text))
        assert faulty(data[:33] + chunk + data[33:]) is DecodeError.BROKEN

    def one_pixel_is_no_picture():
        assert faulty(encoded(image(1, 1), "GIF")) is DecodeError.TOO_SMALL


def faulty(data: bytes) -> DecodeError:
    taken = take(data, BOUNDS)
    assert isinstance(taken, NoPicture), taken
    return taken.fault


def describe_strips():
    @pytest.mark.parametrize("size", [(32, 1100), (1100, 32)])
    def they_are_refused(size: tuple[int, int]):
        refused = take(encoded(image(*size), "PNG"), BOUNDS)
        assert isinstance(refused, NoPicture)
        assert refused.fault is DecodeError.TOO_SMALL
        assert "over 32 times" in refused.detail

    def a_panorama_is_none():
        assert isinstance(take(encoded(image(32, 1000), "PNG"), BOUNDS), Picture)


def describe_pixels_of():
    def they_are_what_the_file_shows():
        shown = image()
        found = pixels_of(encoded(shown, "PNG"), BOUNDS)
        assert isinstance(found, np.ndarray)
        assert (found == np.asarray(shown)).all()
        assert found.flags.writeable

    @pytest.mark.parametrize("mode", ["L", "P", "RGBA", "1"])
    def they_have_three_channels(mode: str):
        found = pixels_of(encoded(image(mode=mode), "PNG"), BOUNDS)
        assert isinstance(found, np.ndarray)
        assert found.shape == (60, 80, 3)

    @pytest.mark.parametrize(
        ("data", "fault"),
        [(b"", DecodeError.EMPTY), (b"<html>", DecodeError.MARKUP), (b"x", DecodeError.UNKNOWN_FORMAT)],
    )
    def bytes_that_are_no_picture_are_a_fault(data: bytes, fault: DecodeError):
        refused = pixels_of(data, BOUNDS)
        assert isinstance(refused, NoPicture)
        assert refused.fault is fault

    def a_truncated_file_is_a_fault():
        refused = pixels_of(encoded(image(), "PNG")[:-2000], BOUNDS)
        assert isinstance(refused, NoPicture)
        assert refused.fault is DecodeError.BROKEN


def describe_picture_of():
    def it_notes_its_maker_in_a_png():
        assert decoded(picture_of(image(), "PNG", "a pen")).info["Software"] == "a pen"  # type: ignore[attr-defined]

    def it_carries_nothing_else():
        noted = image()
        noted.info["comment"] = b"secret"
        assert b"secret" not in picture_of(noted, "PNG").data


GREY, GREY_ALPHA, RGB, RGBA, PALETTE = 0, 4, 2, 6, 3  # colour types of a PNG
CHANNELS = {GREY: 1, GREY_ALPHA: 2, RGB: 3, RGBA: 4}
RAMP = np.tile(np.linspace(0, 0xFFFF, 256).astype(np.uint16), (40, 1))  # black to white, in 16 bits


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(colours: int, *, depth: int = 16, clear: bytes = b"", palette: bytes = b"") -> bytes:
    """The ramp as a PNG that Pillow itself would not write; what has an alpha channel is opaque."""
    grey = RAMP if depth == 16 else RAMP >> 8
    repeated = np.repeat(grey[:, :, None], CHANNELS.get(colours, 1), axis=2)
    if colours in (GREY_ALPHA, RGBA):
        repeated[:, :, -1] = 2**depth - 1
    rows = repeated.astype(">u2" if depth == 16 else np.uint8)
    head = struct.pack(">IIBBBBB", RAMP.shape[1], RAMP.shape[0], depth, colours, 0, 0, 0)
    extra = (chunk(b"PLTE", palette) if palette else b"") + (chunk(b"tRNS", clear) if clear else b"")
    lines = b"".join(b"\x00" + row.tobytes() for row in rows)
    end = chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + extra + end


def shown(data: bytes) -> np.ndarray:
    pixels = pixels_of(data, BOUNDS)
    assert isinstance(pixels, np.ndarray), pixels
    taken = decoded(take(data, BOUNDS))
    assert np.abs(np.asarray(taken).mean() - pixels.mean()) < 2
    return pixels


def describe_deep_colours():
    @pytest.mark.parametrize("colours", [GREY, GREY_ALPHA, RGB, RGBA])
    def a_ramp_of_16_bits_is_one_of_eight(colours: int):
        pixels = shown(png(colours))
        assert 126 <= pixels.mean() <= 130
        assert np.abs(pixels[0, :, 0].astype(int) - np.arange(256)).max() <= 1

    def a_grey_of_16_bits_that_is_named_clear_is_white():
        pixels = shown(png(GREY, clear=struct.pack(">H", 257 * 60)))
        assert pixels[0, 60].tolist() == [255, 255, 255]
        assert 59 <= pixels[0, 59, 0] <= 61 <= pixels[0, 61, 0] <= 62

    def a_colour_of_16_bits_that_is_named_clear_is_white():
        pixels = shown(png(RGB, clear=struct.pack(">HHH", *[257 * 60] * 3)))
        assert pixels[0, 60].tolist() == [255, 255, 255]
        assert pixels[0, 62, 0] < 64

    @pytest.mark.parametrize("mode", ["I;16", "I;16B", "I", "F"])
    def every_deep_mode_of_grey_is_scaled(mode: str):
        kind = {"I;16": "<u2", "I;16B": ">u2", "I": np.int32, "F": np.float32}[mode]
        deep = Image.fromarray(RAMP.astype(kind))
        assert deep.mode == mode
        assert 126 <= np.asarray(opaque(deep)).mean() <= 130

    @pytest.mark.parametrize("white", [1.0, 255.0, 65535.0, 1e6])
    def reals_are_fractions_bytes_or_words_by_their_largest(white: float):
        ramp = Image.fromarray((RAMP * (white / 0xFFFF)).astype(np.float32))
        assert 126 <= np.asarray(opaque(ramp)).mean() <= 130

    def what_is_no_number_is_black():
        broken = RAMP.astype(np.float32)
        broken[0, :4] = [np.nan, np.inf, -np.inf, -5]
        assert np.asarray(opaque(Image.fromarray(broken)))[0, :4].tolist() == [[0, 0, 0]] * 4


def describe_transparency():
    @pytest.mark.parametrize("mode", ["RGBA", "LA", "PA", "La", "RGBa"])
    def it_is_white_in_every_mode_that_has_it(mode: str):
        assert opaque(Image.new(mode, (40, 40))).getpixel((5, 5)) == (255, 255, 255)

    def it_is_white_in_a_palette():
        greys = bytes(level for level in range(256) for _ in range(3))
        pixels = shown(png(PALETTE, depth=8, palette=greys, clear=bytes(128)))  # the darker half is clear
        assert pixels[0, :128].min() == 255
        assert pixels[0, 128:, 0].tolist() == list(range(128, 256))

    @pytest.mark.parametrize(
        ("colours", "clear"), [(GREY, struct.pack(">H", 60)), (RGB, struct.pack(">HHH", *[60] * 3))]
    )
    def it_is_white_where_one_colour_is_named_clear(colours: int, clear: bytes):
        pixels = shown(png(colours, depth=8, clear=clear))
        assert pixels[0, 60].tolist() == [255, 255, 255]
        assert pixels[0, 61].tolist() == [61, 61, 61]


def describe_colours_and_turns():
    def red_ink_is_red():
        ink = Image.new("CMYK", (40, 40), (0, 255, 255, 0))
        red, green, blue = shown(encoded(ink, "JPEG"))[20, 20]
        assert red > 240
        assert max(green, blue) < 15

    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
    def a_picture_on_its_side_is_put_upright(kind: str):
        side = Image.new("RGB", (80, 40), "white")
        side.paste("black", (0, 0, 40, 40))  # left half, which is the upper one when turned by 90 degrees
        turned = Image.Exif()
        turned[0x0112] = 6
        pixels = shown(encoded(side, kind, exif=turned))
        assert pixels.shape == (80, 40, 3)
        assert pixels[5].max() < 60
        assert pixels[-5].min() > 200

    def a_deep_picture_on_its_side_too():
        turned = Image.Exif()
        turned[0x0112] = 6
        pixels = shown(encoded(Image.fromarray(RAMP), "PNG", exif=turned))
        assert pixels.shape == (256, 40, 3)
        assert pixels[0].max() < 3
        assert pixels[-1].min() > 252
