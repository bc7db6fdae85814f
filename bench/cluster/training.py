"""What becomes of a training on a cluster of two hosts when an executor, a host or the driver goes in the middle of it.

Two processes, one on each host, by `jobs/train_ultron.py`; the model is a small one from a folder. A training that was
killed must come to the same losses, step by step, as one that nothing disturbed, and leave no process behind.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from bench.cluster.submit import Submission
from bench.faults.kills import EXECUTOR, killed, says
from bench.faults.shell import FINISHED, Shell
from bench.faults.trial import told
from bench.standalone import Cluster, cluster
from stark_udfs.ultron.training.train import last_checkpoint

JOB = Path("jobs/train_ultron.py")
STEPS, SAVED_EVERY = 40, 5
MOST_STARTS = 6
SAME = 1e-4  # between two losses: sums of two processes may be added in another order
GONE_S = 60.0
OF_A_TRAINING = ("torch_run_process_wrapper", "torch.distributed.run", "/train.py")  # in command lines
SETTINGS = (
    "ultron.processes=2",
    "ultron.local=false",
    f"ultron.max_steps={STEPS}",
    f"ultron.save_steps={SAVED_EVERY}",
    "ultron.batch_size=1",
    "ultron.accumulation=1",
    "ultron.patience=null",
    "ultron.lora={rank: 4, alpha: 8, dropout: 0.1, four_bit: false}",
    "tracking.enabled=false",
)
HEAD = """\
| fault | ended | steps | went on from step | largest difference of a loss | processes left | s |
|---|---|--:|--:|--:|--:|--:|"""


@dataclass(frozen=True)
class Given:
    """What is trained on which data."""

    root: Path
    warehouse: Path
    model: Path
    submission: Submission


@dataclass
class Training:
    """One trial: a cluster, and a folder for what is trained."""

    given: Given
    cluster: Cluster
    folder: Path
    ends: list[str] = field(default_factory=list)
    resumed: list[int] = field(default_factory=list)  # the last checkpoint at each kill

    def shell(self) -> Shell:
        """Submit the training."""
        places = (
            f"storage.tables={self.given.warehouse}/tables",
            f"storage.files={self.given.warehouse}/files",
            f"ultron.model={self.given.model}",
            f"ultron.out={self.folder}/out",
        )
        words = ["--target", "demo", *(word for one in (*places, *SETTINGS) for word in ("--set", one))]
        submission = self.given.submission
        log = self.folder / f"run-{len(self.ends)}.log"
        return Shell(log, submission.command(self.cluster.url, words, job=JOB), submission.environ())

    def half(self, shell: Shell) -> bool:
        """Wait until half of the steps are in a checkpoint; False: the training ended before."""
        while shell.alive():
            if self.at() >= STEPS // 2:
                self.resumed.append(self.at())
                return True
            time.sleep(0.05)
        return False

    def at(self) -> int:
        """The step of the last whole checkpoint."""
        found = self._checkpoint()
        return 0 if found is None else int(found.rpartition("-")[2])

    def losses(self) -> Mapping[int, float]:
        """By step."""
        found = self._checkpoint()
        if found is None:
            return {}
        state = json.loads((Path(found) / "trainer_state.json").read_text(encoding="utf-8"))
        return {entry["step"]: entry["loss"] for entry in state["log_history"] if "loss" in entry}

    def to_the_end(self) -> None:
        """Submit until it is finished."""
        while (not self.ends or self.ends[-1] != FINISHED) and len(self.ends) < MOST_STARTS:
            self.ends.append(self.shell().wait())

    def executors(self) -> list[psutil.Process]:
        """Of all hosts."""
        return [one for host in self.cluster.hosts for one in self.cluster.processes(host) if says(one, EXECUTOR)]

    def left(self) -> int:
        """Processes that outlive their training."""
        until = time.monotonic() + GONE_S
        while (found := _processes()) and time.monotonic() < until:
            time.sleep(0.5)
        return len(found)

    def _checkpoint(self) -> str | None:
        folders = list((self.folder / "out").glob("*/training-*"))
        return last_checkpoint(folders[0]) if folders else None


def executor(at: Training) -> None:
    """kill -9 of an executor, of two."""
    shell = at.shell()
    if at.half(shell):
        sum(map(killed, at.executors()[:1]))
    at.ends.append(shell.wait())
    at.to_the_end()


def host(at: Training) -> None:
    """kill -9 of all processes of a host; it comes back ten seconds later."""
    shell = at.shell()
    if at.half(shell):
        name = next(iter(at.cluster.hosts))
        at.cluster.kill(name)
        time.sleep(10.0)
        at.cluster.add(name)
    at.ends.append(shell.wait())
    at.to_the_end()


def driver(at: Training) -> None:
    """kill -9 of all that runs on the driver's host; the job is submitted again."""
    shell = at.shell()
    if at.half(shell):
        shell.kill_all()
    at.ends.append(shell.wait())
    at.to_the_end()


FAULTS: Mapping[str, Callable[[Training], None]] = {"executor": executor, "host": host, "driver": driver}


def tried(given: Given, names: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """A line of the table for each fault, and whether it came out as promised."""
    with _training(given, "undisturbed") as undisturbed:
        undisturbed.to_the_end()
        expected = undisturbed.losses()
    yield f"| undisturbed | {told(undisturbed.ends)} | {max(expected, default=0)} | | | |", bool(expected)
    for name in names:
        with _training(given, name) as at:
            begun = time.monotonic()
            FAULTS[name](at)
            seconds, left, found = time.monotonic() - begun, at.left(), at.losses()
        apart = max((abs(found.get(step, 9.9) - loss) for step, loss in expected.items()), default=9.9)
        ok = bool(at.resumed) and apart <= SAME and not left and at.ends[-1] == FINISHED
        yield (
            f"| {name}{'' if ok else ' **FAILED**'} | {told(at.ends)} | {max(found, default=0)} | "
            f"{', '.join(map(str, at.resumed))} | {apart:.1e} | {left} | {seconds:.0f} |",
            ok,
        )


@contextmanager
def _training(given: Given, name: str) -> Iterator[Training]:
    folder = given.root / name
    folder.mkdir()
    with cluster(given.root / f"{name}-hosts") as spark:
        yield Training(given, spark, folder)


def _processes() -> list[psutil.Process]:
    return [one for one in psutil.process_iter() if any(says(one, word) for word in OF_A_TRAINING)]
