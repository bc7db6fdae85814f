"""What can be found wrong before Spark starts: storage, secrets, servers, and what single stages need."""

import asyncio
import os
from collections.abc import Iterable, Sequence

import fsspec

from stark_udfs.calls.providers.client import connect, provider_of
from stark_udfs.core.errors import StorageError
from stark_udfs.engine.stage import ChatStage, Stage
from stark_udfs.settings.chat_models import ModelSettings
from stark_udfs.settings.run import RunSettings
from stark_udfs.settings.section import Secrets
from stark_udfs.tables.address import in_catalog

PROBE = ".stark-probe"


def preflight(stages: Sequence[Stage], settings: RunSettings, secrets: Secrets = os.environ.get) -> None:
    """Everything that a run of these stages needs from outside.

    Raises:
        StorageError: a place cannot be written.
        NotAuthorised: a secret is not set, or the server refuses it.
        Unreachable: a server does not answer.
        StarkError: as the stages' own `preflight`.
    """
    check_storage(settings)
    for stage in stages:
        if stage.preflight is not None:
            stage.preflight(secrets)
    for model in models_of(stages):
        check_model(model, secrets)


def models_of(stages: Iterable[Stage]) -> tuple[ModelSettings, ...]:
    """The models that the stages ask, each once."""
    found: list[ModelSettings] = []
    for stage in stages:
        if isinstance(stage, ChatStage) and stage.chat.model not in found:
            found.append(stage.chat.model)
    return tuple(found)


def check_storage(settings: RunSettings) -> None:
    """Write and remove a file where tables and files go; a catalog is left to Spark.

    Raises:
        StorageError: that fails; the message names the setting.
    """
    places = {"storage.files": settings.storage.files}
    if not in_catalog(settings.storage.tables):
        places["storage.tables"] = settings.storage.tables
    for name, place in places.items():
        try:
            filesystem, folder = fsspec.core.url_to_fs(place)
            filesystem.makedirs(folder, exist_ok=True)
            probe = f"{folder}/{PROBE}-{os.getpid()}"
            filesystem.pipe_file(probe, b"")
            filesystem.rm_file(probe)
        except (OSError, ValueError, ImportError) as error:
            raise StorageError(
                f"{name}: {place} cannot be written: {error}. Make it writable, or give another place: --set {name}=…"
            ) from None


def check_model(model: ModelSettings, secrets: Secrets = os.environ.get) -> None:
    """Whether the model's key is set and its server answers; free of charge.

    Raises:
        NotAuthorised: the key is not set, or refused.
        SettingsError: there is no such provider.
        Unreachable: nobody answers.
    """
    if provider_of(model).inside(model):
        return
    asyncio.run(_probe(model, secrets))


async def _probe(model: ModelSettings, secrets: Secrets) -> None:
    async with connect(model, secrets) as client:
        await client.probe()
