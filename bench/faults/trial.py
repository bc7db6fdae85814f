"""One fault's own warehouse and server, and the pipeline that is run there: in this process or as `stark run`."""

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from pathlib import Path

import pyspark
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from bench.faults import ledger
from bench.faults.ledger import Contents
from bench.faults.outcome import Outcome
from bench.faults.server import Server, serving
from bench.faults.shell import FINISHED, Shell
from stark_udfs.calls.providers.transport import Author
from stark_udfs.core.errors import StarkError
from stark_udfs.engine.run import run
from stark_udfs.engine.stage import ChatStage, ImageStage, Stage, TableStage
from stark_udfs.stages.pipeline import Settings
from stark_udfs.tables.table import Table
from stark_udfs.testing.faults import Faults

MOST_RUNS = 6  # of a pipeline that does not get to its end
Launch = Callable[[Sequence[str]], tuple[Sequence[str], Mapping[str, str]]]  # arguments → command, environment
LATENCY_MS = 300.0


@dataclass(frozen=True)
class Work:
    """A pipeline to be disturbed.

    load: settings with overrides laid over them. overrides: those of every run. command: the words of `stark run`.
    server: the settings that name the server's address.
    """

    load: Callable[[Sequence[str]], Settings]
    stages: Callable[[Settings], Sequence[Stage]]
    author: Author
    overrides: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    server: tuple[str, ...] = ("models.default.base_url",)


@dataclass
class Bench:
    """Where faults are tried: a pipeline, and what it gives when nothing disturbs it."""

    root: Path
    spark: SparkSession
    work: Work

    @cached_property
    def begun(self) -> Path:
        """A warehouse that has all that is made before the first call: every trial begins with a copy of it."""
        with serving(Faults(), self.work.author) as server:
            trial = Trial(self, "begun", server, (), None)
            trial.folder.mkdir(parents=True)
            free = takewhile(lambda stage: isinstance(stage, TableStage), trial.stages)
            run(list(free), trial.settings, self.spark)
        return trial.folder

    @cached_property
    def expected(self) -> Contents:
        """The contents after a run that nothing disturbed."""
        with self._trial("undisturbed", Faults(latency_ms=LATENCY_MS)) as trial:
            ended = trial.run()
            found = trial.contents()
            if ended != FINISHED or found.open or trial.server.paid != found.logical:
                raise SystemExit(f"the undisturbed run: {ended}, {trial.server.paid} paid, {found.logical} needed")
            return found

    @contextmanager
    def trial(self, fault: str, faults: Faults, *overrides: str, launch: Launch | None = None) -> Iterator["Trial"]:
        """A warehouse where nothing was asked, and a server that behaves as `faults` says.

        launch: how runs start, if not here.
        """
        _ = self.expected  # before the fault, not in the middle of it
        with self._trial(fault, faults, *overrides, launch=launch) as trial:
            yield trial

    @contextmanager
    def _trial(self, fault: str, faults: Faults, *overrides: str, launch: Launch | None = None) -> Iterator["Trial"]:
        with serving(faults, self.work.author) as server:
            trial = Trial(self, fault, server, overrides, launch)
            shutil.copytree(self.begun, trial.folder)
            try:
                yield trial
            finally:
                for shell in trial.shells:
                    shell.end()


