"""The way from a worker to the broker: in the same process here, over TCP in `server`."""

from dataclasses import dataclass
from typing import Protocol

from stark_udfs.calls.limits.broker import Broker, Claim
from stark_udfs.calls.limits.messages import Grant, WorkerReport


class BrokerLink(Protocol):
    """The way to a broker. Every method may raise OSError or UnknownWorker: the broker is then lost to this worker."""

    async def join(self) -> bool:
        """Join the stage; returns whether there is a rate to keep."""
        ...

    async def exchange(self, report: WorkerReport) -> Grant:
        """Send a report; returns the grant."""
        ...

    async def claim(self, claim: Claim) -> bool:
        """Whether this worker has what it claims from now on."""
        ...

    async def release(self, claim: Claim) -> None:
        """Let others claim it."""
        ...

    async def leave(self) -> None:
        """Leave in good order: nothing of this worker is lost."""
        ...

    async def close(self) -> None:
        """Close the connection, whatever happened."""
        ...


@dataclass(frozen=True)
class DirectLink:
    """A broker in this very process."""

    broker: Broker
    worker: str
    stage: str

    async def join(self) -> bool:
        """See `BrokerLink.join`."""
        return self.broker.join(self.worker, self.stage)

    async def exchange(self, report: WorkerReport) -> Grant:
        """Send a report; returns the grant."""
        return self.broker.exchange(self.worker, report)

    async def claim(self, claim: Claim) -> bool:
        """Whether this worker has what it claims from now on."""
        return self.broker.claim(self.worker, claim)

    async def release(self, claim: Claim) -> None:
        """Let others claim it."""
        self.broker.release(self.worker, claim)

    async def leave(self) -> None:
        """Leave in good order: nothing of this worker is lost."""
        self.broker.leave(self.worker)

    async def close(self) -> None:
        """There is no connection."""
