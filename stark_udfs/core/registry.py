"""Registries of names: name → "package.module:NAME", imported when it is asked for."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module


def named(paths: Mapping[str, str], name: str) -> object:
    """What a registry has under a name; a name with a colon is a path itself, to something of one's own.

    Raises:
        LookupError: there is no such name, or the path leads nowhere.
    """
    path = paths.get(name, name if ":" in name else None)
    if path is None:
        raise LookupError(f"there is none of that name. Known: {', '.join(paths)}; or package.module:Name of your own")
    try:
        return _imported(path)
    except (ImportError, AttributeError, ValueError) as error:
        raise LookupError(f"{path} cannot be imported: {error}") from error


@cache
def _imported(path: str) -> object:
    module, _, attribute = path.partition(":")
    return getattr(import_module(module), attribute)
