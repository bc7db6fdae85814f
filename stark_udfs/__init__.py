"""Persona-grounded, long-term, multi-modal conversations as a Spark job; and its paid calls as pandas UDFs.

chat_udf, embed_udf, paint_udf     pandas UDFs over columns of your own
register                           the same by name, for SQL
ask                                your own DataFrame through the engine: a table of answers
run                                stages of your own; `stages.pipeline` has those of the pipeline
ChatStage, TableStage, ImageStage  what a stage is made of: Record, ReplySchema, Prompt, Reject, Table
RunSettings, load_settings         models, limits and places; from code, or from a folder of YAML

Nothing heavy is imported before it is used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from stark_udfs.core.python_worker import in_python_worker, make_tasks_cheap
from stark_udfs.core.version import VERSION

if TYPE_CHECKING:
    from stark_udfs.calls.request import Prompt
    from stark_udfs.core.records import Record, ReplySchema
    from stark_udfs.core.rejects import Reject, RejectReason
    from stark_udfs.engine.run import run
    from stark_udfs.engine.stage import ChatStage, ImageStage, TableStage
    from stark_udfs.settings.run import RunSettings
    from stark_udfs.stages.pipeline import load_settings
    from stark_udfs.tables.table import Table
    from stark_udfs.udfs.ask import ask
    from stark_udfs.udfs.chat import chat_udf
    from stark_udfs.udfs.images import embed_udf, paint_udf
    from stark_udfs.udfs.register import register

if in_python_worker():
    make_tasks_cheap()

__version__ = VERSION

__all__ = [
    "ChatStage",
    "ImageStage",
    "Prompt",
    "Record",
    "Reject",
    "RejectReason",
    "ReplySchema",
    "RunSettings",
    "Table",
    "TableStage",
    "ask",
    "chat_udf",
    "embed_udf",
    "load_settings",
    "paint_udf",
    "register",
    "run",
]

_HOMES = {
    "ChatStage": "stark_udfs.engine.stage",
    "ImageStage": "stark_udfs.engine.stage",
    "Prompt": "stark_udfs.calls.request",
    "Record": "stark_udfs.core.records",
    "Reject": "stark_udfs.core.rejects",
    "RejectReason": "stark_udfs.core.rejects",
    "ReplySchema": "stark_udfs.core.records",
    "RunSettings": "stark_udfs.settings.run",
    "Table": "stark_udfs.tables.table",
    "TableStage": "stark_udfs.engine.stage",
    "ask": "stark_udfs.udfs.ask",
    "chat_udf": "stark_udfs.udfs.chat",
    "embed_udf": "stark_udfs.udfs.images",
    "load_settings": "stark_udfs.stages.pipeline",
    "paint_udf": "stark_udfs.udfs.images",
    "register": "stark_udfs.udfs.register",
    "run": "stark_udfs.engine.run",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
