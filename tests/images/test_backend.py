import dataclasses
import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from stark_udfs.core.ids import fingerprint, rng_of
from stark_udfs.images.appearance import draw_traits
from stark_udfs.images.backend import ModelBackendSpec, NamedPainter
from stark_udfs.images.decode import picture_of
from stark_udfs.images.files import ImageFiles
from stark_udfs.images.models.clip import ClipSpec
from stark_udfs.images.models.detector import DetectorSpec
from stark_udfs.images.models.nsfw import NsfwSpec
from stark_udfs.images.models.photomaker.photomaker import PhotoMakerSpec
from stark_udfs.images.models.scorers import ClipScoreSpec, PickScoreSpec
from stark_udfs.images.models.sdxl import SdxlBase, SdxlSpec
from stark_udfs.images.models.weights import WeightFile
from stark_udfs.images.protocols import loaded
from stark_udfs.images.requests import (
    Candidates,
    ImageRequest,
    ImageTask,
    Module,
    Person,
    ScoreRequest,
    Scores,
    Unavailable,
)
from stark_udfs.images.retrieval.build import build
from stark_udfs.images.retrieval.index_store import index_at
from stark_udfs.images.retrieval.shards import PictureRow, write_shard
from stark_udfs.images.web.providers import Brave, Searx
from tests.images import tiny
from tests.images.site import FAST, Site, serving

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),  # of diffusers itself
    pytest.mark.filterwarnings("ignore:builtin type (Swig|swig):DeprecationWarning"),  # of faiss itself
]

PERSON = Person(age=30, traits=draw_traits(30, "female", rng_of(1)))
FACE = ImageRequest(module=Module.T2I, prompt="a portrait of a woman", width=64, height=64, seeds=(1,), person=PERSON)
SCENE = ImageRequest(module=Module.T2I, prompt="a red house", width=64, height=64, seeds=(1, 2))
SEARCH = ImageRequest(module=Module.RETRIEVAL, query="a red house", count=2)
WEB = ImageRequest(module=Module.WEB, query="a red house", count=2)
RATE = ScoreRequest(paths=(), captions=(), description="a red house")


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as site:
        site.picture("a.png", 1)
        yield site


@pytest.fixture
def spec(models: Path, tmp_path: Path, site: Site) -> ModelBackendSpec:
    clip = ClipSpec(str(models / "clip"))
    base = SdxlBase(str(models / "sdxl"))
    photo = picture_of(Image.fromarray(tiny.picture(4)), "JPEG")
    (tmp_path / "photo.jpg").write_bytes(photo.data)
    rows = [PictureRow(str(tmp_path / "photo.jpg"), "a photo", "", "CC0 1.0", "")]
    write_shard(tmp_path / "0.parquet", loaded(clip).embed_pictures([tiny.picture(4)]), rows)
    build([tmp_path / "0.parquet"], tmp_path / "photos", source="photos", embedder=clip.name)
    return ModelBackendSpec(
        files=str(tmp_path / "files"),
        painter=NamedPainter("tiny sdxl", SdxlSpec(base, steps=2)),
        personal=NamedPainter(
            "tiny photomaker",
            PhotoMakerSpec(base, WeightFile(str(models / "photomaker"), "photomaker-v1.bin"), steps=3),
            triggered=True,
        ),
        clip=clip,
        indexes=(index_at(str(tmp_path / "photos"), clip.name),),
        web=Searx(site.url),
        search=FAST,
        fetch=site.rules,
        scorer=ClipScoreSpec(clip),
        nsfw=NsfwSpec(str(models / "nsfw")),
        detector=DetectorSpec(str(models / "detector"), least=0.3),
        likeness=clip,
        at_once=2,
    )


def selfie(face: str) -> ImageRequest:
    person = PERSON.model_copy(update={"face": face})
    prompt = "a photo of a woman img, reading"
    return ImageRequest(module=Module.P_T2I, prompt=prompt, width=64, height=64, seeds=(3,), person=person)


