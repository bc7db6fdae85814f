"""The broker over TCP: one thread on the driver, one connection per task, one line of JSON each way per message.

A connection proves that it knows the run's token by answering a challenge; the token itself never travels. A connection
that ends without a farewell is a lost asker.
"""

import asyncio
import hashlib
import hmac
import json
import secrets
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from types import TracebackType
from typing import Self

from stark_udfs.calls.limits.broker import Claim, LockedBroker, UnknownWorker
from stark_udfs.calls.limits.client import DirectLink, LimiterClient
from stark_udfs.calls.limits.messages import CallLimits, Grant, WorkerReport, report_of
from stark_udfs.calls.loop_thread import LoopThread

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

    def gate(self, *, asker: str, stage: str, tasks: int) -> LimiterClient:
        """The gate of one task attempt, to be entered on its loop; `tasks` is the most that run at once."""
        if not self.alone:
            return LimiterClient(TcpLink(self, asker, stage))
        desk = LockedBroker()
        desk.begin(stage, stage, self.limits[stage].shared_by(tasks))
        return LimiterClient(DirectLink(desk, asker, stage))


class BrokerServer:
    """Serves a desk. Use as a context manager; `place` is what askers need, to be taken when their stage has begun."""

    def __init__(self, desk: LockedBroker, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listens on `host` alone: the driver's address where executors are elsewhere; port 0 takes a free one."""
        self.desk = desk
        self.host = host
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
        """Stop listening; askers that are still connected lose the broker."""
        self._thread.run(self._shut())
        self._thread.__exit__(kind, error, trace)

    @property
    def place(self) -> BrokerAddress:
        """Where it listens, and the limits of the stages that have begun."""
        return BrokerAddress(self.host, self.port, self.token, self.desk.limits())

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, self.host, self.port, limit=LONGEST_LINE)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _shut(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asker = ""
        try:
            if not await self._authenticated(reader, writer):
                return
            while line := await reader.readline():
                said = json.loads(line)
                if said["op"] == "join":
                    asker = str(said["asker"])
                answer = self._answer(asker, said)
                writer.write(json.dumps(answer).encode() + b"\n")
                if said["op"] == "leave":
                    asker = ""
        except (OSError, ValueError, LookupError, TypeError):
            pass  # whoever it is does not speak our language, or is gone: the connection ends
        finally:
            if asker:
                self.desk.leave(asker, lost=True)
            writer.close()

    async def _authenticated(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        challenge = secrets.token_hex(16)
        writer.write(challenge.encode() + b"\n")
        async with asyncio.timeout(CONNECT_S):
            proof = await reader.readline()
        return hmac.compare_digest(proof.strip(), prove(self.token, challenge))

    def _answer(self, asker: str, said: Payload) -> dict[str, object]:
        try:
            match said["op"]:
                case "join":
                    return {"paced": self.desk.join(asker, str(said["stage"]))}
                case "report":
                    report = said["report"]
                    if not isinstance(report, Mapping):
                        raise TypeError("no report")
                    return asdict(self.desk.exchange(asker, report_of(report)))
                case "claim":
                    return {"granted": self.desk.claim(asker, _claim(said))}
                case "release":
                    self.desk.release(asker, _claim(said))
                    return {}
                case "leave":
                    self.desk.leave(asker)
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
    """An asker's connection to the broker."""

    def __init__(self, place: BrokerAddress, asker: str, stage: str) -> None:
        """`asker` names one task attempt; it connects when it joins."""
        self.place = place
        self.asker = asker
        self.stage = stage
        self._lock = asyncio.Lock()
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def join(self) -> bool:
        """Connect, prove, begin."""
        async with asyncio.timeout(CONNECT_S):
            self._reader, self._writer = await asyncio.open_connection(
                self.place.host, self.place.port, limit=LONGEST_LINE
            )
            challenge = await self._reader.readline()
        self._writer.write(prove(self.place.token, challenge.decode("ascii", "replace").strip()) + b"\n")
        said = await self._exchange({"op": "join", "asker": self.asker, "stage": self.stage})
        return bool(said["paced"])

    async def exchange(self, report: WorkerReport) -> Grant:
        """Report and be granted."""
        return Grant(**await self._exchange({"op": "report", "report": asdict(report)}))  # type: ignore[arg-type]

    async def claim(self, claim: Claim) -> bool:
        """Whether this asker has what it claims from now on."""
        return bool((await self._exchange({"op": "claim", "claim": claim}))["granted"])

    async def release(self, claim: Claim) -> None:
        """Others may have it."""
        await self._exchange({"op": "release", "claim": claim})

    async def leave(self) -> None:
        """Say farewell."""
        await self._exchange({"op": "leave"})

    async def close(self) -> None:
        """Hang up."""
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
    try:
        with socket.create_connection((place.host, place.port), timeout=CONNECT_S) as connection:
            connection.settimeout(CONNECT_S)
            return bool(connection.recv(64))
    except OSError:
        return False
