"""Turns: what a model writes for one session, read, checked and tied to the album."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import Field

from stark_udfs.core import image_words
from stark_udfs.core.ids import stable_id
from stark_udfs.core.records import Record, ReplySchema
from stark_udfs.core.rejects import Reject, RejectReason
from stark_udfs.stages.text.albums import DESCRIPTION_LIMIT, AlbumImage
from stark_udfs.stages.text.sessions.advice import unsafe_advice
from stark_udfs.stages.text.sessions.brief import Source
from stark_udfs.stages.text.sessions.settings import SessionsSettings
from stark_udfs.stages.text.words import clean, excerpt

ASSISTANT = image_words.ASSISTANT
ASSISTANT_ALIASES = {
    "ai assistant",
    "assistant",
    "ai",
    "the assistant",
    "the ai assistant",
    "the ai",
    "ai-assistant",
    "bot",
    "chatbot",
}
USER_ALIASES = {"user", "the user", "human"}
NO_ALBUM = {"", "none", "null", "new", "new image", "n/a"}
HANDLE = re.compile(r"\[?a(\d{1,4})\]?")
SHARED = "shared"  # category of an album image that a session brought
TEXT_LIMIT = 2000  # characters
KEYWORDS_LIMIT = 10
IMAGES_LIMIT = 10  # of one turn
TURNS_LIMIT = 80


class SharedItem(ReplySchema):
    """An image that a turn shares."""

    description: str = Field("", description="what the image shows, 10 to 30 words: subject, place, detail")
    rationale: str = Field("", description="why it is shared at this moment, one sentence")
    source: Source = Field(description="'mobile' for a picture on the user's phone, 'internet' for one found online")
    keywords: list[str] = Field(default_factory=list, description="2 to 5 words or phrases to search for the image")
    album_id: str | None = Field(
        None, description="the id of the album picture that is shared again, as 'a2'; null for every other image"
    )


class TurnItem(ReplySchema):
    """One turn of the reply."""

    speaker: str = Field(description="the user's full name, or 'AI Assistant'")
    text: str = Field("", description="what is said, 1 to 3 sentences; may be empty where an image speaks for itself")
    images: list[SharedItem] = Field(default_factory=list, description="images shared with this turn, mostly none")


class SessionReply(ReplySchema):
    """What the model sends back."""

    turns: list[TurnItem] = Field(description="the session from the first turn to the last")


class SharedImage(Record):
    """An image as a turn shares it."""

    image_id: str = Field(description="the album's, where it is shared again")
    reused: bool = Field(description="whether it was in the album before this session")
    description: str
    rationale: str
    source: str = Field(description="internet | mobile")
    keywords: list[str]


class Turn(Record):
    """One turn of a session."""

    turn: int = Field(description="1, 2, 3, …")
    speaker: str = Field(description="the user's full name, or 'AI Assistant'")
    text: str = Field(description="may be empty where an image is shared")
    images: list[SharedImage]


@dataclass(frozen=True)
class SessionContext:
    """Where a session takes place: who talks, and the album as it is before."""

    episode_id: str
    session_number: int
    name: str
    album: tuple[AlbumImage, ...]

    @property
    def key(self) -> str:
        """The key of the session."""
        return f"{self.episode_id}:{self.session_number}"


@dataclass(frozen=True)
class ParsedSession:
    """A session that can be used, and the turns that were left out of it."""

    turns: tuple[Turn, ...]
    left_out: tuple[Reject, ...]

    def album_after(self, before: Sequence[AlbumImage]) -> tuple[AlbumImage, ...]:
        """The album with the new pictures of the phone."""
        taken = [
            AlbumImage(image_id=image.image_id, description=image.description, category=SHARED)
            for turn in self.turns
            for image in turn.images
            if image.source == "mobile" and not image.reused
        ]
        return (*before, *taken)


def handle(place: int) -> str:
    """The name of an album picture in prompts; `place` counts from 0."""
    return f"a{place + 1}"


def speaker_of(said: str, name: str) -> str | None:
    """The user's full name or `ASSISTANT`; None for anybody else. A user called Ai is not the AI."""
    label = clean(said).strip(" :*_[]()\"'")
    parts = name.split()
    own = {" ".join(parts[:count]) for count in range(1, len(parts) + 1)}
    if label in own:
        return name
    folded = label.casefold()
    if folded in ASSISTANT_ALIASES:
        return ASSISTANT
    return name if folded in USER_ALIASES | {spelt.casefold() for spelt in own} else None