def describe_work():
    def it_answers_every_kind_of_order_in_its_place(spec: ModelBackendSpec):
        backend = loaded(pickle.loads(pickle.dumps(spec)))
        (face,) = backend.work([FACE])
        path = face.candidates[0].path
        rate = RATE.model_copy(update={"paths": (path,), "captions": ("",), "of_person": True})
        orders: list[ImageTask] = [rate, WEB, selfie(path), SEARCH, SCENE, WEB]
        answers = backend.work(orders)
        assert [type(answer) for answer in answers] == [
            Scores,
            Candidates,
            Candidates,
            Candidates,
            Candidates,
            Candidates,
        ]
        rated, web, personal, retrieved, scene, again = answers
        assert web == again
        assert rated.ratings[0].embedding is not None
        sources = [[c.source for c in answer.candidates] for answer in (web, personal, retrieved, scene)]
        assert sources == [["searxng/loop"], ["tiny photomaker"], ["photos"], ["tiny sdxl", "tiny sdxl"]]
        files = ImageFiles(spec.files)
        assert all(files.read(c.path) for answer in (web, personal, retrieved, scene) for c in answer.candidates)

    def it_never_looks_for_a_person_of_ours_among_strangers(spec: ModelBackendSpec, site: Site):
        orders = [order.model_copy(update={"person": PERSON}) for order in (WEB, SEARCH)]
        answers = loaded(spec).work(orders)
        assert [[c.fault for c in answer.candidates] for answer in answers] == [["stranger"], ["stranger"]]
        assert site.asked == []

    def a_source_that_is_not_configured_says_so(spec: ModelBackendSpec):
        bare = dataclasses.replace(spec, web=None, indexes=())
        answers = bare.load().work([WEB, SEARCH])
        assert [[c.fault for c in answer.candidates] for answer in answers] == [["no_source"], ["no_source"]]

    def one_dead_line_stops_no_other_order(spec: ModelBackendSpec, site: Site):
        site.search_status = 503
        web, scene = spec.load().work([WEB, SCENE])
        assert isinstance(web, Unavailable)
        assert len(scene.candidates) == 2

    def nothing_is_answered_with_nothing(spec: ModelBackendSpec):
        assert spec.load().work([]) == []


ORDERS = {"painter": SCENE, "personal": selfie(""), "retrieval": SEARCH, "web": WEB, "rate": RATE}


def describe_identity():
    @pytest.mark.parametrize(
        ("changed", "moved"),
        [
            ({"at_once": 64, "files": "elsewhere"}, ()),
            ({"search": FAST, "fetch": dataclasses.replace(Site().rules, interval_s=9)}, ()),
            ({"painter": NamedPainter("other", SdxlSpec(SdxlBase("other")))}, ("painter",)),
            ({"personal": NamedPainter("other", SdxlSpec(SdxlBase("other")))}, ("personal",)),
            ({"clip": ClipSpec("other")}, ("retrieval",)),
            ({"indexes": ()}, ("retrieval",)),
            ({"web": Brave()}, ("web",)),
            ({"scorer": PickScoreSpec()}, ("rate",)),
            ({"nsfw": None}, ("rate",)),
            ({"detector": None}, ("rate",)),
            ({"likeness": None}, ()),
        ],
    )
    def it_is_of_what_an_answer_depends_on(spec: ModelBackendSpec, changed: dict[str, object], moved: tuple[str, ...]):
        other = dataclasses.replace(spec, **changed)
        assert tuple(name for name, order in ORDERS.items() if spec.identity(order) != other.identity(order)) == moved

    def likeness_counts_where_it_is_asked_for(spec: ModelBackendSpec):
        of_person = RATE.model_copy(update={"of_person": True})
        assert dataclasses.replace(spec, likeness=None).identity(of_person) != spec.identity(of_person)

    def every_identity_is_part_of_the_models(spec: ModelBackendSpec):
        for order in ORDERS.values():
            assert spec.identity(order).items() <= spec.models().items()
            assert spec.identity(order)["provider"] == "models"

    def a_library_that_moves_it_is_noticed():
        spec = ModelBackendSpec(
            files="",
            painter=NamedPainter("", SdxlSpec(SdxlBase("base"))),
            personal=NamedPainter("", PhotoMakerSpec(SdxlBase("base"))),
            clip=ClipSpec("clip"),
            web=Brave(),
            scorer=PickScoreSpec(),
            nsfw=NsfwSpec(),
            detector=DetectorSpec("faces"),
            likeness=ClipSpec("clip"),
        )
        assert fingerprint(spec.models()) == "551dd7b0166c87d9"
