"""What single stages need from outside, found out before Spark starts: the user's own people, image models, keys."""

import importlib.util
import os

from stark_udfs.core.errors import InputError, NotAuthorised
from stark_udfs.settings.image_models import PicturesSettings
from stark_udfs.settings.people import PeopleSettings
from stark_udfs.settings.section import Secrets
from stark_udfs.stages.people import user_file

EMBEDDER_PACKAGES = ("torch", "transformers")  # of `pictures.clip`, and of what finds faces and what is unsafe


def check_people(people: PeopleSettings, _secrets: Secrets = os.environ.get) -> None:
    """Whether the user's own table of people is there and can be read, as far as that shows without Spark.

    Raises:
        InputError: it is not there, or a file of text or a workbook cannot be read for certain.
    """
    source = people.source
    if source is None or not ("/" in source or source.lower().endswith((*user_file.ENDINGS, ".parquet"))):
        return
    try:
        there = user_file.exists(source)
        if there and source.rstrip("/").lower().endswith(user_file.ENDINGS):
            user_file.layouts_of(source)
    except OSError as error:
        raise InputError(f"people.source: {source} cannot be read: {error}.") from None
    if not there:
        raise InputError(
            f"people.source: there is no {source}. Give a {', '.join(user_file.ENDINGS)}, .parquet or Delta path, or a "
            "table's name."
        )


def check_pictures(pictures: PicturesSettings, secrets: Secrets = os.environ.get) -> None:
    """Whether this machine has the packages of image models, as executors need them too, and the search's key is set.

    Raises:
        InputError: a package is missing.
        NotAuthorised: the key, or the login of the proxy, is not set.
    """
    if pictures.provider == "offline":
        return
    from stark_udfs.images.models.configured import kinds_of, proxy, search_api

    missing = [name for name in packages_of(pictures) if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError(
            f"pictures.provider is models, and {', '.join(missing)} is not installed: pip install 'stark-mcu[models]', "
            "here and on the executors; or --set pictures.provider=offline for drawings, or --until summaries."
        )
    for kind in kinds_of(pictures):
        kind.check(secrets)
    through = proxy(pictures.web)
    if through is not None:
        through.login({through.secret: secrets(through.secret) or ""} if through.secret else {})
    web = search_api(pictures.web)
    if web is not None and web.secret is not None and not secrets(web.secret):
        raise NotAuthorised(
            f"pictures.web: {web.name} needs a key in {web.secret}, which is not set. "
            "Set it, or --set pictures.web.provider=openverse, which needs none."
        )


def packages_of(pictures: PicturesSettings) -> tuple[str, ...]:
    """What has to be installed for the models, by import name."""
    from stark_udfs.images.models.configured import kinds_of

    found = [name for kind in kinds_of(pictures) for name in kind.packages]
    if pictures.indexes or pictures.nsfw or pictures.detector or pictures.likeness:
        found += EMBEDDER_PACKAGES
    if pictures.indexes:
        found.append("faiss")
    return tuple(dict.fromkeys(found))
