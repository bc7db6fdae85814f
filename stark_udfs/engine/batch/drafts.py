"""Open calls in files, within a vendor's limits and what may still be spent and waited for."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pyspark.sql import Row

from stark_udfs.calls.batch_store import BatchCall
from stark_udfs.calls.providers.batch import request_line
from stark_udfs.settings.chat_models import BatchSettings


@dataclass
class Draft:
    """A file of requests that is being filled, and the calls in it."""

    path: Path
    calls: list[BatchCall] = field(default_factory=list)
    money: float = 0.0
    tokens: int = 0
    size: int = 0  # bytes

    def add(self, call: BatchCall, line: bytes, *, money: float, tokens: int) -> None:
        """One more request."""
        with self.path.open("ab") as file:
            file.write(line)
        self.calls.append(call)
        self.money, self.tokens, self.size = self.money + money, self.tokens + tokens, self.size + len(line)


@dataclass
class Room:
    """What may be sent yet; None: there is no such limit."""

    money: float | None
    tokens: int | None

    def take(self, money: float, tokens: int) -> str:
        """Take what one call needs; why there is no room for it, or nothing."""
        if self.money is not None and money > self.money:
            return f"budget: {self.money:.4f} left beside what is under way; the next call may need {money:.4f}"
        if self.tokens is not None and tokens > self.tokens:
            return f"batch: {self.tokens:,} of the tokens that may wait are left; the next call may need {tokens:,}"
        self.money = None if self.money is None else self.money - money
        self.tokens = None if self.tokens is None else self.tokens - tokens
        return ""


@dataclass
class Filled:
    """What sending came to: `held` says why open calls are left, `failed` why one of them cannot be sent."""

    held: str = ""
    failed: str = ""
    stopped: str = ""


def drafts(rows: Iterator[Row], folder: Path, settings: BatchSettings, room: Room, found: Filled) -> Iterator[Draft]:
    """Open calls in files within a vendor's limits, as far as there is room; what is left is told in `found`.

    Money is what a call costs there: it is taken from `room` before the file goes out.
    """
    number, draft = 0, Draft(folder / "0.jsonl")
    for row in rows:
        if row["body"] is None:
            found.failed = str(row["reason"])
            continue
        line = request_line(row["key"], row["body"], settings.url).encode()
        if len(line) > settings.bytes:
            found.failed = f"a call of {len(line):,} bytes, more than a file may have (models.<name>.batch.bytes)"
            continue
        money = row["money"] * settings.price_share
        if held := room.take(money, row["tokens"]):
            found.held = held
            break
        if draft.calls and (len(draft.calls) == settings.requests or draft.size + len(line) > settings.bytes):
            yield draft
            number, draft = number + 1, Draft(folder / f"{number + 1}.jsonl")
        call = {name: row[name] for name in BatchCall.model_fields}
        draft.add(BatchCall(**call), line, money=money, tokens=row["tokens"])
    if draft.calls:
        yield draft
