import pytest
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from stark_udfs.calls.errors import BrokerLost
from stark_udfs.core.errors import StorageError
from stark_udfs.engine.ask.failed_tasks import last_words

IN_SPARK = """
[FAILED] Job aborted due to stage failure: Task 1 in stage 9.0 failed 4 times: Traceback (most recent call last):
  File "build/zip/stark_udfs/calls/limits/link.py", line 40, in join
    raise
TimeoutError

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "build/zip/stark_udfs/calls/limits/client.py", line 68, in __aenter__
    raise BrokerLost(f"the broker cannot be reached: {said(error)}") from error
stark_udfs.calls.errors.BrokerLost: the broker cannot be reached: TimeoutError

\tat org.apache.spark.api.python.BasePythonRunner$ReaderIterator.handlePythonException(PythonRunner.scala:581)

Driver stacktrace:"""


def describe_last_words():
    def they_name_the_executor_that_was_lost():
        text = (
            "An error occurred while calling o1.collectToPython.\n: org.apache.spark.SparkException: Job aborted\n"
            "ExecutorLostFailure (executor 0 exited) Reason: Command exited with code 137\n\tat Java"
        )
        assert last_words(text) == "ExecutorLostFailure (executor 0 exited) Reason: Command exited with code 137"

    def they_are_those_of_the_outermost_exception():
        assert last_words(IN_SPARK) == "BrokerLost: the broker cannot be reached: TimeoutError"

    def they_are_sparks_where_no_worker_raised_one():
        assert last_words("\n  Executor heartbeat timed out\n  at java.lang") == "Executor heartbeat timed out"

    def they_are_the_class_where_nothing_is_said():
        assert last_words(PySparkException("")) == "PySparkException"
        assert last_words("Traceback (most recent call last):\n  File 1\nKeyboardInterrupt\n") == "KeyboardInterrupt"

    @pytest.mark.parametrize("error", [BrokerLost("gone for good"), StorageError("no room\nmake some")])
    def they_are_found_in_what_spark_makes_of_them(spark: SparkSession, error: Exception):
        def fails(_):
            raise error
            yield

        with pytest.raises(PySparkException) as raised:
            spark.range(1).mapInPandas(fails, "id long").collect()
        assert last_words(raised.value) == f"{type(error).__name__}: {str(error).splitlines()[0]}"
