"""What nobody expected ends a command in one line; the traceback is in a file, or on the screen with --debug."""

import errno
import threading
from pathlib import Path

import pytest
from py4j.protocol import Py4JNetworkError
from pyspark.errors import AnalysisException, PythonException

from stark_udfs.cli.errors import Border, guarded, summary
from stark_udfs.cli.main import main
from stark_udfs.core.errors import StorageError, during
from stark_udfs.stages.pipeline import Settings, load_settings
from tests.cli import small
from tests.cli.conftest import CONF, Said, Stark

OF_WORKER = """An exception was thrown from the Python worker. Please see the stack trace below.
Traceback (most recent call last):
  File "/x/worker.py", line 1, in main
ValueError: no such colour
"""
OF_JAVA = """An error occurred while calling o55.load.
: org.apache.spark.SparkException: Job aborted due to stage failure
\tat org.apache.spark.A.b(A.scala:1)
Caused by: java.nio.file.InvalidPathException: Malformed input or input contains unmappable characters: /x
\tat java.base/sun.nio.fs.UnixPath.encode(UnixPath.java:121)
"""


class Py4JJavaError(Exception):
    """As py4j's, which cannot be made without a gateway."""

    def __str__(self) -> str:
        return OF_JAVA


UNEXPECTED = [
    (KeyError("messages"), "unexpected KeyError: 'messages'."),
    (MemoryError(), "there is not enough memory."),
    (OSError(errno.ENOSPC, "No space left on device", "/x/y"), "/x/y: No space left on device."),
    (OSError("odd"), "unexpected OSError: odd."),
    (ValueError("first\nsecond"), "unexpected ValueError: first."),
    (AssertionError(), "unexpected AssertionError."),
    (AnalysisException("[PATH_NOT_FOUND] It is not there.\n'Project [x]"), "[PATH_NOT_FOUND] It is not there."),
    (PythonException(OF_WORKER), "ValueError: no such colour."),
    (Py4JJavaError(), "java.nio.file.InvalidPathException: Malformed input or input contains unmappable"),
    (RuntimeError("Authorization: Bearer abcdefgh123"), "unexpected RuntimeError: Authorization: "),
]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings("demo", conf=CONF, overrides=[f"spark.log={tmp_path}/logs/spark.log"])


def ended(error: Exception, settings: Settings | None, *, debug: bool = False, stage: str = "") -> int:
    def command(border: Border) -> None:
        if settings is not None:
            border.settings.append(settings)
        if not stage:
            raise error
        with during(f"stage {stage}"):
            raise error

    return guarded(command, debug=debug)


def describe_an_unexpected_error():
    @pytest.mark.parametrize(("error", "says"), UNEXPECTED, ids=lambda one: type(one).__name__)
    def it_is_one_line_that_names_stage_and_file(error, says: str, settings: Settings, tmp_path: Path, capfd):
        assert ended(error, settings, stage="albums") == 2
        said = capfd.readouterr().err
        assert len(said.strip().splitlines()) == 1
        assert said.startswith(f"stark: stage albums: {says}")
        assert f"Details are in {tmp_path}/logs/spark.log; --debug" in said
        assert "\tat " not in said
        assert "abcdefgh123" not in said
        kept = (tmp_path / "logs" / "spark.log").read_text()
        assert "Traceback (most recent call last)" in kept
        assert type(error).__name__ in kept

    def it_points_to_debug_where_no_file_can_be_written(settings: Settings, tmp_path: Path, capfd):
        (tmp_path / "logs").write_text("a file where a folder should be")
        assert ended(KeyError("x"), settings) == 2
        assert capfd.readouterr().err == "stark: unexpected KeyError: 'x'. Add --debug to see where it comes from.\n"
        assert ended(KeyError("x"), None) == 2
        assert capfd.readouterr().err.endswith("Add --debug to see where it comes from.\n")

    def it_goes_on_as_it_is_with_debug(settings: Settings):
        with pytest.raises(KeyError):
            ended(KeyError("x"), settings, debug=True)

    def it_is_kept_from_the_screen_in_a_thread_too(settings: Settings, tmp_path: Path, capfd):
        def fail() -> None:
            raise KeyError("in a thread")

        def command(border: Border) -> None:
            border.settings.append(settings)
            thread = threading.Thread(target=fail)
            thread.start()
            thread.join()

        assert guarded(command, debug=False) == 0
        assert capfd.readouterr().err == ""
        assert "in a thread" in (tmp_path / "logs" / "spark.log").read_text()

    def it_tells_a_broken_line_to_the_jvm_from_another_one(settings: Settings):
        from py4j.java_gateway import GatewayParameters, JavaGateway

        gateway = JavaGateway(gateway_parameters=GatewayParameters(port=1))
        with pytest.raises((OSError, Py4JNetworkError)) as caught:
            gateway.jvm.System.currentTimeMillis()
        assert summary(caught.value) == "Spark's own process ended or cannot be reached."
        assert "Spark" not in summary(ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"))


def describe_a_command():
    @pytest.mark.parametrize(
        "words", [["sql", "select * from personas"], ["show"], ["trace", small.EPISODE], ["status"]]
    )
    def it_says_in_one_line_that_a_table_is_damaged(stark: Stark, tmp_path: Path, words: list[str]):
        root = small.write(tmp_path / "tables")
        for file in root.rglob("*.parquet"):
            file.write_bytes(b"not parquet at all")
        said: Said = stark(*words, "--set", f"spark.log={tmp_path}/spark.log", where=tmp_path)
        assert said.code == 2
        assert len(said.err.strip().splitlines()) == 1, said.err
        assert "Traceback" not in said.err

    def it_shows_the_traceback_with_debug(tmp_path: Path):
        root = small.write(tmp_path / "tables")
        for file in root.rglob("*.json"):
            file.write_bytes(b"{")
        words = ["status", "--debug", "--conf", str(CONF), "--set", f"storage.tables={root}"]
        with pytest.raises(StorageError):
            main(words)
