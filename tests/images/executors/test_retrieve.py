import dataclasses
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from stark_udfs.core.errors import StorageError
from stark_udfs.images.decode import picture_of
from stark_udfs.images.executors.retrieve import RetrieveExecutor
from stark_udfs.images.files import ImageFiles
from stark_udfs.images.models.clip import ClipSpec
from stark_udfs.images.protocols import loaded
from stark_udfs.images.requests import Candidates, ImageRequest, Module, Unavailable
from stark_udfs.images.retrieval.archives import kind_of, members
from stark_udfs.images.retrieval.build import build
from stark_udfs.images.retrieval.index_store import IndexSpec, index_at
from stark_udfs.images.retrieval.shards import PictureRow, write_shard
from stark_udfs.images.web.fetch import FetchRules
from stark_udfs.images.web.throttle import Turns
from tests.images import tiny
from tests.images.shards import Files, png, tar_of, zip_of
from tests.images.site import serving

pytestmark = pytest.mark.filterwarnings("ignore:builtin type (Swig|swig):DeprecationWarning")  # of faiss itself

WISH = ImageRequest(module=Module.RETRIEVAL, query="a red house", count=2)
LOCAL = FetchRules(interval_s=0)


def index(folder: Path, clip: ClipSpec, source: str, rows: list[PictureRow], seeds: list[int]) -> IndexSpec:
    vectors = loaded(clip).embed_pictures([tiny.picture(seed) for seed in seeds])
    write_shard(folder / "shards" / "0.parquet", vectors, rows)
    build([folder / "shards" / "0.parquet"], folder / source, source=source, embedder=clip.name)
    return index_at(str(folder / source), clip.name)


def file(folder: Path, seed: int) -> str:
    path = folder / f"{seed}.jpg"
    path.write_bytes(picture_of(Image.fromarray(tiny.picture(seed)), "JPEG").data)
    return str(path)


def row(path: str, **known: str) -> PictureRow:
    return PictureRow(**{"caption": "", "source": "", "licence": "", "page": "", "path": path, **known})


def executor(
    clip: ClipSpec, indexes: tuple[IndexSpec, ...], folder: Path, rules: FetchRules = LOCAL
) -> RetrieveExecutor:
    return RetrieveExecutor(clip, indexes, rules, ImageFiles(str(folder / "files")), Turns(0))


@pytest.fixture(scope="module")
def clip(models: Path) -> ClipSpec:
    return ClipSpec(str(models / "clip"))


@pytest.fixture
def two(clip: ClipSpec, tmp_path: Path) -> tuple[IndexSpec, ...]:
    """Two sources: four photos in files, three charts beside their index."""
    photos = [
        row(file(tmp_path, seed), caption=f"photo {seed}", licence="CC0 1.0", page="https://a.example")
        for seed in range(4)
    ]
    charts = index(tmp_path, clip, "charts", [row(f"{seed}.jpg") for seed in (10, 11, 12)], [10, 11, 12])
    for seed in (10, 11, 12):
        file(tmp_path / "charts", seed)
    return index(tmp_path, clip, "photos", photos, [0, 1, 2, 3]), charts


def describe_work():
    def it_takes_the_nearest_of_each_source_best_first(clip: ClipSpec, two: tuple[IndexSpec, ...], tmp_path: Path):
        (found,) = executor(clip, two, tmp_path).work([WISH])
        assert isinstance(found, Candidates)
        query = loaded(clip).embed_texts(["a red house"])[0]
        seeds = (0, 1, 2, 3, 10, 11, 12)
        vectors = loaded(clip).embed_pictures([tiny.picture(seed) for seed in seeds])
        cosines = dict(zip(seeds, (vectors @ query).tolist(), strict=True))
        best = [sorted(part, key=lambda seed: -cosines[seed])[:2] for part in (seeds[:4], seeds[4:])]
        wanted = sorted((seed for part in best for seed in part), key=lambda seed: -cosines[seed])
        assert [c.found_score for c in found.candidates] == pytest.approx([cosines[seed] for seed in wanted], abs=1e-4)
        assert sorted(c.source for c in found.candidates) == ["charts", "charts", "photos", "photos"]

    def it_copies_pictures_with_what_is_known_of_them(clip: ClipSpec, two: tuple[IndexSpec, ...], tmp_path: Path):
        (found,) = executor(clip, two[:1], tmp_path).work([WISH.model_copy(update={"count": 50})])
        assert isinstance(found, Candidates)
        assert sorted(c.caption for c in found.candidates) == [f"photo {seed}" for seed in range(4)]
        for candidate in found.candidates:
            assert (candidate.licence, candidate.page, candidate.fault) == ("CC0 1.0", "https://a.example", "")
            data = ImageFiles(str(tmp_path / "files")).read(candidate.path)
            assert (candidate.bytes, candidate.width) == (len(data), 48)

    def many_wishes_are_answered_in_their_order(clip: ClipSpec, two: tuple[IndexSpec, ...], tmp_path: Path):
        ours = executor(clip, two, tmp_path)
        wishes = [WISH.model_copy(update={"query": text}) for text in ("a dog", "blue sea", "a dog")]
        together = ours.work(wishes)
        assert together[0] == together[2] != together[1]
        alone = [ours.work([wish])[0] for wish in wishes]
        assert [[c.path for c in a.candidates] for a in alone] == [[c.path for c in a.candidates] for a in together]

    def it_asks_by_the_prompt_where_there_is_no_query(clip: ClipSpec, two: tuple[IndexSpec, ...], tmp_path: Path):
        by_prompt = ImageRequest(module=Module.RETRIEVAL, prompt="a red house", count=2)
        assert executor(clip, two, tmp_path).work([by_prompt]) == executor(clip, two, tmp_path).work([WISH])

    def it_looks_for_nothing_for_nobody(clip: ClipSpec, two: tuple[IndexSpec, ...], tmp_path: Path):
        assert executor(clip, two, tmp_path).work([]) == []


