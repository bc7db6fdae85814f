"""The project's stub server in a thread of the test, for tests that look at when calls came and how many at once."""

from collections.abc import Iterator
from contextlib import contextmanager

from stark_udfs.calls.loop_thread import LoopThread
from stark_udfs.testing.faults import Faults
from stark_udfs.testing.serve import served
from stark_udfs.testing.stub_server import StubServer


@contextmanager
def stubbed(faults: Faults, stub: StubServer | None = None) -> Iterator[tuple[str, StubServer]]:
    """The base URL of a stub server that runs as long as the block, and the stub."""
    stub = stub or StubServer(faults)
    with LoopThread("stub") as thread:
        serving = served(stub)
        try:
            yield thread.run(serving.__aenter__()), stub
        finally:
            thread.run(serving.__aexit__(None, None, None))
