"""The stub server in a thread of this process, so that its counts can be looked at at any moment."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from stark_udfs.calls.loop_thread import LoopThread
from stark_udfs.calls.providers.transport import Author
from stark_udfs.testing.faults import Faults
from stark_udfs.testing.serve import served
from stark_udfs.testing.stub_server import StubServer


@dataclass(frozen=True)
class Server:
    """A chat server and its address."""

    stub: StubServer
    url: str

    @property
    def paid(self) -> int:
        """Answers that were begun for money."""
        return self.stub.counts["served"]

    @property
    def twice(self) -> int:
        """Of them, those to calls that had been answered before."""
        return int(str(self.stub.stats()["duplicates"]))

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.url.removesuffix("/v1").rpartition(":")[2])


@contextmanager
def serving(faults: Faults, author: Author) -> Iterator[Server]:
    """A server as long as the block."""
    stub = StubServer(faults, author)
    with LoopThread("stark-stub") as thread:
        place = served(stub)
        url = thread.run(place.__aenter__())
        try:
            yield Server(stub, url)
        finally:
            thread.run(place.__aexit__(None, None, None))
