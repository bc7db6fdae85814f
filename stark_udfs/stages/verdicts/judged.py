"""What a judge is shown of a session: the record that prompts, exports and broken copies are made from."""

from datetime import date

from pydantic import Field

from stark_udfs.core.records import Record
from stark_udfs.stages.text.sessions.turns import Turn
from stark_udfs.stages.verdicts.criteria import Criterion, applies


class EarlierSession(Record):
    """A session before the judged one, in one line."""

    session_number: int
    session_date: date
    interval: str | None
    event: str


class ImageFile(Record):
    """The chosen picture of an image."""

    image_id: str
    path: str = Field(description="below storage.files")
    sha256: str


class JudgedSession(Record):
    """One session, the person, and what came before."""

    judgement_id: str = Field(description="episode_id:session_number:judge")
    episode_id: str
    session_number: int
    judge: str = Field(description="a key of `models`")
    name: str
    age: int
    gender: str
    birthplace: str
    residence: str
    narrative: str
    entity_key: str
    entity_value: str
    sentence: str
    earlier: list[EarlierSession] = Field(description="in the order of session_number")
    memory: str | None = Field(description="the summary after the session before; null: there is none")
    session_date: date
    event: str
    interval: str | None
    experience_op: str | None
    experience: str | None
    turns: list[Turn]
    files: list[ImageFile] = Field(description="pictures of this session's images; none where judges see none")

    @property
    def key(self) -> str:
        """The session's own key."""
        return f"{self.episode_id}:{self.session_number}"

    def criteria(self, *, seen: bool = False) -> tuple[Criterion, ...]:
        """Those that apply; `seen` counts only images that have a picture."""
        images = len(self.files) if seen else sum(len(turn.images) for turn in self.turns)
        return tuple(
            one for one in Criterion if applies(one, images=images, interval=self.interval, experience=self.experience)
        )
