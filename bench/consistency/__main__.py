"""Plants faults in a warehouse's episodes and in recorded replies of a real model, and counts what the checks find.

    python -m bench.consistency --warehouse warehouse [--pairs N] [--show]

Exits with 1 where a check finds fewer than 95 % or cries over more than 2 % of sessions without a fault.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.consistency.score import Score, clean_sessions, planted
from bench.recorded import recorded_sessions, recorded_summaries, warehouse_histories, whole_episodes
from stark_udfs.stages.consistency.checks import CHECKERS

FOUND, FALSE = 0.95, 0.02


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--warehouse", type=Path, default=Path("warehouse"))
    parser.add_argument("--pairs", type=int, default=120, help="of each check, in the warehouse's episodes")
    parser.add_argument("--show", action="store_true", help="print what was missed, and every false alarm")
    options = parser.parse_args()
    demo = [(history, None) for history in warehouse_histories(options.warehouse)]
    real = [*recorded_sessions(), *recorded_summaries(), *((history, None) for history in whole_episodes())]
    print(f"{'':18} | offline author, planted | clean sessions | real model, planted | clean sessions")
    well = True
    for check in CHECKERS:
        scores = [
            planted(check, demo, options.pairs), clean_sessions(check, demo),
            planted(check, real, options.pairs), clean_sessions(check, real),
        ]  # fmt: skip
        well &= not any(_misses(score) for score in scores)
        print(f"{check:18} | {' | '.join(str(score) for score in scores)}")
        if options.show:
            _show(scores)
    return 0 if well else 1


def _misses(score: Score) -> bool:
    return score.of > 0 and (score.share < FOUND if score.wanted else score.share > FALSE)


def _show(scores: Sequence[Score]) -> None:
    for score in scores:
        for line in score.odd[:6]:
            print(f"    {'missed' if score.wanted else 'false'}: {line}")


if __name__ == "__main__":
    sys.exit(main())
