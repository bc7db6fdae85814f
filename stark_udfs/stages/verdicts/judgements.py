"""Judgements: what chat models think of sessions, by the paper's seven criteria. One stage per judge, one table.

A judge that the settings call `default` has the stage `judgements`, any other `judgements_<judge>`: so each keeps its
model's price, limits and forecast, and adding one asks nothing again.
"""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from pydantic import Field
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from stark_udfs.calls.image_parts import ImagePart
from stark_udfs.calls.policy import ChatPolicy
from stark_udfs.calls.request import Prompt
from stark_udfs.core.errors import SettingsError
from stark_udfs.core.records import Record
from stark_udfs.core.rejects import Reject, RejectReason
from stark_udfs.engine.checking.measures import Mean
from stark_udfs.engine.stage import ChatStage, Check, Frames
from stark_udfs.settings.chat_models import ChatStageSettings
from stark_udfs.settings.section import Scalar
from stark_udfs.stages.fingerprint import fingerprint_settings
from stark_udfs.stages.images.images import stage as images
from stark_udfs.stages.text import summaries
from stark_udfs.stages.text.events import stage as events
from stark_udfs.stages.text.profile import READS, episode_profiles
from stark_udfs.stages.text.sessions import stage as sessions
from stark_udfs.stages.text.words import excerpt
from stark_udfs.stages.verdicts.criteria import HIGHEST, LOWEST, Criterion
from stark_udfs.stages.verdicts.judge_prompt import JudgementReply, prompt
from stark_udfs.stages.verdicts.judged import ImageFile, JudgedSession
from stark_udfs.tables import columns
from stark_udfs.tables.table import Table

if TYPE_CHECKING:
    from stark_udfs.stages.pipeline import Settings

RATIONALE_LIMIT = 600  # characters


class JudgementsSettings(ChatStageSettings):
    """Sessions judged by chat models."""

    model: str = Field("default", description="not used: `judges` names the models")
    judges: tuple[str, ...] = Field(("default",), min_length=1, description="keys of `models`; each judges alone")
    share: float = Field(0.0, ge=0, le=1, description="of episodes, drawn by hash; 0: nobody is asked")
    sees_images: bool = Field(False, description="whether the pictures go along; else judges read descriptions")
    max_images: int = Field(8, ge=1, le=20, description="of one session that go along")
    image_side: int = Field(512, ge=64, le=2048, description="px; longer side of a picture that goes along, at most")
    parameters: dict[str, Scalar] = Field({"temperature": 0.0})
    reply_tokens: int = Field(1536, ge=1)


class Rationale(Record):
    """What a score rests on, in the judge's words."""

    criterion: Criterion
    text: str = Field(description="at most 600 characters")


class Judgement(Record):
    """One row of `judgements`: a session as one judge sees it. Scores 1 (not at all) to 4 (a lot)."""

    judgement_id: str = Field(description="episode_id:session_number:judge")
    episode_id: str = Field(description="references sessions.episode_id")
    session_number: int
    judge: str = Field(description="a key of `models`; for people see `ratings`")
    model: str = Field(description="the model's name; that of the offline author begins with 'offline'")
    sees_images: bool
    coherence: int | None
    consistency: int | None
    image_turn_relevance: int | None = Field(description="null: no image")
    image_dialogue_relevance: int | None = Field(description="null: no image")
    image_persona_relevance: int | None = Field(description="null: no image")
    time_interval: int | None = Field(description="null: the first session")
    experience: int | None = Field(description="null: nothing was lived through since the session before")
    rationales: list[Rationale]


TABLE = Table("judgements", Judgement, key=("judgement_id",), parents=(("episode_id", "sessions"),))


def ask(
    settings: JudgementsSettings, files: str, row: JudgedSession, replies: Sequence[JudgementReply]
) -> Prompt | None:
    """One call per session and judge."""
    if replies:
        return None
    if not settings.sees_images:
        return prompt(row, (), None)
    place, seen = files.rstrip("/"), _in_order(row)[: settings.max_images]
    images = tuple(ImagePart(f"{place}/{file.path}", file.sha256, settings.image_side) for file in seen)
    return prompt(row, images, [file.image_id for file in seen])


def parse(model: str, sees: bool, row: JudgedSession, replies: Sequence[JudgementReply]) -> list[Judgement | Reject]:
    """One row; a reply without any score is none."""
    return [_judgement(model, sees, row, reply) for reply in replies]


def _judgement(model: str, sees: bool, row: JudgedSession, reply: JudgementReply) -> Judgement | Reject:
    asked = row.criteria(seen=sees)
    scores = {one.value: reply.of(one).score if one in asked else None for one in Criterion}
    if all(score is None for score in scores.values()):
        return Reject(reason=RejectReason.EMPTY, detail="no score", key=row.judgement_id)
    said = {one.value: excerpt(reply.of(one).rationale, RATIONALE_LIMIT) for one in asked}
    return Judgement.model_validate(
        {
            **{name: getattr(row, name) for name in ("judgement_id", "episode_id", "session_number", "judge")},
            "model": model,
            "sees_images": sees,
            **scores,
            "rationales": [{"criterion": name, "text": text} for name, text in said.items() if text],
        }
    )


