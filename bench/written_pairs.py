"""Dialogue–caption pairs written by a language model that has not seen the offline author, for evaluation alone.

    python -m bench.written_pairs prompts DIR      # the ten prompts, one file each: 30 pairs are asked for by each
    python -m bench.written_pairs collect FILES…   # answers → tests/ultron/retrieval/real_pairs.jsonl

Lines that are no pair, twins of an earlier caption, and dialogues that hold their own caption are left out and counted.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from stark_udfs.core.errors import InputError
from stark_udfs.core.ids import Json
from stark_udfs.ultron.retrieval.datasets.pairs import pairs, without_twins

OUT = Path(__file__).parents[1] / "tests" / "ultron" / "retrieval" / "real_pairs.jsonl"
EACH = 30
ASKED = Path(__file__).with_suffix(".yml")


def prompts() -> list[str]:
    """The ten prompts."""
    asked = yaml.safe_load(ASKED.read_text(encoding="utf-8"))
    made = []
    for number, topic in enumerate(asked["topics"], 1):
        names = asked["assistant" if "assistant" in topic["who"] else "people"]
        made.append(asked["text"].format(n=EACH, prefix=f"p{number:02d}", names=names, **topic))
    return made


def collected(files: Sequence[Path]) -> tuple[list[Mapping[str, Json]], int]:
    """The pairs of all answers, and how many lines were left out."""
    rows: list[Mapping[str, Json]] = []
    lines = 0
    for file in files:
        for line in file.read_text(encoding="utf-8").splitlines():
            if line.strip():
                lines += 1
                row = _pair(line)
                if row is not None and row["id"] not in {other["id"] for other in rows}:
                    rows.append(row)
    kept = without_twins(rows, OUT)
    return kept, lines - len(kept)


def _pair(line: str) -> Mapping[str, Json] | None:
    """The pair of a line, with the three keys that a pair has; None where it is none."""
    try:
        value = json.loads(line)
        turns = [{"speaker": str(turn["speaker"]), "text": str(turn["text"]).strip()} for turn in value["turns"]]
        row = {"id": str(value["id"]), "turns": turns, "caption": str(value["caption"]).strip()}
    except (ValueError, KeyError, TypeError):
        return None
    spoken = 2 <= len(turns) <= 20 and all(turn["text"] and turn["speaker"] for turn in turns)
    return row if spoken and row["caption"] else None


def main(arguments: Sequence[str]) -> int:
    """Write the prompts, or collect the answers."""
    if len(arguments) >= 2 and arguments[0] == "prompts":
        folder = Path(arguments[1])
        folder.mkdir(parents=True, exist_ok=True)
        for number, prompt in enumerate(prompts(), 1):
            (folder / f"{number:02d}.txt").write_text(prompt, encoding="utf-8")
        return 0
    if len(arguments) >= 2 and arguments[0] == "collect":
        rows, left_out = collected([Path(name) for name in arguments[1:]])
        if not rows:
            raise InputError("no line of the answers is a pair.")
        OUT.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
        print(f"{len(pairs(OUT).queries)} pairs in {OUT}, {left_out} lines left out")
        return 0
    print(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
