"""Whether the same seed gives the same tables wherever the pipeline runs, and after its driver was killed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bench.cluster.kills import site, until_free
from bench.cluster.submit import Submission
from bench.faults import ledger
from bench.faults.kills import LOCAL_CLUSTER
from bench.faults.moments import MIDDLE, all_moments, wait_for
from bench.faults.trial import Bench, Trial, told
from stark_udfs.testing.faults import Faults

HEAD = """\
| where | ended | rows | lost or other | doubled | files missing or more |
|---|---|--:|--:|--:|--:|"""


@dataclass(frozen=True)
class Compared:
    """A warehouse beside that of local[2]: rows by key and content, picture files by name, which is their hash."""

    where: str
    ended: str
    rows: int
    lost: int
    doubled: int
    files: int

    @property
    def ok(self) -> bool:
        """Whether they are the same."""
        return not (self.lost or self.doubled or self.files) and self.ended.endswith("finished") and self.rows > 0

    @property
    def line(self) -> str:
        """As a line of the table."""
        mark = "" if self.ok else " **OTHER**"
        return f"| {self.where}{mark} | {self.ended} | {self.rows:,} | {self.lost} | {self.doubled} | {self.files} |"


def local(bench: Bench, _submission: Submission) -> Compared:
    """`stark run` on local[2,4], in a process of its own."""
    with bench.trial("local", Faults()) as trial:
        return _compared(trial, "local[2], again", trial.shell_to_the_end())


def local_cluster(bench: Bench, _submission: Submission) -> Compared:
    """`stark run` on local-cluster: two executors with JVMs of their own."""
    with bench.trial("local-cluster", Faults(), f"spark.master={LOCAL_CLUSTER}") as trial:
        return _compared(trial, LOCAL_CLUSTER, trial.shell_to_the_end())


def standalone(bench: Bench, submission: Submission) -> Compared:
    """Submitted to two hosts."""
    with site(bench, submission, "standalone", Faults()) as at:
        return _compared(at.trial, "standalone, two hosts", at.trial.shell_to_the_end())


def restarted(bench: Bench, submission: Submission) -> Compared:
    """The same, the driver killed in the middle of its second chat stage, and submitted again."""
    with site(bench, submission, "restarted", Faults(latency_ms=100)) as at:
        moment = [one for one in all_moments(at.trial) if one.name == MIDDLE][1]
        shell = at.trial.shell()
        there = wait_for(at.trial, moment, shell.alive)
        if there:
            shell.kill_all()
        shell.wait()
        until_free(at)
        ended = told(["killed" if there else "not killed", at.trial.shell_to_the_end()])
        return _compared(at.trial, "the same, driver killed and started again", ended)


PLACES: Mapping[str, Callable[[Bench, Submission], Compared]] = {
    "local": local,
    "local-cluster": local_cluster,
    "standalone": standalone,
    "restarted": restarted,
}


def _compared(trial: Trial, where: str, ended: str) -> Compared:
    expected, found = trial.bench.expected, trial.contents()
    return Compared(
        where=where,
        ended=ended,
        rows=sum(len(rows) for rows in found.rows.values()),
        lost=ledger.lost(expected, found),
        doubled=ledger.doubled(expected, found),
        files=len(expected.pictures ^ found.pictures),
    )
