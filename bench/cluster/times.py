"""Seconds per stage where the pipeline is submitted, beside the local run of the same."""

import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from deltalake import DeltaTable, write_deltalake

from bench.cluster.submit import Submission, timed
from bench.standalone import cluster

TOUCHED, AGAIN, FIRST, MORE = "looked at", "unchanged", "first", "one more"
SYSTEM = {"replies", "units", "rejects", "runs", "checks", "locks"}
Starter = Callable[[Sequence[str]], tuple[Sequence[str], Mapping[str, str]]]


@dataclass(frozen=True)
class StageTime:
    """Seconds of one stage; of them, those of asking."""

    seconds: float
    asking: float

    @property
    def fixed(self) -> float:
        """What is not asking: Spark and Delta."""
        return self.seconds - self.asking


@dataclass(frozen=True)
class Run:
    """One run: its wall time with the start of everything, and its stages."""

    wall: float
    stages: Mapping[str, StageTime]

    @property
    def seconds(self) -> float:
        """Of all stages."""
        return sum(stage.seconds for stage in self.stages.values())


@dataclass(frozen=True)
class Work:
    """What is run: the arguments of `stark run`, without its places."""

    arguments: Sequence[str]
    more: Sequence[str]  # the same with one episode more


def local(folder: Path, work: Work, environ: Mapping[str, str]) -> dict[str, Run]:
    """The runs on local[2,4], as `stark run` starts it."""
    stark = str(Path(sys.executable).with_name("stark"))
    return _runs(folder, work, lambda arguments: ([stark, "run", *arguments], environ))


def submitted(folder: Path, work: Work, submission: Submission) -> dict[str, Run]:
    """The runs on a standalone cluster of two hosts, each submitted anew."""
    with cluster(folder / "cluster", bare=True) as spark:
        command = [*work.arguments, "--set", "spark.master=null"]
        more = [*work.more, "--set", "spark.master=null"]
        return _runs(
            folder, Work(command, more), lambda words: (submission.command(spark.url, words), submission.environ())
        )


def table(here: Mapping[str, Run], there: Mapping[str, Run]) -> str:
    """Both beside each other, as Markdown."""
    lines = []
    for kind, run in here.items():
        other = there[kind]
        lines += [
            f"\n**{kind}**: local {run.seconds:.1f} s in stages, {run.wall:.1f} s in all; "
            f"submitted {other.seconds:.1f} s in stages, {other.wall:.1f} s in all\n",
            "| stage | local s | of it asking | submitted s | of it asking | the rest, submitted ÷ local |",
            "|---|--:|--:|--:|--:|--:|",
        ]
        for name, time_ in run.stages.items():
            far = other.stages.get(name)
            if far is not None and time_.seconds:
                cells = (f"{one:.1f}" for one in (time_.seconds, time_.asking, far.seconds, far.asking))
                lines.append(f"| {name} | {' | '.join(cells)} | {far.fixed / max(0.001, time_.fixed):.2f} |")
        fixed, far_fixed = (sum(stage.fixed for stage in one.stages.values()) for one in (run, other))
        if fixed:
            lines.append(f"| all | {fixed:.1f} | | {far_fixed:.1f} | | {far_fixed / fixed:.2f} |")
    return "\n".join(lines)


def as_json(runs: Mapping[str, Run]) -> dict[str, object]:
    """For a file."""
    return {kind: asdict(run) for kind, run in runs.items()}


def _runs(folder: Path, work: Work, starter: Starter) -> dict[str, Run]:
    folder.mkdir(parents=True, exist_ok=True)
    done = {FIRST: _run(folder, "first", work.arguments, starter)}
    done[AGAIN] = _run(folder, "again", work.arguments, starter)
    touch(folder / "tables")
    done[TOUCHED] = _run(folder, "touched", work.arguments, starter)
    done[MORE] = _run(folder, "more", work.more, starter)
    return done


def _run(folder: Path, name: str, arguments: Sequence[str], starter: Starter) -> Run:
    report = folder / f"{name}.json"
    places = {
        "storage.tables": folder / "tables",
        "storage.files": folder / "files",
        "spark.log": folder / "spark.log",
        "tracking.enabled": "false",
    }
    sets = [word for key, value in places.items() for word in ("--set", f"{key}={value}")]
    command, environ = starter([*arguments, *sets, "--json", str(report)])
    print(f"{folder.name} {name} …", file=sys.stderr, flush=True)
    wall = timed(command, environ, folder, name)
    said = json.loads(report.read_text(encoding="utf-8"))["stages"]
    return Run(wall, {row["stage"]: StageTime(row["seconds"], row["seconds_asking"]) for row in said})


def touch(tables: Path) -> None:
    """Give each stage's table a commit without a row: all stages look at their units and find nothing to do."""
    for path in sorted(tables.iterdir()):
        if path.is_dir() and path.name not in SYSTEM:
            delta = DeltaTable(str(path))
            write_deltalake(delta, delta.to_pyarrow_dataset().head(0), mode="append")
    time.sleep(0.1)
