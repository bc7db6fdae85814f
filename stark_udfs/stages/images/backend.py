"""The image backend that the settings describe: offline drawings, or models, indexes and a web search."""

from stark_udfs.demo.drawings.backend import OfflineBackendSpec
from stark_udfs.images.backend import ModelBackendSpec, NamedPainter
from stark_udfs.images.models import configured
from stark_udfs.images.requests import ImageBackendSpec
from stark_udfs.images.retrieval.index_store import index_at
from stark_udfs.settings.image_models import PicturesSettings


def image_backend(pictures: PicturesSettings, files: str) -> ImageBackendSpec:
    """Who makes, finds and scores images, as `pictures` says; files go to `files`, the URI of `storage.files`.

    Raises:
        SettingsError: a setting that another one needs is missing.
        StorageError: an index of `pictures.indexes` is not there.
    """
    if pictures.provider == "offline":
        return OfflineBackendSpec(files, pictures.batch_size)
    clip = configured.clip(pictures.clip)
    painter, personal = configured.painter(pictures.painter), configured.painter(pictures.personal)
    return ModelBackendSpec(
        files=files,
        painter=NamedPainter(painter.name, painter.spec(), triggered=painter.reads_trigger),
        personal=NamedPainter(personal.name, personal.spec(), triggered=personal.reads_trigger),
        clip=clip,
        indexes=tuple(index_at(uri, clip.name) for uri in pictures.indexes),
        web=configured.search_api(pictures.web),
        search=configured.search_rules(pictures.web),
        terms=configured.search_terms(pictures.web),
        fetch=configured.fetch_rules(pictures.web),
        scorer=configured.scorer(pictures.scorer).spec(clip),
        nsfw=configured.nsfw(pictures.nsfw),
        detector=configured.detector(pictures.detector),
        likeness=None if pictures.likeness is None else configured.clip(pictures.likeness),
        at_once=pictures.batch_size,
    )