class Trial:
    """One fault."""

    def __init__(
        self, bench: Bench, fault: str, server: Server, overrides: Sequence[str], launch: Launch | None = None
    ) -> None:
        """Made by `Bench.trial`."""
        self.launch = launch or self._by_stark
        self.bench = bench
        self.fault = fault
        self.server = server
        self.folder = bench.root / fault
        self.shells: list[Shell] = []
        self.begun = time.monotonic()
        self._overrides = (
            *bench.work.overrides,
            f"storage.tables={self.folder}/tables",
            f"storage.files={self.folder}/files",
            f"spark.log={self.folder}/spark.log",
            *(f"{setting}={server.url}" for setting in bench.work.server),
            *overrides,
        )

    @property
    def files(self) -> Path:
        """Where the journal is."""
        return self.folder / "files"

    @property
    def settings(self) -> Settings:
        """Of this trial's runs."""
        return self.bench.work.load(self._overrides)

    @property
    def stages(self) -> Sequence[Stage]:
        """Of this trial's runs."""
        return self.bench.work.stages(self.settings)

    @property
    def image_stages(self) -> list[ImageStage]:  # type: ignore[type-arg]  # of whatever rows
        """The stages that paint, in their order."""
        return [stage for stage in self.stages if isinstance(stage, ImageStage)]

    @property
    def chat_stages(self) -> list[ChatStage]:  # type: ignore[type-arg]  # of whatever rows
        """The stages that ask, in their order."""
        return [stage for stage in self.stages if isinstance(stage, ChatStage)]

    def run(self, *more: str) -> str:
        """Run the pipeline once, in this process; how it ended."""
        settings = self.bench.work.load((*self._overrides, *more))
        try:
            report = run(self.bench.work.stages(settings), settings, self.bench.spark)
        except StarkError as error:
            return f"{type(error).__name__}: {self._short(str(error))}"
        except (PySparkException, Py4JJavaError) as error:
            return f"failed: {self._short(str(error))}"
        if report.stopped:
            return f"stopped: {self._short(report.stopped)}"
        left = sum(stage.open for stage in report.stages)
        return f"{left} units open" if left else FINISHED

    def run_to_the_end(self) -> str:
        """Run until all units have their verdict; how each run ended."""
        ends: list[str] = []
        while (not ends or ends[-1] != FINISHED) and len(ends) < MOST_RUNS:
            ends.append(self.run())
        return told(ends)

    def shell(self, *more: str) -> Shell:
        """`stark run` in a process of its own."""
        log = self.folder / f"run-{len(self.shells)}.log"
        sets = [word for override in (*self._overrides, *more) for word in ("--set", override)]
        shell = Shell(log, *self.launch([*self.bench.work.command, *sets]))
        self.shells.append(shell)
        return shell

    def shell_to_the_end(self, *more: str) -> str:
        """`stark run` until it exits with 0; how each run ended."""
        ends: list[str] = []
        while (not ends or ends[-1] != FINISHED) and len(ends) < MOST_RUNS:
            ends.append(self.shell(*more).wait())
        return told(ends)

    def _short(self, text: str) -> str:
        """The first sentence, without the path of this trial."""
        return text.replace(f"{self.folder}/", "").splitlines()[0].partition(". ")[0][:160]

    def _by_stark(self, arguments: Sequence[str]) -> tuple[Sequence[str], Mapping[str, str]]:
        stark = str(Path(sys.executable).with_name("stark"))
        return [stark, *arguments], {**os.environ, "SPARK_HOME": str(self._spark_home())}

    def _spark_home(self) -> Path:
        """The installed Spark under a path of this trial: a local cluster writes into its home."""
        home = self.folder / "spark"
        if not home.exists():
            home.mkdir(parents=True)
            for part in Path(pyspark.__file__).parent.iterdir():
                if part.name != "work":
                    (home / part.name).symlink_to(part)
        return home

    def contents(self) -> Contents:
        """What the warehouse holds now."""
        tables: list[Table] = [stage.writes for stage in self.stages]
        return ledger.read(self.folder / "tables", tables, [stage.name for stage in self.chat_stages], self.files)

    def outcome(self, ended: str, *, allowed: int = 0, kills: int = 0, worst: int = 0, vacuous: str = "") -> Outcome:
        """What came of it."""
        expected, found = self.bench.expected, self.contents()
        return Outcome(
            fault=self.fault,
            ended=ended,
            logical=found.logical,
            paid=self.server.paid,
            lost=ledger.lost(expected, found),
            doubled=ledger.doubled(expected, found),
            in_flight=self.settings.models["default"].in_flight,
            most_in_flight=self.server.stub.max_in_flight,
            seconds=round(time.monotonic() - self.begun, 1),
            kills=kills,
            worst=worst,
            allowed=allowed,
            vacuous=vacuous,
        )


def told(ends: Sequence[str]) -> str:
    """Several ends in one line, equal ones counted."""
    parts: list[str] = []
    for end in dict.fromkeys(ends):
        times = list(ends).count(end)
        parts.append(end if times == 1 else f"{times} × {end}")
    return ", then ".join(parts)
