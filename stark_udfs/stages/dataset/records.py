"""What an episode of the dataset is made of: everything about one person in one row."""

from datetime import date
from enum import StrEnum

from pydantic import Field

from stark_udfs.core.records import Record
from stark_udfs.stages.text.events.stage import Event


class Split(StrEnum):
    """Which part of the dataset an episode belongs to."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


class LeftOut(StrEnum):
    """Why an episode is not in the dataset."""

    NO_SESSIONS = "no_sessions"
    TOO_FEW_SESSIONS = "too_few_sessions"
    TOO_MANY_SESSIONS = "too_many_sessions"
    FLAGGED = "flagged"


class Picture(Record):
    """The file that was chosen for an image."""

    module: str = Field(description="p-t2i | t2i | retrieval | web")
    path: str = Field(description="below storage.files")
    sha256: str
    bytes: int
    width: int = Field(description="px")
    height: int = Field(description="px")
    source: str = Field(description="model, index or site")
    page: str = Field(description="where it was published; empty: nowhere, or nobody says")
    licence: str | None = Field(description="as the source names it")
    licence_kind: str = Field(description="generated, CC0, public domain, CC BY, CC BY-SA, other, unknown")
    licence_url: str | None
    creator: str | None
    provider: str = Field(description="offline: a drawing by this project")


class FacePicture(Record):
    """The picture of the person."""

    description: str
    path: str = Field(description="below storage.files")
    sha256: str
    bytes: int
    width: int = Field(description="px")
    height: int = Field(description="px")
    source: str
    provider: str


class AlbumPicture(Record):
    """An image on the phone before the first session."""

    image_id: str
    description: str
    category: str
    picture: Picture | None = Field(description="null: none was chosen")


class PhoneImage(Record):
    """An image on the phone after a session; its file is in `album` or where a turn first shared it."""

    image_id: str
    description: str
    category: str
    licence_kind: str | None = Field(description="null: it has no file")


class TurnPicture(Record):
    """An image as a turn shares it."""

    image_id: str
    reused: bool = Field(description="whether it was on the phone before this session")
    description: str
    rationale: str
    source: str = Field(description="internet | mobile")
    keywords: list[str]
    picture: Picture | None = Field(description="null: none was chosen")


class EpisodeTurn(Record):
    """One turn."""

    turn: int
    speaker: str
    text: str
    images: list[TurnPicture]


class EpisodeSession(Record):
    """One session."""

    session_number: int
    session_date: date
    event_id: int
    event: str
    interval: str | None
    experience_op: str | None
    experience: str | None
    turns: list[EpisodeTurn]
    album_after: list[PhoneImage]


class Episode(Record):
    """One row of `episodes`."""

    episode_id: str = Field(description="references narratives.episode_id")
    public_index: str = Field(description="seed_id:episode_id-relation, as the public dataset names its rows")
    split: Split = Field(description="train | validation | test, by person")
    left_out: LeftOut | None = Field(description="why the episode is not in the dataset; null: it is")
    left_out_detail: str = Field(description="figures of left_out")
    demographic_id: str
    persona_id: str
    commonsense_id: str
    name: str
    age: int
    gender: str
    birthplace: str
    residence: str
    persona_category: str
    persona_sentence: str
    persona_entity_key: str
    persona_entity_value: str
    relation: str
    inference: str
    sensitive: bool
    narrative: str
    face: FacePicture | None = Field(description="null: minors have none, and whoever's was not taken")
    album: list[AlbumPicture]
    events: list[Event]
    sessions: list[EpisodeSession]
    flagged_sessions: list[int] = Field(description="numbers of sessions that moderations flagged")
    failed_checks: list[str] = Field(description="checks of `consistency` that found a fault in one of its sessions")
    images_shared: int = Field(description="by turns; an image that is shared again counts again")
    images_missing: int = Field(description="of images_shared, those without a file")
    providers: list[str] = Field(description="who wrote and drew it, sorted; offline: text or pictures are simulated")
