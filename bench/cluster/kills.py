"""What paid calls come to on a cluster when hosts, executors, the driver or the broker go, or executors come and go.

Moments and promises are those of `bench.faults`; runs are submitted, and the hosts know nothing of the driver.
"""

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

import psutil

from bench.cluster.submit import Submission
from bench.faults import speculation
from bench.faults.kills import EXECUTOR, Kills, asking, killed, says, soon
from bench.faults.moments import MIDDLE, WRITING, Moment, all_moments, wait_for
from bench.faults.outcome import Outcome
from bench.faults.shell import FINISHED, Shell
from bench.faults.trial import LATENCY_MS, Bench, Trial, told
from bench.standalone import MASTER, Cluster, cluster
from stark_udfs.testing.faults import Faults

Choice = Callable[[Moment], bool]  # whether something is killed then
MOST_STARTS = 12
OTHER_NAME = "localhost"  # one that resolves
ORPHANED_S = 60.0
CHALLENGE = re.compile(rb"[0-9a-f]{32}\n")
SILENT_S = 30.0  # longer than a task waits for the broker's answer
COMING_AND_GOING = {
    "spark.dynamicAllocation.enabled": "true",
    "spark.dynamicAllocation.shuffleTracking.enabled": "true",
    "spark.dynamicAllocation.executorIdleTimeout": "2s",
    "spark.dynamicAllocation.cachedExecutorIdleTimeout": "4s",
    "spark.dynamicAllocation.shuffleTracking.timeout": "4s",
}


@dataclass(frozen=True)
class Site:
    """One trial on a cluster of its own."""

    trial: Trial
    cluster: Cluster

    def processes(self, host: str) -> list[psutil.Process]:
        """The executors' processes of a host."""
        return [one for one in self.cluster.processes(host) if says(one, EXECUTOR)]

    def askers(self) -> list[tuple[str, psutil.Process]]:
        """Hosts with an executor whose Python workers ask."""
        port = self.trial.server.port
        return [(host, one) for host in self.cluster.hosts for one in self.processes(host) if asking(one, port)]

    def chosen(self, moment: Moment) -> list[tuple[str, psutil.Process]]:
        """One that asks; while rows are written, the first there is."""
        if moment.name == WRITING:
            return [(host, one) for host in self.cluster.hosts for one in self.processes(host)][:1]
        return soon(self.askers)


@contextmanager
def site(
    bench: Bench,
    submission: Submission,
    fault: str,
    faults: Faults | None = None,
    conf: Mapping[str, str] | None = None,
) -> Iterator[Site]:
    """A fresh warehouse, server and cluster."""
    given = replace(submission, conf={**submission.conf, **(conf or {})})
    folder = bench.root / f"{fault}-hosts"
    with cluster(folder, bare=True) as spark:

        def launch(arguments: Sequence[str]) -> tuple[Sequence[str], Mapping[str, str]]:
            return given.command(spark.url, arguments[1:]), given.environ()

        with bench.trial(fault, faults or Faults(latency_ms=LATENCY_MS), launch=launch) as trial:
            yield Site(trial, spark)


def executor(bench: Bench, submission: Submission, chosen: Choice) -> Outcome:
    """kill -9 of an executor that asks, of two."""
    with site(bench, submission, "executor") as at:
        return _killed_at(at, chosen, lambda moment: sum(killed(one) for _, one in at.chosen(moment)))


def host(bench: Bench, submission: Submission, chosen: Choice) -> Outcome:
    """kill -9 of all processes of a host that asks, of two; it comes back ten seconds later."""
    with site(bench, submission, "host") as at:

        def kill(moment: Moment) -> int:
            for name, _ in at.chosen(moment)[:1]:
                count = at.cluster.kill(name)
                time.sleep(10.0)
                at.cluster.add(name)
                return count
            return 0

        return _killed_at(at, chosen, kill)


def driver(bench: Bench, submission: Submission, chosen: Choice) -> Outcome:
    """kill -9 of all that runs on the driver's host; the job is submitted again."""
    with site(bench, submission, "driver") as at:
        kills = Kills(at.trial)
        for moment in _moments(at.trial, chosen):
            shell = at.trial.shell()
            there = wait_for(at.trial, moment, shell.alive)
            if there:
                shell.kill_all()
            kills.at(moment, int(there))
            shell.wait()
            until_free(at)
        return kills.outcome(at.trial.shell_to_the_end())


def elsewhere(bench: Bench, submission: Submission, _chosen: Choice) -> Outcome:
    """The same once, and the job is submitted from another host, which cannot know that the driver is dead."""
    with site(bench, submission, "driver elsewhere") as at:
        kills, ends = Kills(at.trial), list[str]()
        moment = next(one for one in all_moments(at.trial) if one.name == MIDDLE)
        shell = at.trial.shell()
        there = wait_for(at.trial, moment, shell.alive)
        if there:
            shell.kill_all()
        kills.at(moment, int(there))
        begun, here = time.monotonic(), at.trial.launch

        def there_instead(arguments: Sequence[str]) -> tuple[Sequence[str], Mapping[str, str]]:
            command, environ = here(arguments)
            renamed = ["unshare", "--uts", "sh", "-c", f'hostname {OTHER_NAME} && exec "$@"', "sh"]
            return [*renamed, *command], {**environ, "SPARK_LOCAL_IP": MASTER}

        at.trial.launch = there_instead
        while not ends or (ends[-1] != FINISHED and len(ends) < MOST_STARTS):
            time.sleep(20.0 if ends else 0.0)
            ends.append(at.trial.shell().wait())
        refused = sum("is being worked on by" in end for end in ends)
        return kills.outcome(f"{refused} × refused by the lock, then {ends[-1]} {time.monotonic() - begun:.0f} s later")


