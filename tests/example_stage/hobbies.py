"""Hobbies: what a person does on a free day. The example of CONTRIBUTING: a whole chat stage in one file."""

from collections.abc import Sequence

from pydantic import Field
from pyspark.sql import DataFrame

from stark_udfs import ChatStage, Prompt, Record, Reject, RejectReason, ReplySchema, RunSettings, Table
from stark_udfs.calls.policy import ChatPolicy
from stark_udfs.core.ids import stable_id
from stark_udfs.engine.stage import ExampleUnit, Frames
from stark_udfs.settings.chat_models import ChatStageSettings
from stark_udfs.stages.fingerprint import fingerprint_settings
from stark_udfs.stages.people import demographics


class HobbiesSettings(ChatStageSettings):
    """What people do on a free day."""

    reply_tokens: int = Field(256, ge=1)


class HobbyReply(ReplySchema):
    """What the model sends back."""

    hobby: str = Field(description="two to six words, as 'repairing old radios'")


class Profile(Record):
    """One call: a person."""

    demographic_id: str
    age: int
    residence: str


class Hobby(Record):
    """One row of `hobbies`."""

    hobby_id: str
    demographic_id: str = Field(description="references demographics.demographic_id")
    hobby: str


TABLE = Table("hobbies", Hobby, key=("hobby_id",), parents=(("demographic_id", "demographics"),))


def select(frames: Frames) -> DataFrame:
    """One row per person."""
    return frames["demographics"].select(*Profile.model_fields)


def ask(row: Profile, replies: Sequence[HobbyReply]) -> Prompt | None:
    """One call per person."""
    if replies:
        return None
    return Prompt(
        system="You know what people do with their time.",
        user=f"A {row.age}-year-old in {row.residence} has a free day. Name one hobby that fills it.",
        shape=HobbyReply,
    )


def parse(row: Profile, replies: Sequence[HobbyReply]) -> list[Hobby | Reject]:
    """The hobby, if there is one."""
    hobby_id = stable_id(row.demographic_id, "hobby")
    return [
        Hobby(hobby_id=hobby_id, demographic_id=row.demographic_id, hobby=reply.hobby.strip())
        if reply.hobby.strip()
        else Reject(reason=RejectReason.MISSING_FIELD, detail="no hobby", key=hobby_id)
        for reply in replies
    ]


def stage(settings: RunSettings, section: HobbiesSettings) -> ChatStage[Profile, HobbyReply, Hobby]:
    """The stage with these settings."""
    return ChatStage(
        name="hobbies",
        reads=(demographics.TABLE,),
        select=select,
        each=Profile,
        unit="demographic_id",
        ask=ask,
        parse=parse,
        writes=TABLE,
        chat=ChatPolicy.of(settings, section),
        settings=fingerprint_settings(section),
        example=ExampleUnit(
            row=Profile(demographic_id="d", age=34, residence="Japan"),
            replies=(HobbyReply(hobby="repairing old radios"),),
        ),
    )
