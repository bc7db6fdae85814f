"""Probe phrasings: the questions of memory probes in a model's words, where `probes.phrasing` is `model`.

A template's question quotes the plan, which helps a search more than a person's question would. Only the question is
worded anew: answer and evidence stay the probe's own, and a wording that gives something away, or does not say what it
is about, is not used.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pydantic import Field
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from stark_udfs.calls.policy import ChatPolicy
from stark_udfs.calls.request import Prompt
from stark_udfs.core.ids import Json
from stark_udfs.core.records import Record, ReplySchema
from stark_udfs.engine.checking.measures import Mean, Share
from stark_udfs.engine.stage import ChatStage, Check, Frames
from stark_udfs.stages.probes import stage as probes
from stark_udfs.stages.probes.records import Probe
from stark_udfs.stages.probes.wording import unfit
from stark_udfs.stages.text import narratives
from stark_udfs.stages.text.words import bullets, clean, excerpt
from stark_udfs.tables.table import Table

if TYPE_CHECKING:
    from stark_udfs.stages.pipeline import Settings

REASON_LIMIT = 300  # characters
UNANSWERED = "the model gave no wording"


class PhrasingInput(Record):
    """The probes of an episode; one call words them all."""

    episode_id: str
    name: str
    probes: list[Probe] = Field(description="in the order of probe_id; the model is shown no answer")


class PhrasedQuestion(ReplySchema):
    """One question in other words."""

    number: int = Field(description="that of the question")
    question: str = Field(description="the same question in other words, one sentence, at most 400 characters")


class PhrasingReply(ReplySchema):
    """What the model sends back."""

    questions: list[PhrasedQuestion] = Field(description="one for each number")


class ProbePhrasing(Record):
    """One row of `probe_phrasings`: how a probe is asked."""

    probe_id: str = Field(description="references probes.probe_id")
    episode_id: str = Field(description="references narratives.episode_id")
    question: str = Field(description="in the model's words; the template's, where those are not used")
    phrased: bool = Field(description="whether it is in the model's words")
    reason: str | None = Field(description="why the template is kept; null: it is not")


TABLE = Table(
    "probe_phrasings",
    ProbePhrasing,
    key=("probe_id",),
    parents=(("probe_id", "probes"), ("episode_id", "narratives")),
)

SYSTEM = """\
You word questions about the talks between a person and an AI assistant, as somebody would ask who was there and wants
to see what is remembered. You ask exactly what you are given, in other words."""
RULES = (
    "Ask the same thing: nobody may understand another one, and the answer stays what it was.",
    "Do not guess an answer, hint at it or add a fact; where two things are named to choose from, keep both in their "
    "own words.",
    "Name the person and every date as given. Keep the nouns of what stands in “quotes”, but drop the quotes and turn "
    "what the person said into reported speech.",
    "One sentence that ends with a question mark.",
)


def ask(row: PhrasingInput, replies: Sequence[PhrasingReply]) -> Prompt | None:
    """One call per episode."""
    if replies:
        return None
    listed = "\n".join(f"{number}. {probe.question}" for number, probe in enumerate(row.probes, 1))
    facts: dict[str, Json] = {"questions": [probe.question for probe in row.probes]}
    user = f"The person is {row.name}.\n\n{listed}\n\nWord each question anew.\n{bullets(list(RULES))}"
    return Prompt(system=SYSTEM, user=user, shape=PhrasingReply, facts=facts)


def parse(row: PhrasingInput, replies: Sequence[PhrasingReply]) -> list[ProbePhrasing]:
    """One row per probe; the template's question where a wording is unfit or missing."""
    given = [{one.number: clean(one.question) for one in reply.questions} for reply in replies]
    return [_phrasing(row, number, probe, of) for of in given for number, probe in enumerate(row.probes, 1)]


def _phrasing(row: PhrasingInput, number: int, probe: Probe, given: Mapping[int, str]) -> ProbePhrasing:
    text = given.get(number, "")
    why = unfit(row.name, probe, text) if text else UNANSWERED
    return ProbePhrasing(
        probe_id=probe.probe_id,
        episode_id=row.episode_id,
        question=probe.question if why else text,
        phrased=why is None,
        reason=None if why is None else excerpt(why, REASON_LIMIT),
    )


def select(frames: Frames) -> DataFrame:
    """Every episode that has probes."""
    people = frames[narratives.TABLE.name].select("episode_id", "name")
    asked = F.struct(*Probe.model_fields)
    return (
        frames[probes.TABLE.name]
        .groupBy("episode_id")
        .agg(F.sort_array(F.collect_list(asked)).alias("probes"))
        .join(people, "episode_id")
        .select("episode_id", "name", "probes")
    )


CHECKS = (
    Check("probes in a model's words", Share("phrased"), low=0.7, high=1),
    Check("words in a question", Mean("size(split(question, ' '))"), low=5, high=60),
)


def stages(settings: "Settings") -> tuple[ChatStage[PhrasingInput, PhrasingReply, ProbePhrasing], ...]:
    """The stage; none where `probes.phrasing` is `template`."""
    return (stage(settings),) if settings.probes.phrasing == "model" else ()


def stage(settings: "Settings") -> ChatStage[PhrasingInput, PhrasingReply, ProbePhrasing]:
    """The stage with these settings."""
    return ChatStage(
        name=TABLE.name,
        reads=(probes.TABLE, narratives.TABLE),
        select=select,
        each=PhrasingInput,
        unit="episode_id",
        ask=ask,
        parse=parse,
        writes=TABLE,
        chat=ChatPolicy.of(settings, settings.probes),
        settings={},
        checks=CHECKS,
        optional=True,
    )
