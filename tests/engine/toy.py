"""A small chat stage over a table of towns: two rounds per town, three sights in the first, a motto in the second."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pydantic import Field
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from stark_udfs.calls.policy import ChatPolicy
from stark_udfs.calls.request import Prompt
from stark_udfs.core.ids import stable_id
from stark_udfs.core.records import Record, ReplySchema
from stark_udfs.core.rejects import Reject, RejectReason
from stark_udfs.engine.checking.measures import Exact
from stark_udfs.engine.stage import ChatStage, Check, ExampleUnit, Frames, TableStage, Unique
from stark_udfs.settings.chat_models import ModelSettings
from stark_udfs.settings.run import RunSettings
from stark_udfs.tables.schema import struct_type
from stark_udfs.tables.table import Table


class Town(Record):
    town_id: str
    name: str


class TownSeed(Record):
    town_id: str
    name: str
    ordinal: int


class Sights(ReplySchema):
    sights: list[str] = Field(default_factory=list)
    motto: str = ""


class Sight(Record):
    sight_id: str
    town_id: str
    kind: str
    text: str


TOWNS = Table("towns", Town, key=("town_id",))
SIGHTS = Table("sights", Sight, key=("sight_id",), parents=(("town_id", "towns"),))
NAMES = ("Ulm", "Bonn", "Jena", "Trier", "Celle", "Husum", "Emden", "Fulda", "Gotha", "Hanau", "Kamen", "Lemgo")

EXAMPLE = ExampleUnit(
    row=TownSeed(town_id="t", name="Ulm", ordinal=0),
    replies=(Sights(sights=["the old bridge"] * 3), Sights(motto="never late")),
    units=12,
)


@dataclass(frozen=True)
class Toy:
    """What the tests vary."""

    towns: int = 6
    words: str = "Name three sights of"
    drop: str = "nothing"
    suffix: str = ""
    near: float | None = None
    take: int | None = None


def name_of(index: int, suffix: str = "") -> str:
    return f"{NAMES[index % len(NAMES)]}-{index}{suffix}"


def towns(toy: Toy, frames: Frames) -> DataFrame:
    rows = [(stable_id(i), name_of(i, toy.suffix if i == 0 else "")) for i in range(toy.towns)]
    return SparkSession.active().createDataFrame(rows, struct_type(Town))


def select(toy: Toy, frames: Frames) -> DataFrame:
    number = F.regexp_extract("name", "[0-9]+", 0).cast("bigint")
    return frames["towns"].select("town_id", "name", number.alias("ordinal"))


def ask(toy: Toy, row: TownSeed, replies: Sequence[Sights]) -> Prompt | None:
    if len(replies) == 2:
        return None
    wanted = "sights" if not replies else "motto"
    return Prompt("You are a guide.", f"{toy.words} {row.name}: {wanted}", Sights)


def parse(toy: Toy, row: TownSeed, replies: Sequence[Sights]) -> list[Sight | Reject]:
    items: list[Sight | Reject] = []
    texts = [("sight", text) for text in replies[0].sights]
    texts += [("motto", reply.motto) for reply in replies[1:]]
    for place, (kind, text) in enumerate(texts):
        sight_id = stable_id(row.town_id, place)
        if toy.drop in text:
            items.append(Reject(reason=RejectReason.MISSING_FIELD, detail=text, key=sight_id))
        else:
            items.append(Sight(sight_id=sight_id, town_id=row.town_id, kind=kind, text=text))
    return items


def model(url: str, **more: object) -> ModelSettings:
    settings = {"provider": "openai", "name": "toy", "base_url": url, "in_flight": 8, "timeout_s": 20, "attempts": 2}
    return ModelSettings.model_validate({**settings, "price": {"input": 1.0, "output": 2.0}, **more})


def settings_in(folder: Path, **sections: object) -> RunSettings:
    """What the engine needs, and nothing about people or pictures."""
    storage = {"tables": f"{folder}/tables", "files": f"{folder}/files"}
    return RunSettings.model_validate({"storage": storage, "models": {}, **sections})


def stages(toy: Toy, url: str, **more: object) -> tuple[TableStage, ChatStage[TownSeed, Sights, Sight]]:
    """The two stages of the toy pipeline, asking the server at `url`."""
    chat = ChatPolicy(model=model(url, **more), parameters={"temperature": 0.5}, reply_tokens=100, reasks=2, seed=7)
    return (
        TableStage("towns", (), partial(towns, toy), TOWNS, {"towns": toy.towns, "suffix": toy.suffix}),
        ChatStage(
            name="sights",
            reads=(TOWNS,),
            select=partial(select, toy),
            each=TownSeed,
            unit="town_id",
            order="ordinal",
            ask=partial(ask, toy),
            parse=partial(parse, toy),
            writes=SIGHTS,
            chat=chat,
            settings={"words": toy.words, "drop": toy.drop, "take": toy.take},
            take=toy.take,
            unique=None if toy.near is None else Unique("text", "kind", toy.near),
            example=EXAMPLE,
            checks=(Check("mottos", Exact("count_if(kind = 'motto')"), low=1),),
        ),
    )
