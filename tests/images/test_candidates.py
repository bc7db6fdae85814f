import io
from pathlib import Path

import pytest
from PIL import Image

from stark_udfs.core.ids import rng_of
from stark_udfs.images.appearance import draw_traits
from stark_udfs.images.candidates import (
    deduplicated_candidates,
    faulty,
    from_strangers,
    kept,
    kept_or_not,
    read_picture,
)
from stark_udfs.images.decode import picture_of
from stark_udfs.images.files import ImageFiles
from stark_udfs.images.requests import Candidate, Candidates, ImageRequest, Module, Person, Unavailable
from stark_udfs.images.web.fetch import FetchRefusal, Refused
from tests.images import tiny

TOLD = Candidate(caption="a cat", source="somewhere", licence="CC0")
GOOD = Candidate(path="images/aa/x.png")
BUSY, GONE = Candidate(fault="busy", detail="503"), Candidate(fault="status", detail="404")


def describe_kept():
    @pytest.mark.parametrize(("kind", "ending"), [("JPEG", ".jpg"), ("PNG", ".png")])
    def it_adds_the_file_to_what_is_told(kind: str, ending: str, tmp_path: Path):
        picture = picture_of(Image.fromarray(tiny.picture(1)), kind)
        candidate = kept(ImageFiles(str(tmp_path)), picture, TOLD)
        assert (candidate.caption, candidate.licence, candidate.fault) == ("a cat", "CC0", "")
        assert (candidate.width, candidate.bytes, candidate.sha256) == (48, len(picture.data), picture.sha256)
        assert candidate.path.endswith(f"{picture.sha256}{ending}")

    def a_refusal_keeps_no_file(tmp_path: Path):
        candidate = kept_or_not(ImageFiles(str(tmp_path)), Refused(FetchRefusal.BUSY, "503"), TOLD)
        assert (candidate.fault, candidate.detail, candidate.path) == ("busy", "503", "")
        assert list(tmp_path.iterdir()) == []

    def a_long_detail_is_cut():
        assert len(faulty(TOLD, "failed", "x" * 9000).detail) == 500


def describe_settled():
    @pytest.mark.parametrize(
        ("candidates", "answer"),
        [
            ([], Candidates()),
            ([GOOD, BUSY], Candidates(candidates=[GOOD, BUSY])),
            ([GONE], Candidates(candidates=[GONE])),
            ([GONE, BUSY], Unavailable("busy", "503")),
        ],
    )
    def it_waits_only_where_waiting_may_help(candidates: list[Candidate], answer: Candidates | Unavailable):
        assert deduplicated_candidates(candidates) == answer


def describe_from_strangers():
    @pytest.mark.parametrize("module", list(Module))
    def nobody_of_ours_comes_from_where_strangers_are(module: Module):
        person = Person(age=30, traits=draw_traits(30, "male", rng_of(1)))
        assert from_strangers(ImageRequest(module=module)) is None
        refused = from_strangers(ImageRequest(module=module, person=person))
        assert (refused is not None) == (module in (Module.RETRIEVAL, Module.WEB))


def describe_read_picture():
    def it_is_pixels_or_a_word(tmp_path: Path):
        files = ImageFiles(str(tmp_path))
        picture = tiny.picture(1)
        stored = files.put(picture_of(Image.fromarray(picture), "PNG").data, "png")
        read = read_picture(files, stored.path)
        assert not isinstance(read, str)
        assert (read == picture).all()
        assert read_picture(files, files.put(b"<svg", "png").path) == "markup"
        assert read_picture(files, "elsewhere/x.png") == "foreign"

    def a_turned_picture_is_read_upright(tmp_path: Path):
        files, target = ImageFiles(str(tmp_path)), io.BytesIO()
        image = Image.fromarray(tiny.picture(1)[:40])
        exif = image.getexif()
        exif[0x0112] = 6  # turned by a quarter
        image.save(target, "JPEG", exif=exif)
        read = read_picture(files, files.put(target.getvalue(), "jpg").path)
        assert not isinstance(read, str)
        assert read.shape == (48, 40, 3)