def select(seed: int, settings: JudgementsSettings, judge: str, frames: Frames) -> DataFrame:
    """Sessions of the drawn episodes with what came before them; the columns of `JudgedSession`."""
    drawn = columns.uniform(F.lit(seed), F.col("episode_id"), F.lit("judged")) < settings.share
    happened = frames[events.TABLE.name].select("episode_id", F.explode("events").alias("one"))
    happened = happened.select("episode_id", F.col("one.event_id").alias("event_id"), F.col("one.event").alias("event"))
    before = Window.partitionBy("episode_id").orderBy("session_number").rowsBetween(Window.unboundedPreceding, -1)
    earlier = F.collect_list(F.struct("session_number", "session_date", "interval", "event")).over(before)
    remembered = frames[summaries.TABLE.name].select(
        "episode_id", (F.col("session_number") + 1).alias("session_number"), F.col("summary").alias("memory")
    )
    chosen = frames[sessions.TABLE.name].where(drawn).join(happened, ["episode_id", "event_id"], "left")
    ids = F.flatten(F.transform("turns", lambda turn: F.transform(turn["images"], lambda image: image["image_id"])))
    key = F.concat_ws(":", "episode_id", "session_number", F.lit(judge))
    return (
        chosen.withColumn("event", F.coalesce("event", F.lit("")))
        .withColumn("earlier", earlier)
        .join(remembered, ["episode_id", "session_number"], "left")
        .join(episode_profiles(frames), "episode_id")
        .join(_pictures(settings, frames), "episode_id", "left")
        .withColumn("files", F.filter("pictures", lambda one: F.array_contains(ids, one["image_id"])))
        .withColumn("files", F.coalesce("files", F.from_json(F.lit("[]"), FILES)))
        .withColumn("judgement_id", key)
        .withColumn("judge", F.lit(judge))
        .select(*JudgedSession.model_fields)
    )


FILES = "array<struct<image_id:string,path:string,sha256:string>>"


def _pictures(settings: JudgementsSettings, frames: Frames) -> DataFrame:
    """By episode, the pictures that were chosen; none where judges see none."""
    if not settings.sees_images:
        return (
            frames[sessions.TABLE.name].limit(0).select("episode_id", F.from_json(F.lit("[]"), FILES).alias("pictures"))
        )
    shown = frames[images.TABLE.name].where("chosen AND path IS NOT NULL AND sha256 IS NOT NULL")
    return shown.groupBy("episode_id").agg(
        F.sort_array(F.collect_list(F.struct("image_id", "path", "sha256"))).alias("pictures")
    )


def _in_order(row: JudgedSession) -> list[ImageFile]:
    """The pictures in the order in which the session shares them, each once."""
    by_id = {file.image_id: file for file in row.files}
    shared = dict.fromkeys(image.image_id for turn in row.turns for image in turn.images)
    return [by_id[one] for one in shared if one in by_id]


CHECKS = tuple(
    Check(f"judged {one.value.replace('_', ' ')}", Mean(one.value), low=LOWEST, high=HIGHEST) for one in Criterion
)


def stages(settings: "Settings") -> tuple[ChatStage[JudgedSession, JudgementReply, Judgement], ...]:
    """One stage per judge; none where no session is to be judged.

    Raises:
        SettingsError: a judge is no key of `models`.
    """
    if not settings.judgements.share:
        return ()
    return tuple(_stage(settings, judge) for judge in dict.fromkeys(settings.judgements.judges))


def stage(settings: "Settings") -> ChatStage[JudgedSession, JudgementReply, Judgement]:
    """The stage of the first judge."""
    return _stage(settings, settings.judgements.judges[0])


def _stage(settings: "Settings", judge: str) -> ChatStage[JudgedSession, JudgementReply, Judgement]:
    section = settings.judgements
    if judge not in settings.models:
        known = ", ".join(sorted(settings.models)) or "none"
        raise SettingsError(f"judgements.judges: no model {judge!r} in `models`. Known: {known}.")
    chat = ChatPolicy.of(settings, section.model_copy(update={"model": judge}))
    looks = (images.TABLE,) if section.sees_images else ()
    return ChatStage(
        name=TABLE.name if judge == "default" else f"{TABLE.name}_{judge}",
        reads=(*READS, events.TABLE, sessions.TABLE, summaries.TABLE, *looks),
        select=partial(select, settings.pipeline.seed, section, judge),
        each=JudgedSession,
        unit="judgement_id",
        ask=partial(ask, section, settings.storage.files),
        parse=partial(parse, chat.model.name, section.sees_images),
        writes=TABLE,
        chat=chat,
        settings=fingerprint_settings(section, "judges", "share"),
        scope={"share": section.share, "judges": [judge], "seed": settings.pipeline.seed},
        checks=CHECKS,
        optional=True,
    )
