"""Keys of what UDFs pay for: if one moves, every user pays again."""

from pathlib import Path

import pandas as pd
from pydantic import BaseModel

from stark_udfs.calls.limits.server import BrokerAddress
from stark_udfs.calls.policy import ChatPolicy
from stark_udfs.calls.sequence import ChatSequence, OpenCall, advance
from stark_udfs.demo.drawings.backend import DRAWINGS
from stark_udfs.settings.chat_models import ChatStageSettings
from stark_udfs.settings.run import RunSettings
from stark_udfs.udfs.chat import ChatTask, Window
from stark_udfs.udfs.images import PaintTask
from stark_udfs.udfs.shapes import reply_shape
from stark_udfs.udfs.store import StorePlace


class Colour(BaseModel):
    """A colour."""

    name: str


def key_of(shape: type[BaseModel] | None, prompt: str) -> tuple[str, str]:
    settings = RunSettings.model_validate({"models": {"default": {"name": "m", "base_url": "http://localhost"}}})
    chat = ChatPolicy.of(settings, ChatStageSettings())
    place = StorePlace(str(Path("files")), "m", True)
    task = ChatTask(chat, reply_shape(shape), "Be brief.", place, BrokerAddress("", 0, ""), 1)
    (unit,) = Window(task).units(iter([pd.Series([prompt])]))
    assert unit is not None
    assert isinstance(unit.conversation, ChatSequence)
    end = advance(unit.conversation, {})
    assert isinstance(end, OpenCall)
    return unit.conversation.unit_key, end.request.key[:16]


def describe_keys_of_udfs():
    def they_have_not_moved():
        assert key_of(None, "Name a colour.") == TEXT
        assert key_of(Colour, "Name a colour.") == SHAPED

    def a_picture_has_one_by_what_it_is_drawn_from():
        assert DRAWINGS == 1, "drawings changed: give the new key of them here"
        assert PaintTask("files", None, 8, 1024).key("a cat", 7)[:16] == DRAWN

    def the_model_of_a_user_makes_the_same_key_under_any_other_import():
        class Colour(BaseModel):
            """A colour."""

            name: str

        assert key_of(Colour, "Name a colour.") == SHAPED


TEXT = ("f7d1f14a73ba4ff1e58168aa5c7f0486", "1c3ad575fbeab832")
SHAPED = ("eca6b593a9fd93342d6c4abfd40fc1d8", "dbf2f9861b98327b")
DRAWN = "720df59e540ec3d3"
