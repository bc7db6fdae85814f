"""`make bench-scale`, or one case: `python -m bench.scale memory`. Writes bench/out/scale.json, one object a line."""

import argparse
from collections.abc import Callable, Iterator, Mapping

from bench.scale import memory, million, paper, parsing, runs, tasks, uniqueness
from bench.scale.figures import Figures, keep

Measure = Callable[[int], Iterator[Figures]]

CASES: Mapping[str, tuple[Measure, int, str]] = {  # what measures, its full size, what the size counts
    parsing.CASE: (parsing.measure, 10_000, "calls"),
    uniqueness.CASE: (uniqueness.measure, 20_000, "rows"),
    tasks.CASE: (tasks.measure, 40, "tasks"),
    memory.CASE: (memory.measure, 100_000, "calls"),
    runs.GROWTH: (runs.growth, runs.CALLS, "calls"),
    runs.RERUN: (runs.rerun, runs.CALLS, "calls"),
}
ALONE: Mapping[str, tuple[Measure, int, str]] = {
    million.CASE: (million.measure, 1_000_000, "sentences")
}  # half an hour


def main() -> None:
    """Measure and print."""
    known = {**CASES, **ALONE}
    sizes = ", ".join(f"{name} {size:,} {unit}" for name, (_, size, unit) in known.items())
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description=__doc__)
    parser.add_argument("case", nargs="*", help=f"of {', '.join(known)}, or paper; none: {', '.join(CASES)}")
    parser.add_argument("--size", type=int, help=f"instead of the full one: {sizes}")
    options = parser.parse_args()
    if options.case == ["paper"]:
        paper.show()
        return
    unknown = set(options.case) - set(known)
    if unknown:
        parser.error(f"no such case: {', '.join(sorted(unknown))}")
    for name in options.case or CASES:
        measure, size, _ = known[name]
        keep(name, measure(options.size or size))


if __name__ == "__main__":
    main()
