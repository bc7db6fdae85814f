"""Image tasks as requests that have replies: keyed and journaled like paid calls. Their keys are golden."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from stark_udfs.core.ids import Json, canonical, digest, seed_of
from stark_udfs.images.requests import ImageTask, kind_of


@dataclass(frozen=True)
class PictureRequest:
    """One image task, as `replies` knows it."""

    provider: str
    order: ImageTask
    identity: Mapping[str, Json]
    draw: int
    attempt: int = 0

    @property
    def model(self) -> str:
        """The module of an image request, else `rate`."""
        return kind_of(self.order)

    @cached_property
    def key(self) -> str:
        """64 hex digits over the task and what its answer depends on."""
        parts: dict[str, Json] = {
            "kind": "picture",
            "provider": self.provider,
            "identity": dict(self.identity),
            "order": self.order.model_dump(mode="json"),
            "draw": self.draw,
        }
        return digest(canonical(parts))

    @property
    def written(self) -> str:
        """The task and what it is answered by, JSON."""
        parts = {"order": self.order.model_dump(mode="json"), "identity": dict(self.identity)}
        return json.dumps(parts, ensure_ascii=False)


class PaidKind(StrEnum):
    """What a task asks for over the network."""

    QUESTION = "question"  # to a search provider
    PAINTING = "painting"  # one picture of an image server
    JUDGEMENT = "judgement"  # a judge's verdict on one picture


@dataclass(frozen=True)
class PaidRequest:
    """A call that a task leads to. It has a reply of its own, so that it is paid once whatever becomes of the task.

    place: of the picture, among those that the task is about; None: of a question.
    """

    kind: PaidKind
    task: PictureRequest
    place: int | None = None
    attempt: int = 0

    @property
    def provider(self) -> str:
        """As of the task."""
        return self.task.provider

    @property
    def model(self) -> str:
        """Tells its replies from those to the task."""
        return self.kind.value

    @cached_property
    def key(self) -> str:
        """64 hex digits over the place and the task's key, which holds who answers, the words and the draw."""
        return digest(self.kind.value, self.task.key, *self._place)

    @property
    def draw(self) -> int:
        """As of the task; each place has its own."""
        return self.task.draw if self.place is None else seed_of(self.task.draw, self.place)

    @property
    def written(self) -> str:
        """As of the task."""
        return self.task.written

    @property
    def _place(self) -> tuple[str, ...]:
        return () if self.place is None else (str(self.place),)