def describe_pictures_that_are_not_to_be_had():
    def they_are_candidates_with_their_fault(clip: ClipSpec, tmp_path: Path):
        (tmp_path / "page.jpg").write_bytes(b"<html>")
        rows = [
            row(file(tmp_path, 1)),
            row(str(tmp_path / "gone.jpg")),
            row(str(tmp_path / "page.jpg")),
            row("ftp://a.example/x"),
        ]
        spec = index(tmp_path, clip, "mixed", rows, [1, 2, 3, 4])
        (found,) = executor(clip, (spec,), tmp_path).work([WISH.model_copy(update={"count": 4})])
        assert isinstance(found, Candidates)
        assert sorted(c.fault for c in found.candidates) == ["", "markup", "scheme", "status"]

    def those_on_the_web_are_fetched_by_the_rules_of_the_web(clip: ClipSpec, tmp_path: Path):
        with serving() as site:
            site.picture("a.png", 1)
            site.pages["/b.png"] = (503, {}, b"")
            rows = [row(f"{site.url}/a.png"), row(f"{site.url}/b.png")]
            spec = index(tmp_path, clip, "web", rows, [1, 2])
            allowed = executor(clip, (spec,), tmp_path, site.rules).work([WISH])
            forbidden = executor(clip, (spec,), tmp_path, dataclasses.replace(site.rules, allow=frozenset())).work(
                [WISH]
            )
            only_busy = index(tmp_path, clip, "busy", rows[1:], [2])
            busy = executor(clip, (only_busy,), tmp_path, site.rules).work([WISH])
        assert sorted(c.fault for c in allowed[0].candidates) == ["", "busy"]
        assert [c.fault for c in forbidden[0].candidates] == ["address", "address"]
        assert busy == [Unavailable("busy", "503")]


def describe_pictures_in_archives():
    @pytest.mark.parametrize(("name", "form"), [("0.tar", tar_of), ("0.zip", zip_of)])
    def they_are_found_by_their_places_and_in_older_indexes_by_their_names(
        clip: ClipSpec, tmp_path: Path, name: str, form: Callable[[Files], bytes]
    ):
        pictures = [(f"{seed}.png", png(seed, 64)) for seed in (1, 2)]
        (tmp_path / name).write_bytes(form(pictures))
        kind = kind_of(name)
        found = list(members(kind, io.BytesIO(form(pictures)), lambda _: 100_000))
        place = f"file://{tmp_path}/{name}"
        rows = [row(f"{kind}://{member.name}::{place}") for member in found]
        placed = [of._replace(offset=at.offset, size=at.size) for of, at in zip(rows, found, strict=True)]
        by_name = executor(clip, (index(tmp_path, clip, "old", rows, [1, 2]),), tmp_path).work([WISH])
        spec = index(tmp_path, clip, "new", placed, [1, 2])
        by_place = executor(clip, (spec,), tmp_path).work([WISH])
        assert [c.sha256 for c in by_place[0].candidates] == [c.sha256 for c in by_name[0].candidates]
        assert all(c.sha256 for c in by_place[0].candidates)
        (tmp_path / name).write_bytes(form(pictures[::-1]))  # another shard now
        (moved,) = executor(clip, (spec,), tmp_path).work([WISH])
        assert {c.fault for c in moved.candidates} == {"status"}


def describe_an_index():
    def one_that_was_built_anew_is_not_used(clip: ClipSpec, two: tuple[IndexSpec, ...], tmp_path: Path):
        photos = two[0]
        index(tmp_path, clip, "photos", [row(file(tmp_path, 9))], [9])
        with pytest.raises(StorageError, match="built anew"):
            executor(clip, (photos,), tmp_path).work([WISH])
        renewed = index_at(str(tmp_path / "photos"), clip.name)
        assert renewed != photos
        (found,) = executor(clip, (renewed,), tmp_path).work([WISH])
        assert len(found.candidates) == 1
