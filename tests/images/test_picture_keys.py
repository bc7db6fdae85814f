"""Golden keys of picture orders: when one of these moves, pictures are painted, searched and rated again."""

import dataclasses
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from stark_udfs.calls.request import Reply
from stark_udfs.calls.sequence import OpenCall, advance
from stark_udfs.core.records import Record
from stark_udfs.engine.stage import ImageStage
from stark_udfs.images.backend import ModelBackendSpec
from stark_udfs.images.requests import Candidate, Candidates, ImageRequest, ImageScore, Module, Scores
from stark_udfs.images.retrieval.index_store import IndexSpec
from stark_udfs.stages.images import faces
from stark_udfs.stages.images.images import stage as images
from stark_udfs.stages.pipeline import load_settings
from tests.stages.picture_rows import SELFIE, SOUP

CONF = Path(__file__).parents[2] / "conf"
GOLDEN = Path(__file__).parents[1] / "replies" / "golden_picture_keys.json"
OVERRIDES = {
    "offline": ("pictures.provider=offline",),
    "models": ("pictures.provider=models", "pictures.detector={model: faces}"),
    "adapter and clip": (
        "pictures.provider=models",
        "pictures.personal.kind=ip_adapter",
        "pictures.scorer.kind=clip",
        "pictures.web.provider=brave",
    ),
    "plain and wikimedia": (
        "pictures.provider=models",
        "pictures.painter.unet=null",
        "pictures.nsfw=null",
        "pictures.likeness=null",
        "pictures.web.provider=wikimedia",
    ),
    "searxng": (
        "pictures.provider=models",
        "pictures.web.provider=searxng",
        "pictures.web.base_url=http://search:8080",
    ),
}
ROWS: dict[str, Record] = {
    "faces": faces.FaceSeed(episode_id="e-1", age=34, gender="female", birthplace="Japan"),
    "soup": SOUP,
    "selfie": SELFIE,
}
FOUND = Candidates(candidates=[Candidate(path="images/a.png", sha256="a", bytes=7, caption="a red house", seed=1)])
BAD = Scores(ratings=[ImageScore(text_score=-1.0, nsfw=1.0)])


def stage_of(variant: str, name: str) -> ImageStage:
    settings = load_settings("base", conf=CONF, overrides=OVERRIDES[variant])
    stage = (faces if name == "faces" else images).stage(settings)
    if isinstance(stage.backend, ModelBackendSpec):
        index = IndexSpec("/indexes/photos", "photos", "0" * 64, stage.backend.clip.name)
        return dataclasses.replace(stage, backend=dataclasses.replace(stage.backend, indexes=(index,)))
    return stage


def orders(variant: str, name: str) -> Iterator[tuple[str, str]]:
    """What the unit orders while nothing is good enough, and the key of each order."""
    stage, row = stage_of(variant, name), ROWS[name]
    unit = {"unit_key": str(getattr(row, stage.unit)), "row": row.model_dump_json(), "redraw": 0}
    conversation = stage.script().conversation(unit)
    known: dict[str, Reply] = {}
    while isinstance(end := advance(conversation, known), OpenCall):
        order = end.request.order
        answer = FOUND if isinstance(order, ImageRequest) else BAD
        yield f"{variant}: {name} {end.round} {end.request.model}", end.request.key
        known[end.request.key] = Reply.model_construct(reply=answer.model_dump_json(exclude_defaults=True))


def kinds(keys: Sequence[str]) -> set[str]:
    return {key.rsplit(" ", 1)[-1] for key in keys}


def describe_keys_of_picture_orders():
    @pytest.mark.parametrize("variant", OVERRIDES)
    def they_have_not_moved(variant: str):
        golden = {place: key for place, key in json.loads(GOLDEN.read_text()).items() if place.startswith(variant)}
        found = {place: key for name in ROWS for place, key in orders(variant, name)}
        assert found == golden

    def there_is_one_for_every_kind_of_order():
        assert kinds(list(json.loads(GOLDEN.read_text()))) == {*(module.value for module in Module), "rate"}

    @pytest.mark.parametrize("variant", OVERRIDES)
    def no_two_orders_of_one_warehouse_share_one(variant: str):
        found = [key for name in ROWS for _, key in orders(variant, name)]
        assert len(set(found)) == len(found) == 16
