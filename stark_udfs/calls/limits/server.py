"""The broker over TCP: one thread on the driver, one connection per task, one line of JSON each way per message.

A connection proves that it knows the run's token by answering a challenge; the token itself never travels. A connection
that ends without a `leave` is a lost worker.
"""

import asyncio
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from types import TracebackType
from typing import Self

from stark_udfs.calls.limits.broker import Broker, Claim, UnknownWorker, at_server
from stark_udfs.calls.limits.client import LimiterClient
from stark_udfs.calls.limits.link import DirectLink
from stark_udfs.calls.limits.messages import CallLimits, Grant, WorkerReport, report_of
from stark_udfs.calls.loop_thread import LoopThread
from stark_udfs.core.machine import reaches

CONNECT_S = 5.0
ANSWER_S = 20.0
LONGEST_LINE = 1 << 16

Payload = Mapping[str, object]


@dataclass(frozen=True)
class BrokerAddress:
    """Where a run's broker listens, the run's token, and each stage's limits; picklable, for the tasks.

    alone: the tasks cannot reach it, so that each works with its static share. The driver decides that once per stage,
    before the first paid call (`can_reach` on the executors): a task must never fall back by itself when it loses the
    broker.
    """

    host: str
    port: int
    token: str = field(repr=False)
    limits: Mapping[str, CallLimits] = field(default_factory=dict)
    alone: bool = False

    def limiter(self, *, worker: str, stage: str, tasks: int) -> LimiterClient:
        """The limiter of one task attempt, to be entered on its loop; `tasks` is the most that run at once."""
        return self.limiters(worker=worker, stage=stage, servers=(), tasks=tasks)[0]

    def limiters(self, *, worker: str, stage: str, servers: Sequence[str], tasks: int) -> tuple[LimiterClient, ...]:
        """The limiter of one task attempt, and one for each further server that it asks; they end together."""
        joined = {stage: worker} | {at_server(stage, name): at_server(worker, name) for name in servers}
        if self.alone:
            broker = Broker()
            broker.begin(stage, stage, self.limits[stage].shared_by(tasks))
            for name in servers:
                broker.add_server(stage, name, self.limits[at_server(stage, name)].shared_by(tasks))
            made = tuple(LimiterClient(DirectLink(broker, name, place)) for place, name in joined.items())
        else:
            made = tuple(LimiterClient(TcpLink(self, name, place)) for place, name in joined.items())
        for one in made:
            one.beside = tuple(other for other in made if other is not one)
        return made


