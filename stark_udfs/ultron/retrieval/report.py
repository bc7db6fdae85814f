"""A table of results for readers: in Markdown, with what the paper publishes beside it, and as JSON."""

import json
from collections.abc import Mapping
from pathlib import Path

from stark_udfs.core.ids import Json
from stark_udfs.ultron.retrieval.harness import DUPLICATES, Evaluation
from stark_udfs.ultron.retrieval.metrics import NAMES, Estimate

# PhotoChat, test split: R@1, R@5, R@10, MRR in percent; None: not published. Stark's paper (Lee et al. 2024), table 3.
PUBLISHED: Mapping[str, tuple[float, float, float, float | None]] = {
    "BM25": (6.6, 15.4, 23.0, None),
    "DE": (9.0, 26.4, 35.7, None),
    "VSE++": (10.2, 25.4, 34.2, None),
    "SCAN": (10.4, 27.0, 37.1, None),
    "ViLT": (11.5, 25.6, 33.8, None),
    "VLMo": (13.8, 30.0, 39.4, None),
    "PaCE": (15.2, 36.7, 49.6, None),
    "DialCLIP": (19.5, 44.0, 55.8, None),
    "CLIP-base, zero-shot": (13.7, 28.0, 35.2, 20.8),
    "CLIP-large, zero-shot": (14.1, 28.7, 35.3, 21.5),
    "LLaVA-1.5 7B": (11.1, 26.5, 33.3, 18.8),
    "LLaVA-1.5 13B": (12.1, 25.6, 32.3, 19.3),
    "MiniGPT-4 7B": (11.6, 26.5, 34.0, 19.1),
    "MiniGPT-4 13B": (11.7, 27.7, 35.5, 19.8),
    "Qwen-VL-Chat 7B": (12.1, 27.4, 36.1, 20.2),
    "GPT-4V": (13.8, 27.9, 35.9, 21.3),
    "DribeR, ChatGPT 0613": (26.6, 46.1, 54.2, 36.0),
    "DribeR, ChatGPT 1106": (26.3, 45.6, 54.3, 35.4),
    "DribeR, GPT-4 1106": (28.3, 47.4, 55.2, 37.6),
    "DribeR, Vicuna-13B": (25.8, 45.0, 53.1, 35.0),
    "DribeR, LLaMA2-Chat-70B": (24.5, 43.5, 52.6, 34.0),
    "Ultron 7B": (31.2, 53.7, 65.0, 46.1),
}
COLUMNS = ("R@1", "R@5", "R@10", "MRR", "median rank", "sum(R)")


def markdown(evaluation: Evaluation) -> str:
    """The table, what it was measured on, and for PhotoChat's test split the published results, marked as such."""
    lines = [
        f"{evaluation.benchmark}, {evaluation.split}: {evaluation.queries:,} queries, "
        f"{evaluation.candidates:,} candidates "
        f"({evaluation.duplicate_candidates:,} of them duplicates; {DUPLICATES[evaluation.duplicates]}). "
        "Intervals are 95 % bootstrap; p: paired test of MRR against the first row, adjusted by Holm.",
        *(f"{note[:1].upper()}{note[1:]}." for note in evaluation.notes),
        "",
        "| system | " + " | ".join((*COLUMNS, "p")) + " |",
        "|---|" + "---|" * (len(COLUMNS) + 1),
    ]
    for result in evaluation.results:
        cells = [_cell(result.metrics[name]) for name in NAMES]
        p = "" if result.against is None else f"{result.against.adjusted:.4f}"
        lines.append(f"| {_plain(result.system)} | " + " | ".join((*cells, p)) + " |")
    if evaluation.benchmark == "PhotoChat" and evaluation.split == "test":
        for name, (one, five, ten, mrr) in PUBLISHED.items():
            shown = ("–" if mrr is None else f"{mrr:.1f}", "–", f"{one + five + ten:.1f}", "")
            lines.append(f"| {name} (published) | {one:.1f} | {five:.1f} | {ten:.1f} | " + " | ".join(shown) + " |")
    return "\n".join(lines)


def as_json(evaluation: Evaluation) -> dict[str, Json]:
    """Everything that was measured, with the rank of every query."""
    return {
        "benchmark": evaluation.benchmark,
        "split": evaluation.split,
        "queries": evaluation.queries,
        "candidates": evaluation.candidates,
        "duplicates": evaluation.duplicates,
        "duplicate_candidates": evaluation.duplicate_candidates,
        "notes": list(evaluation.notes),
        "results": [
            {
                "system": result.system,
                "seconds": result.seconds,
                "metrics": {name: [found.value, found.low, found.high] for name, found in result.metrics.items()},
                "p": None if result.against is None else result.against.adjusted,
                "ranks": result.ranks.tolist(),
            }
            for result in evaluation.results
        ],
    }


def write(evaluation: Evaluation, file: Path) -> None:
    """Write JSON, or Markdown where the file's name ends in `.md`."""
    text = markdown(evaluation) if file.suffix == ".md" else json.dumps(as_json(evaluation), indent=1)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text + "\n", encoding="utf-8")


def _cell(found: Estimate) -> str:
    return f"{found.value:.1f} [{found.low:.1f}, {found.high:.1f}]"


def _plain(text: str) -> str:
    return text.replace("|", "/").replace("\n", " ")
