"""Moderations: whether the text of a session is safe; by offline rules, a classifier, or a moderation endpoint.

Pictures have their verdict in `images` (nsfw): one that is not safe is not chosen.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd
from pydantic import Field
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from stark_udfs.calls.moderation import ModerationPolicy, ModerationReply, moderation_prompt
from stark_udfs.calls.request import Prompt
from stark_udfs.core.errors import SettingsError
from stark_udfs.core.ids import Json
from stark_udfs.core.records import Record
from stark_udfs.engine.checking.measures import Share
from stark_udfs.engine.stage import ChatStage, Check, Frames, TableStage
from stark_udfs.settings.section import Scalar, Section
from stark_udfs.stages.fingerprint import settings_named
from stark_udfs.stages.text.sessions import stage as sessions
from stark_udfs.stages.verdicts.moderation_classifier import ClassifierModerator
from stark_udfs.stages.verdicts.moderation_rules import RuleModerator
from stark_udfs.stages.verdicts.verdict import FLAGGED, Finding, Moderator, ModeratorSpec, TextVerdict, verdict_of
from stark_udfs.tables.schema import struct_type
from stark_udfs.tables.table import Table

if TYPE_CHECKING:
    from stark_udfs.stages.pipeline import Settings


class ModerationsSettings(Section):
    """Safety of the text of sessions."""

    method: Literal["rules", "classifier", "endpoint"] = Field(
        "rules", description="packaged word rules; a text classifier; or `/moderations` of a server of `models`"
    )
    threshold: float = Field(0.5, gt=0, le=1, description="score from which a session is flagged")
    classifier: str | None = Field(
        None, description="folder or hub id of the classifier (paper: Canary of ProsocialDialog, from its authors)"
    )
    revision: str | None = Field(None, description="of the classifier")
    unsafe_labels: tuple[str, ...] = Field(
        ("__needs_intervention__",), min_length=1, description="labels of the classifier that are unsafe, in any case"
    )
    window: int = Field(3, ge=1, le=20, description="turns that the classifier reads together")
    batch_size: int = Field(32, ge=1, description="of the classifier")
    model: str = Field("default", description="a key of `models`, for the endpoint")
    parameters: dict[str, Scalar] = Field(default_factory=dict, description="sent to the endpoint as written")


class ModeratedSession(Record):
    """A session as moderators read it."""

    moderation_id: str
    episode_id: str
    session_number: int
    texts: list[str] = Field(description="by turn: what is said, and what its images show")


class Moderation(Record):
    """One row of `moderations`: the verdict on a session's text."""

    moderation_id: str = Field(description="episode_id:session_number:text")
    episode_id: str = Field(description="references sessions.episode_id")
    session_number: int
    label: str = Field(description="ok | flagged")
    score: float = Field(description="of the worst finding, in [0, 1]; what it means depends on `model`")
    categories: list[str] = Field(description="of the findings from the threshold on; names are the method's own")
    reason: str = Field(description="turns and categories; empty: nothing was found")
    method: str = Field(description="rules | classifier | endpoint")
    model: str = Field(description="the classifier or the endpoint's model; rules: 'rules'")


TABLE = Table("moderations", Moderation, key=("moderation_id",), parents=(("episode_id", "sessions"),))
CHECKS = (Check("flagged sessions", Share(f"label = '{FLAGGED}'"), high=0.05),)


def select(frames: Frames) -> DataFrame:
    """All sessions; the columns of `ModeratedSession`."""
    shown = F.transform("turns", lambda turn: F.transform(turn["images"], lambda image: image["description"]))
    texts = F.zip_with("turns", shown, lambda turn, images: F.array_join(F.concat(F.array(turn["text"]), images), "\n"))
    return frames[sessions.TABLE.name].select(
        F.concat_ws(":", "episode_id", "session_number", F.lit("text")).alias("moderation_id"),
        "episode_id",
        "session_number",
        texts.alias("texts"),
    )


def ask(row: ModeratedSession, replies: Sequence[ModerationReply]) -> Prompt | None:
    """One call per session: a text per turn."""
    return None if replies else moderation_prompt(row.texts)


def parse(threshold: float, model: str, row: ModeratedSession, replies: Sequence[ModerationReply]) -> list[Moderation]:
    """One row."""
    return [_row(row, _of_endpoint(reply, threshold), "endpoint", model) for reply in replies]


