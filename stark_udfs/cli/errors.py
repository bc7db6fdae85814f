"""The last border: what no part of the program expected becomes one line for the user and a traceback in a file."""

import re
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from stark_udfs.calls.errors import redacted
from stark_udfs.cli.console import tell
from stark_udfs.cli.options import ENDED_EARLY, WRONG
from stark_udfs.core.errors import RunStopped, StarkError
from stark_udfs.settings.run import RunSettings

STAGE = re.compile(r"stage \w+")  # as the engine notes it on an error
CAUSE = re.compile(r"^(?:Caused by: |: )(?=[\w.$]+(?:Exception|Error)\b)(.*)$", re.MULTILINE)
WORKER = re.compile(r"^\s*(?:Caused by: )?([\w.]+(?:Error|Exception): .*)$", re.MULTILINE)
RUN_AGAIN = "Add --debug to see where it comes from."


@dataclass
class Border:
    """What is known of a command by the time something unexpected ends it: the settings, once they are read."""

    settings: list[RunSettings] = field(default_factory=list)

    def tell(self, error: Exception) -> str:
        """One line for the user: what, in which stage, where the details are. They are written there first."""
        stage = next((note for note in _notes(error) if STAGE.fullmatch(note)), "")
        what = f"{stage}: {summary(error)}" if stage else summary(error)
        log = self._log()
        if log is None or not _kept(log, error):
            return f"{what} {RUN_AGAIN}"
        return f"{what} Details are in {log}; --debug shows them here."

    def _log(self) -> Path | None:
        """Spark's own file."""
        named = self.settings[-1].spark.log if self.settings else None
        return None if named is None else Path(named).absolute()

    @contextmanager
    def threads(self) -> Iterator[None]:
        """Errors of background threads, and of what the collector cleans up, go to the file as well."""
        hooks = threading.excepthook, sys.unraisablehook

        def of_thread(args: threading.ExceptHookArgs) -> None:
            self._aside(args.exc_type, args.exc_value, args.exc_traceback)

        def of_collector(args: "sys.UnraisableHookArgs") -> None:
            self._aside(args.exc_type, args.exc_value, args.exc_traceback)

        threading.excepthook, sys.unraisablehook = of_thread, of_collector
        try:
            yield
        finally:
            threading.excepthook, sys.unraisablehook = hooks

    def _aside(self, kind: type[BaseException], error: BaseException | None, at: TracebackType | None) -> None:
        log = self._log()
        if log is not None and error is not None:
            _kept(log, error.with_traceback(at))


def guarded(command: Callable[[Border], None], *, debug: bool) -> int:
    """Run a command; its exit code. With `debug` an error goes on as it is."""
    border = Border()
    try:
        with nullcontext() if debug else border.threads():
            command(border)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    except Exception as error:  # the last border: whatever nobody expected is one line, too
        if debug:
            raise
        tell(f"stark: {error if isinstance(error, StarkError) else border.tell(error)}", style="red")
        return ENDED_EARLY if isinstance(error, RunStopped) else WRONG
    return 0


def summary(error: Exception) -> str:
    """What happened, in one sentence without Java's or Python's stack."""
    name = type(error).__name__
    if (isinstance(error, OSError | EOFError) or name == "Py4JNetworkError") and _in_py4j(error):
        return "Spark's own process ended or cannot be reached."
    if isinstance(error, MemoryError):
        return "there is not enough memory."
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}." if error.filename else f"{error.strerror}."
    return f"{_sentence(_core(error, name))}"


def _core(error: Exception, name: str) -> str:
    """The line of an error's text that tells most: the innermost cause of Java's, the last of a Python worker's."""
    text = str(error)
    if name == "Py4JJavaError":
        causes = CAUSE.findall(text)
        return causes[-1] if causes else text
    if name == "PythonException":
        found = WORKER.findall(text)
        return found[-1] if found else text
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    first = lines[0] if lines else ""
    if type(error).__module__.startswith("pyspark"):
        return first or name
    return f"unexpected {name}: {first}" if first else f"unexpected {name}"


def _sentence(text: str) -> str:
    line = redacted(text)
    return line if line.endswith((".", "…", "!", "?")) else f"{line}."


def _notes(error: BaseException | None) -> Iterator[str]:
    """Of the error and of those that it came from."""
    while error is not None:
        yield from getattr(error, "__notes__", ())
        error = error.__cause__ or error.__context__


def _in_py4j(error: Exception) -> bool:
    """Whether the line to the JVM is what broke."""
    frames = traceback.walk_tb(error.__traceback__)
    return any(str(frame.f_globals.get("__name__", "")).startswith("py4j.") for frame, _ in frames)


def _kept(log: Path, error: BaseException) -> bool:
    """Whether the traceback could be added to the file."""
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"\n{datetime.now(UTC).isoformat(timespec='seconds')} stark ended with an unexpected error\n")
            file.writelines(traceback.format_exception(error))
    except OSError:
        return False
    return True
