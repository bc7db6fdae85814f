"""`stark images verify` on files that the offline backend really drew."""

from pathlib import Path

import pytest

from stark_udfs.demo.drawings.backend import OfflineBackendSpec
from stark_udfs.engine import system_tables
from stark_udfs.engine.images.requests import PictureRequest
from stark_udfs.images.requests import Candidate, Candidates, ImageRequest, Module
from stark_udfs.stages.images.images import stage as images
from tests.cli import small
from tests.cli.conftest import Stark

WISH = ImageRequest(module=Module.T2I, prompt="A red pot on a stove.", count=2, seeds=(1, 2))


@pytest.fixture
def drawn(tmp_path: Path) -> tuple[Path, list[Candidate]]:
    """A warehouse with one order of two pictures, its answer, and the rows that came of it."""
    spec = OfflineBackendSpec(str(tmp_path / "files"))
    (found,) = spec.load().work([WISH])
    assert isinstance(found, Candidates)
    request = PictureRequest("offline", WISH, spec.identity(WISH), draw=1)
    reply = small.reply("images", "i1", 0).model_copy(
        update={"key": request.key, "request": request.written, "reply": found.model_dump_json(exclude_defaults=True)}
    )
    rows = [small.candidate(place, 0.6, picture) for place, picture in enumerate(found.candidates, 1)]
    small.write_table(tmp_path / "tables", images.TABLE, [row.model_copy(update={"image_id": "i1"}) for row in rows])
    small.write_table(tmp_path / "tables", system_tables.REPLIES, [reply])
    return tmp_path, list(found.candidates)


def describe_images_verify():
    def it_is_content_with_what_is_whole(stark: Stark, drawn: tuple[Path, list[Candidate]]):
        said = stark("images", "verify", where=drawn[0])
        assert (said.code, said.out.strip()) == (0, "2 files named, 2 good")

    def it_finds_what_is_missing_or_damaged_and_makes_the_same_again(stark: Stark, drawn: tuple[Path, list[Candidate]]):
        folder, pictures = drawn
        files = [folder / "files" / picture.path for picture in pictures]
        before = [file.read_bytes() for file in files]
        files[0].unlink()
        files[1].write_bytes(before[1][:100])
        found = stark("images", "verify", where=folder)
        assert found.code == 2
        assert "2 files named, 0 good, 1 damaged, 1 missing" in found.out
        assert f"missing: {pictures[0].path} (images i1)" in found.out
        again = stark("images", "verify", "--repair", where=folder)
        assert (again.code, "2 made again, 0 not" in again.out) == (0, True)
        assert [file.read_bytes() for file in files] == before

    def it_says_what_it_cannot_make(stark: Stark):
        said = stark("images", "verify", "--repair")
        assert said.code == 2
        assert "2 files named, 0 good, 2 missing" in said.out
        assert "0 made again, 2 not" in said.out
        assert "a new draw is needed: stark run --only EPISODE --redraw --from images" in said.out