class BrokerServer:
    """Serves a broker, as a context manager; `place` is what workers need, to be taken when their stage has begun."""

    def __init__(self, broker: Broker, host: str = "127.0.0.1", port: int = 0, *, bound: str | None = None) -> None:
        """Listens on `host` alone: the driver's address where executors are elsewhere; port 0 takes a free one.

        bound: where to listen, if workers reach that by another address, `host`.
        """
        self.served = broker
        self.host = host
        self.bound = bound or host
        self.port = port
        self.token = secrets.token_hex(32)
        self._thread = LoopThread("stark-broker")
        self._server: asyncio.Server | None = None

    def __enter__(self) -> Self:
        """Listen."""
        self._thread.__enter__()
        try:
            self._thread.run(self._listen())
        except BaseException:
            self._thread.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening; workers that are still connected lose the broker."""
        self._thread.run(self._shut())
        self._thread.__exit__(kind, error, trace)

    @property
    def place(self) -> BrokerAddress:
        """Where it listens, and the limits of the stages that have begun."""
        return BrokerAddress(self.host, self.port, self.token, self.served.limits())

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, self.bound, self.port, limit=LONGEST_LINE)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _shut(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        worker = ""
        try:
            if not await self._authenticated(reader, writer):
                return
            while line := await reader.readline():
                said = json.loads(line)
                if said["op"] == "join":
                    worker = str(said["worker"])
                answer = self._answer(worker, said)
                writer.write(json.dumps(answer).encode() + b"\n")
                if said["op"] == "leave":
                    worker = ""
        except (OSError, ValueError, LookupError, TypeError):
            pass  # not a worker of this run, or one that is gone: the connection ends
        finally:
            if worker:
                self.served.leave(worker, lost=True)
            writer.close()

    async def _authenticated(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        challenge = secrets.token_hex(16)
        writer.write(challenge.encode() + b"\n")
        async with asyncio.timeout(CONNECT_S):
            proof = await reader.readline()
        return hmac.compare_digest(proof.strip(), prove(self.token, challenge))

    def _answer(self, worker: str, said: Payload) -> dict[str, object]:
        try:
            match said["op"]:
                case "join":
                    return {"paced": self.served.join(worker, str(said["stage"]))}
                case "report":
                    report = said["report"]
                    if not isinstance(report, Mapping):
                        raise TypeError("no report")
                    return asdict(self.served.exchange(worker, report_of(report)))
                case "claim":
                    return {"granted": self.served.claim(worker, _claim(said))}
                case "release":
                    self.served.release(worker, _claim(said))
                    return {}
                case "leave":
                    self.served.leave(worker)
                    return {}
                case other:
                    raise ValueError(f"unknown message {other!r:.40}")
        except UnknownWorker as error:
            return {"unknown": str(error)}


def _claim(said: Payload) -> Claim:
    claim = said["claim"]
    if not isinstance(claim, int | str):
        raise TypeError("no claim")
    return claim


def prove(token: str, challenge: str) -> bytes:
    """The answer to a challenge."""
    return hmac.new(token.encode(), challenge.encode(), hashlib.sha256).hexdigest().encode()


class TcpLink:
    """A worker's connection to the broker."""

    def __init__(self, place: BrokerAddress, worker: str, stage: str) -> None:
        """`worker` names one task attempt; it connects when it joins."""
        self.place = place
        self.worker = worker
        self.stage = stage
        self._lock = asyncio.Lock()
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def join(self) -> bool:
        """Connect, prove that the token is known, and join the stage."""
        async with asyncio.timeout(CONNECT_S):
            self._reader, self._writer = await asyncio.open_connection(
                self.place.host, self.place.port, limit=LONGEST_LINE
            )
            challenge = await self._reader.readline()
        self._writer.write(prove(self.place.token, challenge.decode("ascii", "replace").strip()) + b"\n")
        said = await self._exchange({"op": "join", "worker": self.worker, "stage": self.stage})
        return bool(said["paced"])

    async def exchange(self, report: WorkerReport) -> Grant:
        """Send a report; returns the grant."""
        return Grant(**await self._exchange({"op": "report", "report": asdict(report)}))  # type: ignore[arg-type]

    async def claim(self, claim: Claim) -> bool:
        """Whether this worker has what it claims from now on."""
        return bool((await self._exchange({"op": "claim", "claim": claim}))["granted"])

    async def release(self, claim: Claim) -> None:
        """Let others claim it."""
        await self._exchange({"op": "release", "claim": claim})

    async def leave(self) -> None:
        """Leave in good order."""
        await self._exchange({"op": "leave"})

    async def close(self) -> None:
        """Close the connection."""
        if self._writer is not None:
            self._writer.close()
            with suppress(OSError):
                await self._writer.wait_closed()

    async def _exchange(self, said: Payload) -> dict[str, object]:
        if self._reader is None or self._writer is None:
            raise ConnectionError("not connected")
        async with self._lock, asyncio.timeout(ANSWER_S):
            self._writer.write(json.dumps(said).encode() + b"\n")
            line = await self._reader.readline()
        if not line:
            raise ConnectionError(f"{self.place.host}:{self.place.port} hung up")
        answer: dict[str, object] = json.loads(line)
        if "unknown" in answer:
            raise UnknownWorker(str(answer["unknown"]))
        return answer


def can_reach(place: BrokerAddress) -> bool:
    """Whether the broker can be reached from here."""
    return reaches(place.host, place.port)
