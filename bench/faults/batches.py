"""10,000 calls through a batch API, and kill -9 of the driver at the two moments at which it knows least.

The server answers a fiftieth of the requests with an error, and has no time for another fiftieth, the first time.
"""

import time
from collections.abc import Callable
from dataclasses import replace

from bench.faults.outcome import Outcome
from bench.faults.shell import Shell
from bench.faults.trial import LATENCY_MS, Bench, Trial
from stark_udfs.calls.batch_store import BatchStore
from stark_udfs.calls.journal import FOLDER, sized_segments
from stark_udfs.cli.run import between
from stark_udfs.stages.pipeline import stages
from stark_udfs.testing.faults import Faults

CALLS = 10_000
A_FILE = 2_500  # requests
BATCH_S = 20.0
LONGEST_WAIT_S = 300.0
POLL_S = 0.01
LAST = "personas"
FAULTS = Faults(latency_ms=LATENCY_MS, batch_s=BATCH_S, errors=0.02, batch_expired=0.02)


def killed(bench: Bench, calls: int = CALLS, a_file: int = A_FILE, faults: Faults = FAULTS) -> Outcome:
    """Killed when the vendor has made a batch and not said so yet; and when half of a batch's answers are journalled.

    Nothing may be paid twice: `allowed` is 0, whatever is in flight.
    """
    with _of(bench, calls, a_file).trial("batches", faults) as trial:
        moments = (lambda: _made(trial), lambda: _journalled(trial))
        worst, missed = 0, 0
        for moment in moments:
            before, shell = trial.server.twice, trial.shell()
            there = _wait_for(moment, shell)
            shell.kill()
            shell.wait_for_orphans()
            missed += not there
            worst = max(worst, trial.server.twice - before)
        ended = trial.shell_to_the_end()
        counts = trial.server.stub.counts
        told = f"{ended}; {counts['batches']} batches, {counts['errors']} errors, {counts['expired']} expired"
        vacuous = f"{missed} kills came too late" if missed else ""
        return trial.outcome(told, kills=2 - missed, worst=worst, vacuous=vacuous)


def _of(bench: Bench, calls: int, a_file: int) -> Bench:
    """The same pipeline up to its first paid stage, with so many calls there."""
    work = replace(
        bench.work,
        stages=lambda settings: between(stages(settings), None, LAST),
        overrides=(
            *bench.work.overrides,
            f"people.count={calls // 4}",
            f"pipeline.episodes={calls}",
            "personas.extra_share=0",
            "models.default.in_flight=64",
            f"models.default.batch={{requests: {a_file}, poll_s: 0.5, longest_poll_s: 2}}",
        ),
        command=("run", "--target", "demo", "--until", LAST, "--batch", "--set", "tracking.enabled=false"),
    )
    return Bench(bench.root / "batches", bench.spark, work)


def _wait_for(moment: Callable[[], bool], shell: Shell) -> bool:
    until = time.monotonic() + LONGEST_WAIT_S
    while time.monotonic() < until and shell.alive():
        if moment():
            return True
        time.sleep(POLL_S)
    return False


def _made(trial: Trial) -> bool:
    """A batch exists, its id is on its way."""
    known = sum(bool(sent.batch) for sent in BatchStore(str(trial.files)).sent())
    return trial.server.stub.counts["batches"] > max(1, known)


def _journalled(trial: Trial) -> bool:
    """A batch's answers are being written down."""
    return bool(sized_segments(f"{trial.files}/{FOLDER}"))
