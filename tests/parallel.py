"""The suite in two processes, one per core: tests that start Spark for most of their time, and all others.

`python -m tests.parallel`: prints what each process said, once it has ended; exits with 1 if one failed.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent
ON_SPARK = ("cli", "engine", "example_stage", "faults", "jobs", "notebooks", "udfs")


def main() -> int:
    """Run both halves."""
    rest = sorted(path.name for path in ROOT.iterdir() if path.is_dir() and any(path.rglob("test_*.py")))
    halves = (ON_SPARK, tuple(name for name in rest if name not in ON_SPARK))
    with tempfile.TemporaryDirectory() as folder:
        outputs = [Path(folder) / f"{number}.txt" for number in range(len(halves))]
        running = []
        for names, output in zip(halves, outputs, strict=True):
            command = [
                sys.executable,
                "-m",
                "pytest",
                "-q",
                "-p",
                "no:cacheprovider",
                *(f"tests/{name}" for name in names),
            ]
            with output.open("wb") as file:
                running.append(subprocess.Popen(command, cwd=ROOT.parent, stdout=file, stderr=subprocess.STDOUT))
        ends = [process.wait() for process in running]
        for output in outputs:
            sys.stdout.write(output.read_text("utf-8", "replace"))
    return int(any(ends))


if __name__ == "__main__":
    sys.exit(main())