def _of_endpoint(reply: ModerationReply, threshold: float) -> TextVerdict:
    found = []
    for turn, result in enumerate(reply.results, 1):
        scores = {name: score for name, score in result.category_scores.items() if score is not None}
        flagged = [name for name, bad in result.categories.items() if bad] or (["flagged"] if result.flagged else [])
        found += [Finding(turn, name, "by the endpoint", max(scores.get(name, 1.0), threshold)) for name in flagged]
        found += [Finding(turn, name, "by its score", score) for name, score in scores.items() if name not in flagged]
    return verdict_of(found, threshold)


def _row(session: ModeratedSession, verdict: TextVerdict, method: str, model: str) -> Moderation:
    return Moderation(
        moderation_id=session.moderation_id,
        episode_id=session.episode_id,
        session_number=session.session_number,
        label=verdict.label,
        score=verdict.score,
        categories=list(verdict.categories),
        reason=verdict.reason,
        method=method,
        model=model,
    )


@cache
def loaded(spec: ModeratorSpec) -> Moderator:
    """The moderator of a spec, loaded once per Python process."""
    return spec.load()


def moderating(
    spec: ModeratorSpec, method: str, model: str
) -> Callable[[Iterable[pd.DataFrame]], Iterator[pd.DataFrame]]:
    """A mapInPandas function: columns of `ModeratedSession` in, rows of `moderations` out."""

    def over(frames: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        for frame in frames:
            rows = [ModeratedSession.model_validate({**row, "texts": list(row["texts"])}) for row in _dicts(frame)]
            verdicts = loaded(spec).verdicts([row.texts for row in rows])
            made = [_row(row, verdict, method, model) for row, verdict in zip(rows, verdicts, strict=True)]
            yield pd.DataFrame([one.model_dump() for one in made], columns=list(Moderation.model_fields))

    return over


def _dicts(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return frame.to_dict("records")  # type: ignore[return-value]  # columns of Spark have names


def _moderated(spec: ModeratorSpec, method: str, model: str, frames: Frames) -> DataFrame:
    return select(frames).mapInPandas(moderating(spec, method, model), struct_type(Moderation))


def stage(settings: "Settings") -> TableStage | ChatStage[ModeratedSession, ModerationReply, Moderation]:
    """The stage with these settings.

    Raises:
        SettingsError: no classifier is named where one is needed, or the endpoint's model is no key of `models`.
    """
    section = settings.moderations
    if section.method == "endpoint":
        return _endpoint(settings)
    spec: ModeratorSpec = RuleModerator(section.threshold)
    model, names = "rules", ["method", "threshold"]
    if section.method == "classifier":
        if section.classifier is None:
            raise SettingsError("moderations.classifier: name a folder or a hub id, or set moderations.method: rules.")
        model, names = section.classifier, [*names, "classifier", "revision", "unsafe_labels", "window"]
        spec = ClassifierModerator(
            model=model,
            labels=section.unsafe_labels,
            revision=section.revision,
            threshold=section.threshold,
            window=section.window,
            batch=section.batch_size,
        )
    return TableStage(
        name=TABLE.name,
        reads=(sessions.TABLE,),
        select=partial(_moderated, spec, section.method, model),
        writes=TABLE,
        settings=settings_named(section, *names),
        checks=CHECKS,
    )


def _endpoint(settings: "Settings") -> ChatStage[ModeratedSession, ModerationReply, Moderation]:
    section = settings.moderations
    if section.model not in settings.models:
        known = ", ".join(sorted(settings.models)) or "none"
        raise SettingsError(f"moderations.model: no model {section.model!r} in `models`. Known: {known}.")
    model = settings.models[section.model]
    shared: dict[str, Json] = {**section.parameters}
    return ChatStage(
        name=TABLE.name,
        reads=(sessions.TABLE,),
        select=select,
        each=ModeratedSession,
        unit="moderation_id",
        ask=ask,
        parse=partial(parse, section.threshold, model.name),
        writes=TABLE,
        chat=ModerationPolicy(model=model, parameters=shared, reply_tokens=0, reasks=0, seed=settings.pipeline.seed),
        settings=settings_named(section, "method", "threshold"),
        checks=CHECKS,
    )
