"""Two lists that a reply gives for one: parts, a repetition, or a question that must not be answered silently."""

import json
from collections.abc import Sequence

from stark_udfs.core.ids import Json

MOST_PARTS = 100  # of one list; each is compared with all before it


def joined(first: Sequence[Json], second: Sequence[Json]) -> list[Json] | None:
    """One list of both; None where nobody can tell what was meant.

    The second alone where it repeats all of the first; both in a row where they have nothing in common. Lists that
    share some items only, or different items under one `id`, are two versions of something.
    """
    old, new = [_same(item) for item in first], [_same(item) for item in second]
    if set(old) <= set(new):
        return list(second)
    if set(old) & set(new) or ids_of(first) & ids_of(second):
        return None
    return [*first, *second]


def goes_on(first: Sequence[Json], second: Sequence[Json]) -> bool:
    """Whether the ids of the second list begin where those of the first end."""
    old, new = ids_of(first), ids_of(second)
    return bool(old and new) and max(old) + 1 == min(new)


def ids_of(items: Sequence[Json]) -> set[int]:
    """The whole numbers under `id`."""
    found = [item.get("id") for item in items if isinstance(item, dict)]
    return {one for one in found if isinstance(one, int) and not isinstance(one, bool)}


def _same(item: Json) -> str:
    return json.dumps(item, sort_keys=True)
