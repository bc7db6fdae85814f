"""The processes that a launcher starts: `accelerate launch -m stark_udfs.ultron.training.launched JOB.json`.

`stark train --job-only` writes the job. What is to be told goes into the spool; the next `stark train`, `stark run` or
`stark mlflow` sends it.
"""

import os
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

from stark_udfs.core.errors import StarkError
from stark_udfs.ultron.training import told
from stark_udfs.ultron.training.train import TrainingJob, train


def main(arguments: Sequence[str] | None = None) -> int:
    """Train the job of a file; the first process tells of it.

    Returns:
        0; 2 where it could not be trained, which is said on standard error.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    if len(given) != 1:
        sys.stderr.write(
            "stark_udfs.ultron.training.launched: give one job file, as `stark train --job-only` writes it\n"
        )
        return 2
    job = TrainingJob.model_validate_json(Path(given[0]).read_text(encoding="utf-8"))
    first = int(os.environ.get("RANK", "0")) == 0
    started, wanted = int(os.environ.get("WORLD_SIZE", "1")), job.settings.processes
    if wanted > 1 and started != wanted:  # accelerate starts one process on a CPU, whatever it is told
        sys.stderr.write(
            f"ultron.processes is {wanted}, but the launcher started {started}: a step would see other samples. Launch "
            f"with --multi_gpu --num_processes {wanted}, or write the job with --set ultron.processes={started}.\n"
        )
        return 2
    try:
        with told.telling(job) if first else nullcontext():
            facts = train(job)
    except StarkError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if facts is not None:
        sys.stdout.write(f"{facts.steps:,} steps; adapter: {Path(job.folder) / 'adapter'}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
