"""What each peer is given and how it answers: the same for all, standard library only.

A peer's process says `ready` when its imports and settings are done, runs when a line comes in, says how many rows
came back, and stays until its input closes, so that wall and CPU of the run alone can be read from outside.
"""

import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Task:
    """The calls to make: one prompt of `users` each, in the form that the project's own bench sends.

    url ends in /v1. schema: of the JSON asked for. folder: fresh, for whatever the peer keeps.
    """

    url: str
    in_flight: int
    folder: str
    model: str
    system: str
    users: Sequence[str]
    schema: dict[str, object]
    reply_tokens: int

    @property
    def response_format(self) -> dict[str, object]:
        """The part of the request that asks for the JSON."""
        described = {"name": "Said", "strict": True, "schema": self.schema}
        return {"type": "json_schema", "json_schema": described}

    def write(self) -> Path:
        """Keep the task in its folder, for `read`."""
        path = Path(self.folder) / "task.json"
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")
        return path


def read() -> Task:
    """The task in the file that the command line names."""
    return Task(**json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))


def run(work: Callable[[], Iterable[object]]) -> None:
    """Do `work` when told to; it gives the reply of each row that came back."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the peer prints is log
    print("ready", file=answers, flush=True)
    sys.stdin.readline()
    good = sum(1 for reply in work() if _is_asked_for(reply))
    print(json.dumps({"rows": good}), file=answers, flush=True)
    sys.stdin.read()


def _is_asked_for(reply: object) -> bool:
    if isinstance(reply, str):
        try:
            reply = json.loads(reply)
        except ValueError:
            return False
    return isinstance(reply, dict) and isinstance(reply.get("text"), str) and bool(reply["text"])
