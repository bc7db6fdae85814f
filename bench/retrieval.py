"""The tables of docs/retrieval.md: the offline author's sessions, LoCoMo, and written pairs, zero-shot and fine-tuned.

    python -m bench.retrieval --locomo DIR [--pairs FILE] [--weights FILE] [--zero-shot]

An encoder is fine-tuned on training sessions of the offline author; with `--weights` it is kept there, and read again
by the next call. Nothing of LoCoMo or of the pairs is trained on.
"""

import argparse
import copy
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bench.retrieval_pairs import offline_benchmarks
from stark_udfs.ultron.retrieval.benchmark import Benchmark
from stark_udfs.ultron.retrieval.datasets.locomo import locomo
from stark_udfs.ultron.retrieval.datasets.pairs import pairs
from stark_udfs.ultron.retrieval.harness import Duplicates, evaluate
from stark_udfs.ultron.retrieval.queries import DIALOGUE, LAST_TURN, THREE_TURNS, WEIGHTED, QueryForm
from stark_udfs.ultron.retrieval.report import markdown
from stark_udfs.ultron.retrieval.systems import System
from stark_udfs.ultron.retrieval.systems.bm25 import Bm25
from stark_udfs.ultron.retrieval.systems.dense import Centred, DenseText, Fused
from stark_udfs.ultron.retrieval.systems.text_encoder import (
    FineTuning,
    TransformerEncoder,
    fine_tuned,
    mixed,
    text_encoder,
)
from stark_udfs.ultron.retrieval.systems.tiny import train, untrained

TRAINED_WITH = QueryForm(turns=None, weights=(1.0, 0.3))
TRAINING = FineTuning(epochs=1, batch=32, learning_rate=2e-5, hard=1, kept=0.0, length=64)
BACKGROUND = 150  # training queries that scores are centred by


def tuned_on(data: Benchmark, encoder: TransformerEncoder, weights: Path | None) -> TransformerEncoder:
    """The fine-tuned encoder, from the file if it is there."""
    import torch

    if weights is not None and weights.exists():
        model = copy.deepcopy(encoder.model)
        model.load_state_dict(torch.load(weights, weights_only=True))
        return TransformerEncoder(f"{encoder.name} fine-tuned", model, encoder.tokenizer, encoder.length)
    tuned = fine_tuned(
        encoder, data, TRAINED_WITH, TRAINING, watch=lambda step, loss: print(step, round(loss, 3), flush=True)
    )
    if weights is not None:
        torch.save(tuned.model.state_dict(), weights)
    return tuned


def systems(encoder: TransformerEncoder, tuned: TransformerEncoder | None, background: Benchmark) -> list[System]:
    """All systems without pictures; those of the fine-tuned encoder where there is one."""
    ordinary = background.queries[:: max(1, len(background.queries) // BACKGROUND)][:BACKGROUND]
    last = DenseText(encoder)
    return [
        Bm25(THREE_TURNS),
        Bm25(LAST_TURN),
        Bm25(DIALOGUE),
        untrained(background),
        train(background)[0],
        *(DenseText(encoder, form) for form in (THREE_TURNS, LAST_TURN, WEIGHTED)),
        DenseText(encoder, replace(LAST_TURN, pleasantries=False)),
        Fused(((last, 1.0), (Bm25(LAST_TURN), 0.3))),
        Centred(DenseText(encoder, WEIGHTED), ordinary),
        *([] if tuned is None else tuned_systems(encoder, tuned)),
    ]


def tuned_systems(encoder: TransformerEncoder, tuned: TransformerEncoder) -> list[System]:
    """The fine-tuned encoder alone, half mixed with what it was before, and with BM25."""
    half = replace(mixed(encoder, tuned, 0.5), name=f"{tuned.name}, half kept")
    return [
        *(DenseText(tuned, form) for form in (THREE_TURNS, LAST_TURN, WEIGHTED)),
        DenseText(half, LAST_TURN),
        Fused(((DenseText(tuned), 1.0), (Bm25(LAST_TURN), 0.3))),
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--locomo", type=Path, help="folder of LoCoMo's conversations, for evaluation only")
    parser.add_argument("--pairs", type=Path, help="a file of written pairs")
    parser.add_argument("--weights", type=Path, help="where the fine-tuned encoder is kept")
    parser.add_argument("--zero-shot", action="store_true", help="leave the fine-tuned encoder out: minutes, not hours")
    parser.add_argument("--episodes", type=int, default=300, help="of the offline author")
    parser.add_argument("--train-on", type=int, default=1000, help="training queries")
    options = parser.parse_args(arguments)
    own = offline_benchmarks(options.episodes)
    learnt = own["train"]
    learnt = replace(
        learnt, queries=learnt.queries[:: max(1, len(learnt.queries) // options.train_on)][: options.train_on]
    )
    encoder = text_encoder()
    tuned = None if options.zero_shot else tuned_on(learnt, encoder, options.weights)
    compared = systems(encoder, tuned, learnt)
    measured: list[tuple[Benchmark, Duplicates]] = []
    if options.pairs is not None:
        measured.append((pairs(options.pairs), "merged"))
    if options.locomo is not None:
        measured.append((locomo(options.locomo), "separate"))
    measured.append((own["test"], "merged"))
    for benchmark, duplicates in measured:
        sys.stdout.write(markdown(evaluate(benchmark, compared, duplicates=duplicates)) + "\n\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
