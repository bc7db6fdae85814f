"""What can be found wrong before Spark starts: storage, secrets, servers, the user's own people."""

import asyncio
import importlib.util
import os
from collections.abc import Iterable, Sequence

import fsspec

from stark_udfs.calls.providers.client import Secrets, connect
from stark_udfs.core.errors import InputError, NotAuthorised, StorageError
from stark_udfs.engine.stage import ChatStage, ImageStage, Stage
from stark_udfs.images.models.configured import search_api
from stark_udfs.settings.sections import ModelSettings, PicturesSettings, Settings
from stark_udfs.tables.address import in_catalog

PROBE = ".stark-probe"
PICTURE_PACKAGES = ("torch", "diffusers", "transformers")


def preflight(stages: Sequence[Stage], settings: Settings, secrets: Secrets = os.environ.get) -> None:
    """Everything that a run of these stages needs from outside.

    Raises:
        StorageError: a place cannot be written.
        NotAuthorised: a secret is not set, or the server refuses it.
        Unreachable: a server does not answer.
        InputError: `people.source` cannot be read, or a package of image models is missing.
    """
    check_storage(settings)
    if any(stage.name == "demographics" for stage in stages):
        check_people(settings)
    if any(isinstance(stage, ImageStage) for stage in stages):
        check_pictures(settings.pictures, secrets)
    for model in models_of(stages):
        check_model(model, secrets)


def models_of(stages: Iterable[Stage]) -> tuple[ModelSettings, ...]:
    """The models that the stages ask, each once."""
    found: list[ModelSettings] = []
    for stage in stages:
        if isinstance(stage, ChatStage) and stage.chat.model not in found:
            found.append(stage.chat.model)
    return tuple(found)


def check_storage(settings: Settings) -> None:
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


def check_people(settings: Settings) -> None:
    """Whether the user's own table of people is there, as far as that shows without Spark.

    Raises:
        InputError: it is not.
    """
    source = settings.people.source
    if source is None or not ("/" in source or source.lower().endswith((".csv", ".parquet"))):
        return
    try:
        filesystem, path = fsspec.core.url_to_fs(source)
        there = filesystem.exists(path)
        if there and filesystem.isfile(path):
            filesystem.head(path, 1)
    except (OSError, ValueError, ImportError) as error:
        raise InputError(f"people.source: {source} cannot be read: {error}.") from None
    if not there:
        raise InputError(
            f"people.source: there is no {source}. Give a .csv, .parquet or Delta path, or a table's name."
        )


def check_pictures(pictures: PicturesSettings, secrets: Secrets = os.environ.get) -> None:
    """Whether this machine has the packages of image models, as executors need them too, and the search's key is set.

    Raises:
        InputError: a package is missing.
        NotAuthorised: the key is not set.
    """
    if pictures.provider == "offline":
        return
    needed = (*PICTURE_PACKAGES, *(("faiss",) if pictures.indexes else ()))
    missing = [name for name in needed if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError(
            f"pictures.provider is models, and {', '.join(missing)} is not installed: pip install 'stark-mcu[models]', "
            "here and on the executors; or --set pictures.provider=offline for drawings, or --until summaries."
        )
    web = search_api(pictures.web)
    if web is not None and web.secret is not None and not secrets(web.secret):
        raise NotAuthorised(
            f"pictures.web: {web.name} needs a key in {web.secret}, which is not set. "
            "Set it, or --set pictures.web.provider=openverse, which needs none."
        )


def check_model(model: ModelSettings, secrets: Secrets = os.environ.get) -> None:
    """Whether the model's key is set and its server answers; free of charge.

    Raises:
        NotAuthorised: the key is not set, or refused.
        Unreachable: nobody answers.
    """
    if model.provider == "offline" and model.base_url is None:
        return
    asyncio.run(_probe(model, secrets))


async def _probe(model: ModelSettings, secrets: Secrets) -> None:
    async with connect(model, secrets) as client:
        await client.probe()