def parse_turns(settings: SessionsSettings, room: SessionContext, reply: SessionReply) -> ParsedSession | Reject:
    """The session of a reply, or why it cannot be used; a turn without text and image is left out."""
    turns: list[Turn] = []
    left_out: list[Reject] = []
    if len(reply.turns) > TURNS_LIMIT:
        return Reject(reason=RejectReason.TOO_LONG, detail=f"{len(reply.turns)} turns", key=room.key)
    for place, item in enumerate(reply.turns, 1):
        turn = _turn(settings, room, len(turns) + 1, item)
        if isinstance(turn, Turn):
            turns.append(turn)
            continue
        reject = Reject(reason=turn.reason, detail=f"turn {place}: {turn.detail}"[:500], key=room.key)
        if turn.reason is not RejectReason.EMPTY:
            return reject
        left_out.append(reject)
    if len(turns) < 2 or len({turn.speaker for turn in turns}) < 2:
        detail = f"{len(turns)} turns by {len({turn.speaker for turn in turns})} speakers"
        return Reject(reason=RejectReason.TOO_FEW_TURNS, detail=detail, key=room.key)
    return ParsedSession(tuple(turns), tuple(left_out))


def _turn(settings: SessionsSettings, room: SessionContext, number: int, item: TurnItem) -> Turn | Reject:
    speaker, text = speaker_of(item.speaker, room.name), clean(item.text)
    if speaker is None and settings.check_speakers:
        return Reject(reason=RejectReason.UNKNOWN_SPEAKER, detail=repr(excerpt(item.speaker)))
    if len(text) > TEXT_LIMIT or len(item.images) > IMAGES_LIMIT:
        return Reject(reason=RejectReason.TOO_LONG, detail=f"{len(text)} characters, {len(item.images)} images")
    advice = unsafe_advice(text) if settings.check_advice and speaker != room.name else None
    if advice is not None:
        return Reject(reason=RejectReason.UNSAFE_ADVICE, detail=excerpt(advice))
    images: list[SharedImage] = []
    for place, shared in enumerate(item.images, 1):
        image = _image(settings, room, shared, stable_id(room.episode_id, "image", room.session_number, number, place))
        if isinstance(image, Reject):
            return image
        images.append(image)
    if not text and not images:
        return Reject(reason=RejectReason.EMPTY, detail="neither text nor image")
    return Turn(turn=number, speaker=speaker or excerpt(item.speaker), text=text, images=images)


def _image(settings: SessionsSettings, room: SessionContext, item: SharedItem, new_id: str) -> SharedImage | Reject:
    known = _in_album(room, item)
    if known is None and settings.check_album and item.source == "mobile" and _names_album(item):
        return Reject(reason=RejectReason.UNKNOWN_ALBUM_IMAGE, detail=repr(excerpt(item.album_id or "")))
    description = clean(item.description) if known is None else known.description
    if not description:
        return Reject(reason=RejectReason.NO_DESCRIPTION, detail="an image without description")
    if len(description) > DESCRIPTION_LIMIT:
        return Reject(reason=RejectReason.TOO_LONG, detail=f"a description of {len(description)} characters")
    keywords = [word for word in (excerpt(keyword, 60) for keyword in item.keywords[:KEYWORDS_LIMIT]) if word]
    return SharedImage(
        image_id=new_id if known is None else known.image_id,
        reused=known is not None,
        description=description,
        rationale=excerpt(item.rationale, 500),
        source=item.source,
        keywords=keywords,
    )


def _names_album(item: SharedItem) -> bool:
    return item.album_id is not None and item.album_id.strip().casefold() not in NO_ALBUM


def _in_album(room: SessionContext, item: SharedItem) -> AlbumImage | None:
    """The album picture that an item names; an image from the internet is none."""
    found = HANDLE.fullmatch((item.album_id or "").strip().casefold())
    if found is None or item.source != "mobile":
        return None
    place = int(found[1])
    return room.album[place - 1] if 1 <= place <= len(room.album) else None
