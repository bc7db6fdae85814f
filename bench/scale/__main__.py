"""`make bench-scale`, or one case: `python -m bench.scale memory`. Writes bench/out/scale.json, one object a line."""

import argparse
from collections.abc import Callable, Iterator, Mapping

from bench.scale import memory, parsing, runs, uniqueness
from bench.scale.figures import Figures, keep

Measure = Callable[[int], Iterator[Figures]]

CASES: Mapping[str, tuple[Measure, int, str]] = {  # what measures, its full size, what the size counts
    parsing.CASE: (parsing.measure, 10_000, "calls"),
    uniqueness.CASE: (uniqueness.measure, 20_000, "rows"),
    memory.CASE: (memory.measure, 100_000, "calls"),
    runs.GROWTH: (runs.growth, runs.CALLS, "calls"),
    runs.RERUN: (runs.rerun, runs.CALLS, "calls"),
}


def main() -> None:
    """Measure and print."""
    sizes = ", ".join(f"{name} {size:,} {unit}" for name, (_, size, unit) in CASES.items())
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description=__doc__)
    parser.add_argument("case", nargs="*", help=f"of {', '.join(CASES)}; none: all")
    parser.add_argument("--size", type=int, help=f"instead of the full one: {sizes}")
    options = parser.parse_args()
    unknown = set(options.case) - set(CASES)
    if unknown:
        parser.error(f"no such case: {', '.join(sorted(unknown))}")
    for name in options.case or CASES:
        measure, size, _ = CASES[name]
        keep(name, measure(options.size or size))


if __name__ == "__main__":
    main()
