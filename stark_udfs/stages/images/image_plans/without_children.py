"""A picture in which a child may be seen, once more without one: the question, and the form of its reply.

Nobody under the age limit is shown. Where that would take an adult's picture out of a chat, the model is asked once for
the same moment without the child; what it answers is judged by the same rule again (`safety.may_show`).
"""

from typing import TYPE_CHECKING

from pydantic import Field

from stark_udfs.core.records import ReplySchema
from stark_udfs.stages.images.image_plans.prompt import PlanReply, context, rules_of
from stark_udfs.stages.images.image_plans.seeds import ImageSeed
from stark_udfs.stages.text.words import bullets

if TYPE_CHECKING:
    from stark_udfs.stages.pipeline import Settings


class NewDescription(ReplySchema):
    """Another picture for the same moment."""

    description: str = Field(
        min_length=1, description="what the new picture shows, one scene of at most 40 words, with no child in it"
    )


class RewrittenPlanReply(PlanReply, NewDescription):
    """What the model sends back: a new description, and the plan of the picture that it describes."""


def rewriting_prompt(settings: "Settings", row: ImageSeed, looks: str | None) -> str:
    """Everything that the model is told beside its role, when it is to put another picture in this one's place."""
    told = [*_rules(settings, row), *rules_of(settings, row, looks)]
    asked = (
        f"Nobody under {settings.safety.min_face_age} is shown here, and somebody in this picture is, or may be, that "
        "young. The chat gets another picture in its place: the same moment with no child in it. Describe the new "
        f"picture, then plan it.\n{bullets(told)}"
    )
    return "\n\n".join([*context(settings, row, looks), asked])


def _rules(settings: "Settings", row: ImageSeed) -> list[str]:
    first = row.name.split()[0]
    return [
        "description is one visible scene, as concrete as the first and no longer. Take what the moment has beside the "
        "child: the place and its light, what was made, used or left behind, an animal, the hands of an adult. It "
        "suits what is said around it.",
        "The child is gone, not hidden: nobody from behind or out of focus, no hand, shadow, reflection or portrait of "
        "a child. Nobody is made older to stay, and nobody takes the child's place.",
        f"{first}, who is {row.age}, and other adults stay only where the moment is theirs as well, and the words say "
        "that they are grown up: a woman, an old man.",
        "No text has a word for a child, for people who may be young (friends, a team, a class, a family) or for "
        "somebody who is missing, since painters paint what they read: 'an empty swing', not 'a swing without a boy'.",
        "As an example, 'Two girls racing paper boats along a gutter' becomes 'Two paper boats in a rain gutter, one "
        "tipped over against a wet leaf, chalk marks on the kerb'.",
    ]