def broker(bench: Bench, submission: Submission, chosen: Choice) -> Outcome:
    """The connections of the tasks to the broker are cut; where that is not possible here, the driver stands still."""
    with site(bench, submission, "broker") as at:
        ends: list[str] = []
        cuts = 0
        left = [moment for moment in _moments(at.trial, chosen) if moment.name != WRITING]
        while not ends or (ends[-1] != FINISHED and len(ends) < MOST_STARTS):
            shell = at.trial.shell()
            while left and wait_for(at.trial, left[0], shell.alive):
                cuts += _cut(shell)
                del left[0]
            ends.append(shell.wait())
        return at.trial.outcome(f"{told(ends)}; {cuts} cuts", vacuous="" if cuts and not left else "nothing was cut")


def copies(bench: Bench, submission: Submission, _chosen: Choice) -> Outcome:
    """Speculation forced on, a tenth of the answers six seconds late."""
    events = bench.root / "events"
    events.mkdir()
    options = speculation.options(events)
    faults = Faults(latency_ms=LATENCY_MS, slow=0.1, slow_ms=6_000)
    with site(bench, submission, "speculation", faults, options) as at:
        ended = at.trial.shell_to_the_end()
        found = speculation.copies(events)
        wrong = "" if found else "no task that asks got a copy"
        return at.trial.outcome(f"{ended}; {found} copies of tasks that ask", vacuous=wrong)


def coming_and_going(bench: Bench, submission: Submission, _chosen: Choice) -> Outcome:
    """Dynamic allocation: executors go after two seconds without work, those that hold rows after four."""
    with site(bench, submission, "dynamic allocation", conf=COMING_AND_GOING) as at:
        ended = at.trial.shell_to_the_end()
        started = len(list(at.cluster.folder.glob("work-*/app-*/*")))
        wrong = "" if started > len(at.cluster.hosts) else "no executor went"
        return at.trial.outcome(f"{ended}; {started} executors", vacuous=wrong)


FAULTS: Mapping[str, Callable[[Bench, Submission, Choice], Outcome]] = {
    "executor": executor,
    "host": host,
    "driver": driver,
    "driver elsewhere": elsewhere,
    "broker": broker,
    "speculation": copies,
    "dynamic allocation": coming_and_going,
}


def _killed_at(at: Site, chosen: Choice, kill: Callable[[Moment], int]) -> Outcome:
    """Kill something at each moment, run after run until one comes to its end."""
    kills = Kills(at.trial)
    left = _moments(at.trial, chosen)
    ends: list[str] = []
    while not ends or (ends[-1] != FINISHED and len(ends) < MOST_STARTS):
        shell = at.trial.shell()
        while left and wait_for(at.trial, left[0], shell.alive):
            kills.at(left[0], kill(left[0]))
            del left[0]
        ends.append(shell.wait())
    kills.missed.extend(map(str, left))
    return kills.outcome(told(ends))


def _moments(trial: Trial, chosen: Choice) -> list[Moment]:
    return [moment for moment in all_moments(trial) if chosen(moment)]


def until_free(at: Site) -> None:
    """Until the executors of a killed driver are gone."""
    until = time.monotonic() + ORPHANED_S
    while any(at.processes(host) for host in at.cluster.hosts) and time.monotonic() < until:
        time.sleep(0.2)


def _cut(shell: Shell) -> int:
    """Cut the driver's connections to Python workers, or let it stand still for longer than they wait."""
    driver = [one for one in shell.descendants() if says(one, "run_pipeline.py") and "python" in one.name()]
    for one in driver:
        listening = [place.laddr for place in one.net_connections("tcp") if place.status == psutil.CONN_LISTEN]
        cut = sum(_cut_port(place.port) for place in listening if _is_broker(place.ip, place.port))
        if cut:
            return cut
        with ExitStack() as going:
            os.kill(one.pid, signal.SIGSTOP)
            going.callback(os.kill, one.pid, signal.SIGCONT)
            time.sleep(SILENT_S)
        return 1
    return 0


def _is_broker(host: str, port: int) -> bool:
    """Whether the broker listens there: it begins with a challenge of 32 digits."""
    try:
        with socket.create_connection((host, port), timeout=1) as connection:
            return CHALLENGE.fullmatch(connection.recv(64)) is not None
    except OSError:
        return False


def _cut_port(port: int) -> int:
    """Connections that the kernel closed at this port."""
    words = ["ss", "--kill", "--no-header", "--tcp", "state", "established", "sport", "=", f":{port}"]
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return 0
    return len(done.stdout.splitlines()) if done.returncode == 0 else 0
