"""A row of the public dataset, as anybody may have written it, read into the shape of our tables.

Lists are JSON texts; some files hold Python literals instead, some have `\\uXXXX` escaped twice, `images_key` and
`keywords` have texts or lists.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from pydantic import Field

from stark_udfs.core.ids import stable_id
from stark_udfs.core.records import Record
from stark_udfs.core.rejects import Reject, RejectReason
from stark_udfs.release.public.cells import BadCell, age_of, day_of, first_key, list_of, text_of
from stark_udfs.sql.public_episodes import NEW_IMAGE, OF_UTTERANCE
from stark_udfs.stages.text.albums import AlbumImage
from stark_udfs.stages.text.events.stage import Cause, Event
from stark_udfs.stages.text.sessions.turns import SHARED, SharedImage, Turn

COLUMN = re.compile(r"session(\d{1,3}):(\w+)")
INDEX = re.compile(r"(?P<seed>[^:]{1,128}):(?P<id>[\w.-]{1,128})-(?P<relation>\w{1,64})")
NOT_AN_ID = {"", "none", "null", NEW_IMAGE}
MOST_SESSIONS = 100
URL, FACE = "url:", "face:"


class ImportedImage(Record):
    """An image of an episode, as the release names it."""

    image_id: str
    key: str = Field(description="in the shards; `url:…` has no pixels; empty: no picture was released")
    module: str
    description: str


class ImportedSession(Record):
    """A session in the shape of `sessions`."""

    session_number: int
    session_date: date
    event_id: int
    interval: str | None
    experience_op: str | None
    experience: str | None
    turns: list[Turn]
    album_after: list[AlbumImage]


class ImportedEpisode(Record):
    """A row of the public dataset, typed."""

    episode_id: str
    public_index: str
    seed_id: str
    name: str
    age: int
    gender: str
    birthplace: str
    residence: str
    face_description: str
    face_key: str
    category: str
    sentence: str
    entity_key: str
    entity_value: str
    relation: str
    inference: str
    narrative: str
    album: list[AlbumImage]
    events: list[Event]
    sessions: list[ImportedSession]
    images: list[ImportedImage]


def read_public_row(row: Mapping[str, Any]) -> ImportedEpisode | Reject:
    """The episode of a row, or why it cannot be read."""
    index = text_of(row.get("index"))
    try:
        return _episode(row, index)
    except BadCell as error:
        return Reject(reason=RejectReason.WRONG_SHAPE, detail=str(error)[:500], key=index[:128])


def _episode(row: Mapping[str, Any], index: str) -> ImportedEpisode:
    found = INDEX.fullmatch(index)
    if not index:
        raise BadCell("index: empty")
    episode_id = found["id"] if found else stable_id(index)
    numbers = sorted({int(match[1]) for name in row if (match := COLUMN.fullmatch(name))})[:MOST_SESSIONS]
    album = _album(row, episode_id)
    sessions: list[ImportedSession] = []
    events: list[Event] = []
    images: dict[str, ImportedImage] = {image.image_id: image for image in _album_images(row, album)}
    phone = list(album)
    for number in numbers:
        read = _session(row, number, episode_id, phone)
        if read is None:
            continue
        session, event, shown = read
        for image in shown:
            if image.image_id not in images or not images[image.image_id].key:
                images[image.image_id] = image
        sessions.append(session)
        events.append(event)
        phone = list(session.album_after)
    return ImportedEpisode(
        episode_id=episode_id,
        public_index=index,
        seed_id=found["seed"] if found else "",
        age=age_of(row.get("age")),
        face_description=text_of(row.get("human_face_description")),
        face_key=text_of(row.get("human_face_image_key")),
        category=text_of(row.get("persona_category")),
        sentence=text_of(row.get("persona_sentence")),
        entity_key=text_of(row.get("persona_entity_key")),
        entity_value=text_of(row.get("persona_entity_value")),
        relation=text_of(row.get("persona_commonsense_relation")) or (found["relation"] if found else ""),
        inference=text_of(row.get("persona_commonsense_inference")),
        album=album,
        events=events,
        sessions=sessions,
        images=list(images.values()),
        **{name: text_of(row.get(name)) for name in ("name", "gender", "birthplace", "residence", "narrative")},
    )


def _album(row: Mapping[str, Any], episode_id: str) -> list[AlbumImage]:
    """The phone before the first session; ids of pictures without a key follow from their place."""
    keys = [first_key(key) for key in list_of(row.get("session1:device_images_key"), "session1:device_images_key")]
    said = list_of(row.get("session1:device_image_descriptions"), "session1:device_image_descriptions")
    texts = [text_of(text) for text in said] + [""] * (len(keys) - len(said))
    return [
        AlbumImage(image_id=_bare(key) or stable_id(episode_id, "album", place), description=texts[place], category="")
        for place, key in enumerate(keys)
    ]


def _album_images(row: Mapping[str, Any], album: Sequence[AlbumImage]) -> list[ImportedImage]:
    keys = [first_key(key) for key in list_of(row.get("session1:device_images_key"), "session1:device_images_key")]
    return [
        ImportedImage(image_id=image.image_id, key=key, module="", description=image.description)
        for image, key in zip(album, keys, strict=True)
    ]


def _bare(key: str) -> str:
    return key.removeprefix(URL).removeprefix(FACE)


def _session(
    row: Mapping[str, Any], number: int, episode_id: str, phone: Sequence[AlbumImage]
) -> tuple[ImportedSession, Event, list[ImportedImage]] | None:
    """A session, its event and its images; None: the row has no such session."""
    of = f"session{number}:"
    columns = {field: list_of(row.get(f"{of}{name}"), f"{of}{name}") for name, field in OF_UTTERANCE.items()}
    count = len(columns["speaker"])
    if not count:
        return None
    for name, field in OF_UTTERANCE.items():
        columns[field] = columns[field] or [""] * count
        if len(columns[field]) != count:
            raise BadCell(f"{of}{name}: {len(columns[field])} elements for {count} speakers")
    turns, images = [], []
    for place in range(count):
        said = {field: values[place] for field, values in columns.items()}
        shared = _image(said, episode_id, number, place)
        turns.append(
            Turn(
                turn=place + 1,
                speaker=text_of(said["speaker"]),
                text=text_of(said["text"]),
                images=[] if shared is None else [shared[0]],
            )
        )
        if shared is not None:
            images.append(shared[1])
    known = {image.image_id for image in phone}
    new = [
        AlbumImage(image_id=image.image_id, description=image.description, category=SHARED)
        for turn in turns
        for image in turn.images
        if image.source == "mobile" and not image.reused and image.image_id not in known
    ]
    day, event = day_of(row.get(f"{of}date"), f"{of}date"), text_of(row.get(f"{of}event"))
    interval, experience = text_of(row.get(f"{of}time_interval")), text_of(row.get(f"{of}experience"))
    first = number == 1
    cause = None if first else Cause(event_id=number - 1, interval=interval, experience_op="", experience=experience)
    session = ImportedSession(
        session_number=number,
        session_date=day,
        event_id=number,
        interval=interval or None,
        experience_op=None,
        experience=experience or None,
        turns=turns,
        album_after=[*phone, *new],
    )
    return session, Event(event_id=number, date=day, event=event, caused_by=cause), images


def _image(
    said: Mapping[str, Any], episode_id: str, number: int, place: int
) -> tuple[SharedImage, ImportedImage] | None:
    key, description = first_key(said["image_key"]), text_of(said["description"])
    source = text_of(said["source"])
    if not key and not description and not source:
        return None
    mobile = text_of(said["from_mobile"]).strip()
    reused = mobile.lower() not in NOT_AN_ID
    made = _bare(key) or stable_id(episode_id, "image", number, place)
    image_id = _bare(key) or mobile if reused else made
    keywords = said["keywords"]
    words = [text_of(keywords)] if isinstance(keywords, str) else [text_of(word) for word in keywords or ()]
    shared = SharedImage(
        image_id=image_id,
        reused=reused,
        description=description,
        rationale=text_of(said["rationale"]),
        source=source,
        keywords=[word for word in words if word],
    )
    module = text_of(said["module"])
    return shared, ImportedImage(image_id=image_id, key=key, module=module, description=description)
