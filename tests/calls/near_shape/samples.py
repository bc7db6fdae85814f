"""Samples of shapes: small ones of the tests' own, and the stages' with what a real model replied."""

import json
from pathlib import Path

from pydantic import Field

from stark_udfs.core.records import ReplySchema
from stark_udfs.stages.images.image_plans.prompt import BriefPlanReply, PlanReply
from stark_udfs.stages.text.albums import AlbumReply
from stark_udfs.stages.text.commonsense.stage import InferenceReply
from stark_udfs.stages.text.events.stage import EventsReply
from stark_udfs.stages.text.narratives import NarrativeReply
from stark_udfs.stages.text.personas.prompt import PersonaReply
from stark_udfs.stages.text.sessions.turns import SessionReply
from stark_udfs.stages.text.summaries import SummaryReply
from tests.calls.asks import Basket
from tests.calls.near_shape.cases import Sample

REPLIES = Path(__file__).parents[2] / "replies"
MOST = 6  # items of a sample


class Crumb(ReplySchema):
    """An item without a required field."""

    crumb_size: str = Field("", max_length=40)
    left_on: str | None = None


class Table(ReplySchema):
    """A list that may be left out."""

    crumbs: list[Crumb] = Field(default_factory=list)


class Toast(ReplySchema):
    """No list, and nothing required."""

    brown_side: str = ""
    butter: bool = False


def recorded(name: str, shape: type[ReplySchema], *, lists: bool) -> Sample:
    """A sample of the first two recorded replies that have enough."""
    lines = (REPLIES / f"{name}.jsonl").read_text("utf-8").splitlines()
    values = [json.loads(json.loads(line)["reply"]) for line in lines]
    if not lists:
        return Sample(shape, values[0], values[1])
    field = next(iter(shape.model_fields))
    one, other = [value[field][:MOST] for value in values if len(value[field]) >= 4][:2]
    return Sample(shape, {field: one}, {field: other[: len(one)]})


LISTS = {
    "Basket": Sample(
        Basket,
        {"loaves": [{"flour": flour, "grams": 500 + n} for n, flour in enumerate(("rye", "spelt", "oat", "emmer"))]},
        {"loaves": [{"flour": "wheat", "grams": 1}, {"flour": "maize", "grams": 2}]},
    ),
    "Table": Sample(
        Table,
        {"crumbs": [{"crumb_size": size, "left_on": "plate"} for size in ("tiny", "small", "large", "huge")]},
        {"crumbs": [{"crumb_size": "none", "left_on": None}, {"crumb_size": "some", "left_on": "floor"}]},
    ),
    "albums": recorded("albums", AlbumReply, lists=True),
    "personas": recorded("personas", PersonaReply, lists=True),
    "events": recorded("events", EventsReply, lists=True),
    "sessions": recorded("sessions", SessionReply, lists=True),
}
SINGLES = {
    "Toast": Sample(Toast, {"brown_side": "both", "butter": True}, {"brown_side": "none", "butter": False}),
    "commonsense": recorded("commonsense", InferenceReply, lists=False),
    "narratives": recorded("narratives", NarrativeReply, lists=False),
    "summaries": recorded("summaries", SummaryReply, lists=False),
    "image_plans": recorded("image_plans", PlanReply, lists=False),
    "image_plans, brief": recorded("image_plans", BriefPlanReply, lists=False),
}
