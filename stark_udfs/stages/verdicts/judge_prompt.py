"""What a judge is asked about one session, and the form of the answer."""

from collections.abc import Sequence

from pydantic import Field

from stark_udfs.calls.image_parts import ImagePart
from stark_udfs.calls.request import Prompt
from stark_udfs.core.ids import Json
from stark_udfs.core.records import ReplySchema
from stark_udfs.stages.text.words import bullets
from stark_udfs.stages.verdicts.criteria import HIGHEST, LOWEST, POINTS, QUESTIONS, Criterion
from stark_udfs.stages.verdicts.judged import JudgedSession


class CriterionReply(ReplySchema):
    """A score and what it rests on."""

    rationale: str = Field("", description="one or two sentences that name the turns or images it rests on")
    score: int | None = Field(None, ge=LOWEST, le=HIGHEST, description="1 to 4; null where there is nothing to judge")


class JudgementReply(ReplySchema):
    """What the judge sends back."""

    coherence: CriterionReply = CriterionReply()
    consistency: CriterionReply = CriterionReply()
    image_turn_relevance: CriterionReply = CriterionReply()
    image_dialogue_relevance: CriterionReply = CriterionReply()
    image_persona_relevance: CriterionReply = CriterionReply()
    time_interval: CriterionReply = CriterionReply()
    experience: CriterionReply = CriterionReply()

    def of(self, criterion: Criterion) -> CriterionReply:
        """The answer about one criterion."""
        found: CriterionReply = getattr(self, criterion.value)
        return found


SYSTEM = """\
You rate conversations between a person and an AI assistant that were written for a data set. You are strict, you judge
each question on its own, and you say what you saw before you give a score."""


def prompt(row: JudgedSession, images: tuple[ImagePart, ...], shown: Sequence[str] | None) -> Prompt:
    """The question about one session.

    Args:
        row: the session.
        images: those that go along.
        shown: their image ids, in the same order; None: the judge sees no images and reads descriptions.
    """
    sees = shown is not None
    asked = row.criteria(seen=sees)
    rules = [
        f"Score each question from {LOWEST} to {HIGHEST}: "
        + ", ".join(f"{point} {word}" for point, word in POINTS.items())
        + ".",
        "First the rationale, in one or two sentences that name turn or image numbers; then the score.",
        "Judge what is there. A question about something the session does not have is answered with null.",
        *(["The images come with this message, in the order of their numbers."] if images else []),
    ]
    left = [one.value for one in Criterion if one not in asked]
    if left:
        rules.append(f"There is nothing to judge for {', '.join(left)}: null.")
    questions = [f"{one.value}: {QUESTIONS[one]}" for one in asked]
    parts = [
        f"The person\n{_profile(row)}",
        *_before(row),
        f"Session {row.session_number}, {row.session_date:%Y.%m.%d}\n{_today(row)}",
        _script(row, shown),
        f"Rate this session.\n{bullets(questions)}",
        bullets(rules),
    ]
    facts: dict[str, Json] = {"criteria": [one.value for one in asked]}
    return Prompt(system=SYSTEM, user="\n\n".join(parts), shape=JudgementReply, facts=facts, images=images)


def _profile(row: JudgedSession) -> str:
    return bullets(
        [
            f"{row.name}, {row.age}, {row.gender}; born in {row.birthplace}, lives in {row.residence}",
            f"in their own words: {row.narrative}",
            f"says of themselves: {row.sentence}",
        ]
    )


def _before(row: JudgedSession) -> list[str]:
    if not row.earlier:
        return []
    lines = [f"session {one.session_number}, {one.session_date:%Y.%m.%d}: {one.event}" for one in row.earlier]
    remembered = [] if row.memory is None else [f"What is remembered of them\n{row.memory}"]
    return [f"Sessions before\n{bullets(lines)}", *remembered]


def _today(row: JudgedSession) -> str:
    lines = [f"what it is about: {row.event}"]
    if row.interval is not None:
        lines.append(f"time since the session before: {row.interval}")
    if row.experience:
        kind = "changes what held before" if row.experience_op == "update" else "new"
        lines.append(f"what the person lived through since ({kind}): {row.experience}")
    return bullets(lines)


def _script(row: JudgedSession, shown: Sequence[str] | None) -> str:
    """The turns; images are numbered in the order in which they go along, or in which they are shared."""
    ids = dict.fromkeys(image.image_id for turn in row.turns for image in turn.images)
    number = {image: place for place, image in enumerate(ids if shown is None else shown, 1)}
    lines = []
    for turn in row.turns:
        if turn.text:
            lines.append(f"{turn.turn}. {turn.speaker}: {turn.text}")
        for image in turn.images:
            named = f"image {number[image.image_id]}" if image.image_id in number else "an image that you are not shown"
            lines.append(f"{turn.turn}. {turn.speaker} shares {named}: {image.description}")
    return "\n".join(lines)
