"""What was sent to batch APIs and is not taken in yet, beside the journal: known before a batch can cost anything.

`<files>/batches/<stage>/<key>/` holds `calls.jsonl.gz` (which calls), `plan.json` (which batch), and, each once it is
known, `file` and `batch`: the vendor's ids. No file is ever rewritten, and one that a crash tore counts as not there:

- without `plan.json` nothing was sent;
- without `file` no batch can have been made, since the id is written down before a batch is asked for;
- without `batch` there may be one: the vendor's list of batches tells, by our key in its metadata.
"""

import gzip
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import fsspec
from pydantic import Field, ValidationError

from stark_udfs.core.errors import StorageError
from stark_udfs.core.records import Record

FOLDER = "batches"
PLAN, CALLS = "plan.json", "calls.jsonl.gz"
END = "\n"  # of an id that was written whole


class BatchCall(Record):
    """One call of a batch: what its reply will need beside the answer."""

    key: str
    unit_key: str
    round: int
    attempt: int
    request: str


class BatchPlan(Record):
    """A batch that is about to be sent, or was."""

    key: str = Field(description="ours; the vendor keeps it in the batch's metadata")
    stage: str
    model: str = Field(description="its name on the wire")
    base_url: str | None
    calls: int
    money: float = Field(description="the most that it can cost: reserved until it is taken in")
    tokens: int = Field(description="the most that it can take")
    currency: str
    planned_at: str = Field(description="UTC, ISO 8601")


@dataclass(frozen=True)
class SentBatch:
    """A plan, and the vendor's ids as far as they are known."""

    plan: BatchPlan
    file: str = ""
    batch: str = ""


@dataclass(frozen=True)
class BatchStore:
    """The batches of one warehouse."""

    files: str

    def write(self, plan: BatchPlan, calls: Iterable[BatchCall]) -> None:
        """Keep what is about to be sent.

        Raises:
            StorageError: that is not possible; then nothing may be sent.
        """
        packed = io.BytesIO()
        with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as out:
            for call in calls:
                out.write(call.model_dump_json().encode() + b"\n")
        self._write(plan, CALLS, packed.getvalue())
        self._write(plan, PLAN, plan.model_dump_json().encode())

    def note(self, plan: BatchPlan, what: Literal["file", "batch"], id: str) -> None:
        """Keep an id of the vendor's.

        Raises:
            StorageError: that is not possible.
        """
        self._write(plan, what, f"{id}{END}".encode())

    def sent(self, stage: str | None = None) -> list[SentBatch]:
        """What is not taken in yet, of one stage or of all, in the order of sending."""
        system, root = fsspec.url_to_fs(self._folder())
        system.invalidate_cache()
        places = sorted(path.rpartition("/")[0] for path in system.find(root) if path.endswith(f"/{PLAN}"))
        found = [self._read(system, place) for place in places]
        return [one for one in found if one is not None and stage in (None, one.plan.stage)]

    def calls(self, plan: BatchPlan) -> Iterator[BatchCall]:
        """The calls of a batch."""
        with fsspec.open(f"{self._folder(plan)}/{CALLS}", "rb") as file, gzip.GzipFile(fileobj=file) as lines:
            for line in lines:
                yield BatchCall.model_validate(json.loads(line))

    def drop(self, plan: BatchPlan) -> None:
        """Forget a batch: its answers are in `replies`, or it never came to be. What is left of a crash goes, too."""
        system, place = fsspec.url_to_fs(self._folder(plan))
        if system.exists(f"{place}/{PLAN}"):
            system.rm_file(f"{place}/{PLAN}")  # first: the rest means nothing without it
        if system.exists(place):
            system.rm(place, recursive=True)

    def reserved(self) -> dict[str, float]:
        """The most that what was sent can still cost, by stage."""
        found: dict[str, float] = {}
        for one in self.sent():
            found[one.plan.stage] = found.get(one.plan.stage, 0.0) + one.plan.money
        return found

    def _folder(self, plan: BatchPlan | None = None) -> str:
        root = f"{self.files.rstrip('/')}/{FOLDER}"
        return root if plan is None else f"{root}/{plan.stage}/{plan.key}"

    def _write(self, plan: BatchPlan, name: str, content: bytes) -> None:
        system, place = fsspec.url_to_fs(self._folder(plan))
        try:
            system.makedirs(place, exist_ok=True)
            system.pipe_file(f"{place}/{name}", content)
        except OSError as error:
            raise StorageError(
                f"{place}: what is sent to the batch API cannot be written down ({error.strerror or error}), so it is "
                "not sent. Make room, or set storage.files, and run again."
            ) from None

    def _read(self, system: fsspec.AbstractFileSystem, place: str) -> SentBatch | None:
        try:
            plan = BatchPlan.model_validate_json(system.cat_file(f"{place}/{PLAN}"))
        except ValidationError:
            return None
        return SentBatch(plan, _id(system, f"{place}/file"), _id(system, f"{place}/batch"))


def _id(system: fsspec.AbstractFileSystem, path: str) -> str:
    """An id that was written whole; empty: none was."""
    if not system.exists(path):
        return ""
    text = system.cat_file(path).decode("utf-8", "replace")
    return text.removesuffix(END) if text.endswith(END) else ""
