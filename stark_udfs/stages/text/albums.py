"""Albums: the pictures that are on a person's phone before the first session."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from pydantic import Field
from pyspark.sql import DataFrame

from stark_udfs.calls.policy import ChatPolicy
from stark_udfs.calls.request import Prompt
from stark_udfs.core.ids import stable_id
from stark_udfs.core.records import Record, ReplySchema
from stark_udfs.core.rejects import Reject, RejectReason
from stark_udfs.engine.checking.measures import Mean, Share
from stark_udfs.engine.stage import ChatStage, Check, Frames
from stark_udfs.settings.chat_models import ChatStageSettings
from stark_udfs.settings.section import Scalar
from stark_udfs.stages.fingerprint import fingerprint_settings
from stark_udfs.stages.text.personas.categories import ADULT
from stark_udfs.stages.text.profile import READS, EpisodeProfile, episode_profiles, profile_lines
from stark_udfs.stages.text.words import bullets, clean
from stark_udfs.tables.table import Table

if TYPE_CHECKING:
    from stark_udfs.stages.pipeline import Settings

DESCRIPTION_LIMIT = 500  # characters
CATEGORY_LIMIT = 40


class AlbumsSettings(ChatStageSettings):
    """Images that are on the person's phone before the first session."""

    parameters: dict[str, Scalar] = Field({"temperature": 0.9, "top_p": 1.0})
    reply_tokens: int = Field(1024, ge=1)
    images: int = Field(5, ge=1, le=30)


class AlbumItem(ReplySchema):
    """One picture of the reply."""

    description: str = Field("", description="what the picture shows, 10 to 30 words: subject, place, detail")
    category: str = Field(
        "",
        description="one or two words, as: selfie, nature, screenshot, landmark, food, art, travel, education, music, "
        "social networking, pets, family, work, sports, home",
    )


class AlbumReply(ReplySchema):
    """What the model sends back."""

    images: list[AlbumItem] = Field(description="as many pictures as asked for, all different")


class AlbumImage(Record):
    """One picture on the phone."""

    image_id: str
    description: str
    category: str = Field(description="lower case, as 'selfie'")


class Album(Record):
    """One row of `albums`."""

    episode_id: str = Field(description="references narratives.episode_id")
    images: list[AlbumImage]


TABLE = Table("albums", Album, key=("episode_id",), parents=(("episode_id", "narratives"),))

SYSTEM = """\
You know what is on people's phones: not a portfolio, but the pictures that a life leaves behind."""


def ask(settings: AlbumsSettings, row: EpisodeProfile, replies: Sequence[AlbumReply]) -> Prompt | None:
    """One call per episode."""
    if replies:
        return None
    rules = [
        "Each description is one visible scene: the subject, the place, the light, and a telling detail.",
        "Only what a camera sees: no feelings, thoughts, sounds, captions or reasons why it was taken.",
        "People are described by their looks and role (a young woman with short hair, an old fisherman), never named; "
        f"where {row.name.split()[0]} is in the picture, write 'a {row.age}-year-old {row.gender}'.",
        "No two pictures have the same category; at least two have to do with what the person says of themselves.",
        f"Things, food, buildings, plants and clothes fit {row.residence} or a place the person would visit.",
        "A picture of a screen or a page says what is on it.",
    ]
    if row.age < ADULT:
        rules.append("The owner is a minor: everyday scenes in ordinary clothes, at most one selfie; nothing intimate.")
    if row.sensitive:
        rules.append("The subject is sensitive: no wounds, no nudity, no violence, no faces of patients, no slogans.")
    return Prompt(
        system=SYSTEM,
        user=f"""\
The owner of the phone
{profile_lines(row)}

Describe {settings.images} pictures that are already on this phone.
{bullets(rules)}""",
        shape=AlbumReply,
        facts={"images": settings.images},
        whole=False,
    )


def parse(settings: AlbumsSettings, row: EpisodeProfile, replies: Sequence[AlbumReply]) -> list[Album | Reject]:
    """The album of the usable pictures and a reject for each other one; no picture, no album."""
    made = [
        _image(row, place, item) for reply in replies for place, item in enumerate(reply.images[: settings.images], 1)
    ]
    images = [image for image in made if isinstance(image, AlbumImage)]
    rejects = [reject for reject in made if isinstance(reject, Reject)]
    if images:
        return [Album(episode_id=row.episode_id, images=images), *rejects]
    if replies:
        rejects.append(Reject(reason=RejectReason.NOTHING_USABLE, detail="no usable picture", key=row.episode_id))
    return [*rejects]


def _image(row: EpisodeProfile, place: int, item: AlbumItem) -> AlbumImage | Reject:
    image_id = stable_id(row.episode_id, "album", place)
    description, category = clean(item.description), clean(item.category).lower()
    if not description:
        return Reject(reason=RejectReason.NO_DESCRIPTION, detail=f"picture {place}", key=image_id)
    if not category:
        return Reject(reason=RejectReason.MISSING_FIELD, detail=f"picture {place}: no category", key=image_id)
    if len(description) > DESCRIPTION_LIMIT or len(category) > CATEGORY_LIMIT:
        detail = f"description of {len(description)}, category of {len(category)} characters"
        return Reject(reason=RejectReason.TOO_LONG, detail=detail, key=image_id)
    return AlbumImage(image_id=image_id, description=description, category=category)


def select(frames: Frames) -> DataFrame:
    """One row per episode."""
    return episode_profiles(frames)


def _checks(settings: AlbumsSettings) -> tuple[Check, ...]:
    different = "size(array_distinct(transform(images, i -> i.{})))"
    return (
        Check("pictures", Mean("size(images)"), low=settings.images * 0.9, high=settings.images, kind="set"),
        Check("different categories in an album", Share(different.format("category"), of="size(images)"), low=0.7),
        Check(
            "different descriptions in an album", Share(different.format("description"), of="size(images)"), low=0.99
        ),
    )


def stage(settings: "Settings") -> ChatStage[EpisodeProfile, AlbumReply, Album]:
    """The stage with these settings."""
    return ChatStage(
        name="albums",
        reads=READS,
        select=select,
        each=EpisodeProfile,
        unit="episode_id",
        ask=partial(ask, settings.albums),
        parse=partial(parse, settings.albums),
        writes=TABLE,
        chat=ChatPolicy.of(settings, settings.albums),
        settings=fingerprint_settings(settings.albums),
        checks=_checks(settings.albums),
    )
