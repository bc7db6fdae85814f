"""Counts memory probes: candidates, those that the turns prove, and what an episode keeps.

python -m bench.probes --warehouse warehouse [--show]
"""

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from bench.recorded import recorded_sessions, warehouse_histories, whole_episodes
from stark_udfs.engine.checking.interval import of_share
from stark_udfs.stages.probes.proof import unproved
from stark_udfs.stages.probes.questions import MAKERS
from stark_udfs.stages.probes.records import Probe, ProbeKind
from stark_udfs.stages.probes.stage import made
from stark_udfs.stages.text.history import EpisodeHistory

OF_EACH_KIND, SEED = 2, 1


def main() -> int:
    """Print a line per source of episodes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--warehouse", type=Path, default=Path("warehouse"))
    parser.add_argument("--show", action="store_true", help="print why candidates were not proved")
    options = parser.parse_args()
    sources = {
        "warehouse": warehouse_histories(options.warehouse),
        "with recorded sessions": [history for history, _ in recorded_sessions()],
        "recorded as a whole": whole_episodes(),
    }
    for name, histories in sources.items():
        if histories:
            print(f"{name:24} | {_line(histories, show=options.show)}")
    return 0


def _line(histories: Sequence[EpisodeHistory], *, show: bool) -> str:
    whys: Counter[str] = Counter()
    proved = of = 0
    for history in histories:
        for kind, makers in MAKERS.items():
            for probe in {one.question: one for maker in makers for one in maker(history)}.values():
                if kind is not ProbeKind.ADVERSARIAL:
                    why = unproved(history, probe)
                    of, proved = of + 1, proved + (why is None)
                    whys.update([f"{probe.form}: {why}"] if why else [])
    kept = [sum(isinstance(one, Probe) for one in made(OF_EACH_KIND, SEED, history)) for history in histories]
    interval = of_share(proved, of)
    if show:
        for why, count in whys.most_common(20):
            print(f"    {count:3} {why[:150]}")
    within = "" if interval is None else f" ({interval.low:.1%} to {interval.high:.1%})"
    return (
        f"{len(histories)} episodes | {proved:,} of {of:,} candidates proved, {proved / max(1, of):.1%}{within} | "
        f"{sum(kept)} kept, {min(kept)} to {max(kept)} an episode"
    )


if __name__ == "__main__":
    sys.exit(main())
