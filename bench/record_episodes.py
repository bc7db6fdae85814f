"""Records whole episodes by a real model, by hand: prompts go out as files, replies come back as files.

    python -m bench.record_episodes FOLDER [--episodes N]

Each call takes up `EPISODE-ROUND.reply.json` of every episode that waits for one, keeps it in
`tests/replies/episodes/EPISODE.json` and writes the prompt of the next session to `EPISODE-ROUND.prompt.txt`. An
episode begins with the first session that was recorded for `tests/replies/sessions.jsonl`: no sentence is offline.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.recorded import EPISODES, lines
from stark_udfs.calls.reply.decode import decode
from stark_udfs.calls.reply.json_schema import json_schema
from stark_udfs.core.ids import canonical
from stark_udfs.core.rejects import Reject
from stark_udfs.stages.pipeline import load_settings
from stark_udfs.stages.text.sessions.stage import SessionInput, ask
from stark_udfs.stages.text.sessions.turns import SessionReply


def main() -> int:
    """Take replies up and write prompts; 1 where a reply cannot be used."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--episodes", type=int, default=4)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    EPISODES.mkdir(parents=True, exist_ok=True)
    return max((_step(options.folder, row, first) for row, first in _begun(options.episodes)), default=0)


def _begun(most: int) -> Iterator[tuple[SessionInput, str]]:
    """Lives with a recorded first session, and that reply."""
    taken: set[str] = set()
    for record in lines("sessions"):
        row = SessionInput.model_validate(record["row"])
        if not record["earlier"] and row.episode_id not in taken and len(taken) < most:
            taken.add(row.episode_id)
            yield row, str(record["reply"])


def _step(folder: Path, row: SessionInput, first: str) -> int:
    settings = load_settings("base")
    store = EPISODES / f"{row.episode_id}.json"
    raw = json.loads(store.read_text("utf-8"))["replies"] if store.is_file() else [first]
    while True:
        replies = [_decoded(text) for text in raw]
        bad = [one for one in replies if isinstance(one, Reject)]
        if bad:
            print(f"{row.episode_id}: reply {len(raw)} cannot be used: {bad[0].detail}")
            return 1
        store.write_text(
            json.dumps({"row": row.model_dump(mode="json"), "replies": raw}, ensure_ascii=False, indent=1), "utf-8"
        )
        told = ask(
            settings.sessions, settings.pipeline.seed, row, [one for one in replies if isinstance(one, SessionReply)]
        )
        if told is None:
            print(f"{row.episode_id}: {len(raw)} sessions, done")
            return 0
        name = f"{row.episode_id}-{len(raw) + 1}"
        answer = folder / f"{name}.reply.json"
        if not answer.is_file():
            schema = canonical(json_schema(SessionReply))
            form = f"Reply with one JSON object of this schema and nothing else:\n{schema}\n"
            text = f"{told.system}\n\n{told.user}\n\n{form}"
            (folder / f"{name}.prompt.txt").write_text(text, "utf-8")
            print(f"{row.episode_id}: waits for {answer}")
            return 0
        raw.append(answer.read_text("utf-8"))


def _decoded(text: str) -> SessionReply | Reject:
    found = decode(text, SessionReply)
    return found if isinstance(found, SessionReply | Reject) else Reject.model_validate(found)


if __name__ == "__main__":
    sys.exit(main())
