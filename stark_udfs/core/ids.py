"""Ids and seeds: both follow from the run's seed and a row's key, never from a clock or a process.

`stark_udfs.tables.columns` writes the same two functions as Spark expressions; a test holds them together.
"""

import hashlib
import json
import random
from collections.abc import Mapping, Sequence
from typing import TypeAlias, Union

SEPARATOR = "\x1f"
ID_LENGTH = 16  # hex digits: 64 bits, a chance of 3 in a million of one clash among 10 million rows

Json: TypeAlias = Union[str, int, float, bool, Sequence["Json"], Mapping[str, "Json"], None]  # noqa: UP007


def digest(*parts: object) -> str:
    """SHA-256 of the parts joined by the unit separator, in 64 hex digits."""
    return hashlib.sha256(SEPARATOR.join(map(str, parts)).encode("utf-8", "surrogatepass")).hexdigest()


def stable_id(*parts: object) -> str:
    """16 hex digits that depend on the parts and on nothing else."""
    return digest(*parts)[:ID_LENGTH]


def seed_of(*parts: object) -> int:
    """A seed in [0, 2**52) for a draw that belongs to the parts."""
    return int(digest(*parts)[:13], 16)


def rng_of(*parts: object) -> random.Random:
    """A random generator of the row's own."""
    return random.Random(seed_of(*parts))


def canonical(value: Json) -> str:
    """The one JSON text of a value: sorted keys, no spaces, no escapes that depend on a library."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def fingerprint(value: Json) -> str:
    """A 16-digit id of a JSON value."""
    return stable_id(canonical(value))
