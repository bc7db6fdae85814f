"""Lines of batch files, as OpenAI's and Azure's batch APIs take and give them: a request or an answer in each.

Source: platform.openai.com, "Batch API": the fields of a line, and at most 50,000 requests and 200 MB a file.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from stark_udfs.calls.errors import OVERSIZE, CallError, redacted
from stark_udfs.calls.providers.client import Completion
from stark_udfs.calls.providers.server import CHARACTERS_A_TOKEN, LONGEST_CUT, completion_of
from stark_udfs.calls.refusals import ServerError, refusal_of
from stark_udfs.calls.request import sendable

URL = "/v1/chat/completions"
LONGEST_DETAIL = 200  # characters
LONGEST_LINE = 4_000_000  # characters: a reply that is longer was paid, and is rejected for its size
OUR_KEY = re.compile(r'"custom_id"\s*:\s*"([0-9a-f]{64})"')


@dataclass(frozen=True)
class FileLimits:
    """What one file of requests may hold."""

    requests: int = 50_000
    bytes: int = 200_000_000


@dataclass(frozen=True)
class NoAnswer:
    """A line without an answer, and why; `key` is empty where not even that can be read."""

    key: str
    detail: str
    kind: CallError = CallError.TRANSIENT


def request_line(key: str, body: str, url: str = URL) -> str:
    """One request; `body` is its JSON."""
    head = json.dumps({"custom_id": key, "method": "POST", "url": url})
    return f'{head[:-1]}, "body": {body}}}\n'


def answer_in(line: str) -> tuple[str, Completion] | NoAnswer | None:
    """The key and the answer in a line of an output or error file; None: the line is a request, or empty."""
    if not line.strip():
        return None
    if len(line) > LONGEST_LINE:
        return _oversize(line)
    try:
        said: Any = json.loads(line)
        if "method" in said:
            return None
        key, response, error = str(said["custom_id"]), said.get("response"), said.get("error")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return NoAnswer("", "a line that is none of a batch file")
    return _completed(key, response, error) if isinstance(response, dict) else NoAnswer(key, _short(error))


def _completed(key: str, response: dict[str, Any], error: object) -> tuple[str, Completion] | NoAnswer:
    status, body = response.get("status_code", 200), response.get("body")
    if status != 200:
        said = body or error
        refusal = refusal_of(status if isinstance(status, int) else 500, ServerError.of(json.dumps(said).encode()))
        return NoAnswer(key, f"HTTP {_short(status)}: {_short(said)}", refusal.kind)
    try:
        return key, completion_of(body, model="", prompt_tokens=0)
    except ValueError as wrong:
        return NoAnswer(key, _short(str(wrong)))


def _oversize(line: str) -> tuple[str, Completion] | NoAnswer:
    """A line that is too long to be read was paid for all the same: it is kept in part, and rejected by what it is."""
    found = OUR_KEY.search(line[:LONGEST_CUT])
    if found is None:
        return NoAnswer("", f"a line of more than {LONGEST_LINE:,} characters")
    text = sendable(line[:LONGEST_CUT])
    return found.group(1), Completion(text, OVERSIZE, "", 0, len(line) // CHARACTERS_A_TOKEN)


def _short(said: object) -> str:
    return redacted(said if isinstance(said, str) else json.dumps(said))[:LONGEST_DETAIL]


def write_requests(
    calls: Iterable[tuple[str, str]], folder: Path, name: str, url: str = URL, limits: FileLimits = FileLimits()
) -> list[Path]:
    """Write calls, each its key and the JSON of its body, to as many files as the limits of a batch ask for."""
    files: list[Path] = []
    lines, size = limits.requests, 0
    for key, body in calls:
        line = request_line(key, body, url).encode()
        if lines == limits.requests or size + len(line) > limits.bytes:
            files.append(folder / f"{name}-{len(files) + 1:03}.jsonl")
            lines, size = 0, 0
        with files[-1].open("ab") as file:
            file.write(line)
        lines, size = lines + 1, size + len(line)
    return files


def read_answers(files: Iterable[Path]) -> Iterator[tuple[str, Completion] | NoAnswer]:
    """The answers in files of a batch API, and the lines without one; files of requests hold neither."""
    for path in files:
        with path.open(encoding="utf-8", errors="replace") as lines:
            for line in _lines(lines):
                found = answer_in(line)
                if found is not None:
                    yield found


def _lines(file: TextIO) -> Iterator[str]:
    """The lines; of one that is too long its beginning, one character longer than what is taken for a line."""
    while line := file.readline(LONGEST_LINE + 1):
        yield line
        while len(line) > LONGEST_LINE and not line.endswith("\n"):
            line = file.readline(LONGEST_LINE + 1)
