"""`python -m bench.faults_pictures`: a task of an image stage against an image server that fails in each way.

Real broker over TCP, real journal, the stub server over HTTP; 20 units of two pictures, without Spark. A fault is
followed by further attempts at the task until every unit has its verdict. Lost: candidates that differ from those of an
undisturbed run. Doubled: pictures that stand twice. The exit code is 1 where a promise does not hold.
"""

import multiprocessing
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.faults.server import Server, serving
from stark_udfs.calls.journal import JournalPlace, read_buckets
from stark_udfs.calls.limits.broker import Broker
from stark_udfs.calls.limits.server import BrokerServer
from stark_udfs.calls.request import Reply
from stark_udfs.core.records import Record
from stark_udfs.core.rejects import Reject
from stark_udfs.engine.images.replay import ImageReplay
from stark_udfs.engine.images.worker import ImageEnd, ImagePartition, ImageWork
from stark_udfs.images.backend import ModelBackendSpec, NamedPainter
from stark_udfs.images.models.clip import ClipSpec
from stark_udfs.images.models.image_server import ImageServerSpec
from stark_udfs.images.models.server_access import ServerAccess, ServerPrice
from stark_udfs.images.requests import Candidates, ImageRequest, ImageResult, ImageTask, Module
from stark_udfs.settings.run import LimitsSettings
from stark_udfs.testing.faults import Faults

UNITS, PICTURES, IN_FLIGHT = 20, 2, 8
PRICE = 0.01
LATENCY_MS = 100.0
MOST_ATTEMPTS = 8
FAULTS = {
    "undisturbed": Faults(latency_ms=LATENCY_MS),
    "429": Faults(latency_ms=LATENCY_MS, throttled=0.2, retry_after_s=0.2),
    "500": Faults(latency_ms=LATENCY_MS, errors=0.2),
    "HTML": Faults(latency_ms=LATENCY_MS, html=0.2),
    "no connection for 3 s": Faults(latency_ms=LATENCY_MS, down_from_s=0.5, down_until_s=3.5),
    "cut inside the answer": Faults(latency_ms=LATENCY_MS, broken=0.1),
    "moderation refusal": Faults(latency_ms=LATENCY_MS, refusal=0.2),
    "budget at a half": Faults(latency_ms=LATENCY_MS),
    "kill -9 of the worker": Faults(latency_ms=LATENCY_MS),
}


class Place(Record):
    """What a picture is of."""

    name: str


def wanted(row: Place, answers: Sequence[ImageResult]) -> ImageTask | None:
    """Two pictures of a place."""
    return None if answers else ImageRequest(module=Module.T2I, prompt=f"a lake near {row.name}", count=PICTURES)


def nothing(row: Place, answers: Sequence[ImageResult]) -> list[Record | Reject]:
    """No row: the replies are what is looked at."""
    return []


def attempt(work: ImageWork, number: int) -> list[ImageEnd]:
    """One attempt at the task."""
    rows = [
        {
            "unit_key": f"u{at}",
            "row": Place(name=f"Town {at}").model_dump_json(),
            "redraw": 0,
            "bucket": 1,
            "known": None,
        }
        for at in range(UNITS)
    ]
    with ImagePartition(work, f"0-{number}") as partition:
        return [end for ends in partition.run(iter(rows)) for end in ends]


@dataclass(frozen=True)
class Found:
    """What came of a fault."""

    logical: int
    paid: int
    doubled: int
    pictures: dict[str, tuple[str, ...]]


def tried(fault: str, folder: Path) -> Found:
    """The task under a fault, until all units have their verdict."""
    with serving(FAULTS[fault], no_author) as server:
        journal = JournalPlace(str(folder), "run-1", "pictures")
        script = script_of(server, folder)
        for number in range(MOST_ATTEMPTS):
            budget = PRICE * UNITS * PICTURES / 2 if fault.startswith("budget") and number == 0 else None
            desk = Broker()
            script.begin(desk, script.limits(LimitsSettings(budget=budget), run_spent=0, stage_spent=0))
            with BrokerServer(desk) as broker:
                work = ImageWork(script, journal, broker.place, 1)
                if fault.startswith("kill") and number == 0:
                    killed(work, server)
                    continue
                ends = attempt(work, number)
            if len(ends) == UNITS and all(end.state != "open" for end in ends):
                break
        return found(list(read_buckets(journal, [1]).replies), server)


def script_of(server: Server, folder: Path) -> ImageReplay:
    """The stage, whose painter is the server."""
    access = ServerAccess(server.url, price=ServerPrice(PRICE, currency="USD"), in_flight=IN_FLIGHT, attempts=6)
    painter = NamedPainter("stub", ImageServerSpec("stub", access=access))
    spec = ModelBackendSpec(str(folder), painter=painter, personal=painter, clip=ClipSpec("none"), at_once=4)
    return ImageReplay("pictures", Place, Record, wanted, nothing, spec, 7)


def killed(work: ImageWork, server: Server) -> None:
    """An attempt in a process of its own, killed when a third is paid."""
    process = multiprocessing.get_context("spawn").Process(target=attempt, args=(work, 0))
    process.start()
    while process.is_alive() and server.paid < UNITS * PICTURES // 3:
        time.sleep(0.01)
    process.kill()
    process.join()
    while server.stub.in_flight:
        time.sleep(0.05)


def found(replies: Sequence[Reply], server: Server) -> Found:
    """What the journal holds."""
    keys = Counter(reply.key for reply in replies)
    wishes = {reply.unit_key: reply for reply in replies if reply.model_returned == Module.T2I.value}
    paid = {reply.key for reply in replies if reply.money}
    return Found(
        logical=len(paid),
        paid=server.paid,
        doubled=sum(times - 1 for times in keys.values()),
        pictures={
            unit: tuple(one.sha256 or one.fault for one in Candidates.model_validate_json(reply.reply).candidates)
            for unit, reply in wishes.items()
        },
    )


def no_author(block: object) -> tuple[str, str]:
    """Nobody chats here."""
    raise ValueError("paintings alone are asked for")


def main() -> int:
    """Try the faults that are named, or all, and print the table."""
    wanted_faults = [fault for fault in FAULTS if fault in sys.argv[1:]] or list(FAULTS)
    root = Path(tempfile.mkdtemp(prefix="stark-faults-"))
    well = True
    try:
        expected = tried("undisturbed", root / "undisturbed")
        print("| fault | logical | paid ÷ logical | lost | doubled |\n|---|--:|--:|--:|--:|")
        for number, fault in enumerate(wanted_faults):
            came = tried(fault, root / str(number))
            refused = fault.startswith("moderation")
            lost = sum(
                mine != theirs and not (refused and "moderation" in came.pictures.get(unit, ())[at : at + 1])
                for unit, row in expected.pictures.items()
                for at, theirs in enumerate(row)
                for mine in [(came.pictures.get(unit, ()) + ("",) * PICTURES)[at]]
            )
            allowed = IN_FLIGHT if fault.startswith(("kill", "cut", "no connection")) else 0
            well &= lost == came.doubled == 0 and 0 <= came.paid - came.logical <= (2 * allowed)
            print(
                f"| {fault} | {came.logical} | {came.paid / came.logical:.3f} | {lost} | {came.doubled} |", flush=True
            )
    finally:
        shutil.rmtree(root, ignore_errors=True)
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
