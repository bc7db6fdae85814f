import asyncio
import pickle
import time
from dataclasses import replace

import pytest

from stark_udfs.calls.errors import BrokerLost
from stark_udfs.calls.limits.broker import Broker
from stark_udfs.calls.limits.client import LimiterClient
from stark_udfs.calls.limits.messages import AskCounts, CallLimits, CallOutcome, WorkerReport
from stark_udfs.calls.limits.server import BrokerAddress, BrokerServer, TcpLink, can_reach
from stark_udfs.calls.policy import CostBound
from stark_udfs.core.errors import RunStopped

FREE = CostBound(0.0, 100)


def broker(**limits) -> Broker:
    one = Broker()
    one.begin("loaves", "baker-1", CallLimits(**{"in_flight": 8, **limits}))
    return one


def limiter(place: BrokerAddress, worker: str = "0-1") -> LimiterClient:
    return place.limiter(worker=worker, stage="loaves", tasks=2)


def describe_the_broker_over_tcp():
    def it_leases_slots_and_money_and_collects_counts():
        async def go(place: BrokerAddress) -> None:
            async with limiter(place) as through:
                through.busy = 8
                for _ in range(20):
                    await through.enter(CostBound(0.1, 100))
                    through.counts.asked += 1
                    through.leave(CostBound(0.1, 100), CallOutcome(money=0.02, tokens=10))

        with BrokerServer(broker(money=5.0)) as server:
            asyncio.run(go(server.place))
            assert server.served.counts("loaves").asked == 20
            budget = server.served.stages["loaves"].budget
            assert budget.spent == pytest.approx(0.4)
            assert budget.idle
            assert server.served.workers == {}

    def it_carries_stop_in_both_directions():
        async def go(place: BrokerAddress, one: Broker) -> None:
            async with limiter(place, "a") as first, limiter(place, "b") as second:
                first.stop("401: no such key")
                with pytest.raises(RunStopped, match="no such key"):
                    while True:
                        await second.enter(FREE)
                        second.leave(FREE, CallOutcome())
                        await asyncio.sleep(0.01)
            assert one.stopped == "401: no such key"

        with BrokerServer(broker()) as server:
            asyncio.run(go(server.place, server.served))

    def it_gives_a_bucket_to_one_attempt():
        async def go(place: BrokerAddress) -> None:
            first, copy = TcpLink(place, "first", "loaves"), TcpLink(place, "copy", "loaves")
            await first.join()
            await copy.join()
            assert await first.claim(3)
            assert not await copy.claim(3)
            await first.close()  # without a farewell: it was killed
            await asyncio.sleep(0.05)
            assert await copy.claim(3)
            await copy.leave()
            await copy.close()

        with BrokerServer(broker()) as server:
            asyncio.run(go(server.place))

    def it_frees_what_a_killed_task_held():
        async def go(place: BrokerAddress) -> int:
            first, second = TcpLink(place, "a", "loaves"), TcpLink(place, "b", "loaves")
            await first.join()
            await second.join()
            assert (await first.exchange(WorkerReport(want=8, counts=AskCounts()))).slots == 8
            await first.close()
            await asyncio.sleep(0.05)
            grant = await second.exchange(WorkerReport(want=8))
            await second.close()
            return grant.slots

        with BrokerServer(broker()) as server:
            assert asyncio.run(go(server.place)) == 8


def describe_a_lost_broker():
    def it_ends_asking_but_not_what_is_in_flight():
        async def go(server: BrokerServer) -> None:
            async with limiter(server.place) as through:
                await through.enter(FREE)
                server.__exit__(None, None, None)
                with pytest.raises(BrokerLost):
                    while True:
                        await through.enter(FREE)
                        through.leave(FREE, CallOutcome())
                        await asyncio.sleep(0.01)
                through.leave(FREE, CallOutcome())
                assert isinstance(through.stopped, BrokerLost)

        asyncio.run(go(BrokerServer(broker()).__enter__()))

    def it_is_never_replaced_by_a_static_share():
        async def go(place: BrokerAddress) -> None:
            async with limiter(place):
                raise AssertionError("it must not open")

        with BrokerServer(broker()) as server:
            place = server.place
        assert not can_reach(place)
        with pytest.raises(BrokerLost, match="cannot be reached"):
            asyncio.run(go(place))


def describe_tasks_that_cannot_reach_it():
    def it_leaves_each_its_static_share():
        async def go(place: BrokerAddress) -> int:
            async with limiter(place) as through:
                through.busy = 64
                for _ in range(4):
                    await through.enter(FREE)
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.3):
                        await through.enter(FREE)
                return through.in_flight

        with BrokerServer(broker()) as server:
            place = replace(server.place, alone=True)
        assert asyncio.run(go(place)) == 4


def describe_authentication():
    def it_turns_away_who_does_not_know_the_token():
        async def go(place: BrokerAddress) -> None:
            async with limiter(place):
                raise AssertionError("it must not open")

        with BrokerServer(broker()) as server:
            with pytest.raises(BrokerLost, match="hung up"):
                asyncio.run(go(replace(server.place, token="guess")))
            assert server.served.workers == {}

    def it_never_shows_or_sends_the_token():
        async def go(place: BrokerAddress) -> bytes:
            reader, writer = await asyncio.open_connection(place.host, place.port)
            said = await reader.readline()
            writer.close()
            return said

        with BrokerServer(broker()) as server:
            assert server.token not in repr(server.place)
            assert server.token.encode() not in asyncio.run(go(server.place))

    @pytest.mark.parametrize("noise", [b"\n", b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 100_000, b""])
    def it_survives_strangers(noise):
        async def go(place: BrokerAddress) -> None:
            _, writer = await asyncio.open_connection(place.host, place.port)
            writer.write(noise)
            writer.close()
            async with limiter(place) as through:
                await through.enter(FREE)
                through.leave(FREE, CallOutcome())

        with BrokerServer(broker()) as server:
            asyncio.run(go(server.place))

    @pytest.mark.parametrize(
        "said", [{"op": "report"}, {"op": "report", "report": {"counts": {}, "x": 1}}, {"op": "nonsense"}, {}]
    )
    def it_hangs_up_on_nonsense(said):
        async def go(place: BrokerAddress) -> None:
            link = TcpLink(place, "a", "loaves")
            await link.join()
            with pytest.raises(ConnectionError):
                await link._exchange(said)
            await link.close()

        with BrokerServer(broker()) as server:
            asyncio.run(go(server.place))


def describe_place():
    def it_travels_to_the_tasks():
        with BrokerServer(broker(money=2.0)) as server:
            assert can_reach(server.place)
            assert pickle.loads(pickle.dumps(server.place)) == server.place
            assert server.place.limits["loaves"].money == 2.0


def describe_cost():
    def it_is_small_for_a_task_of_many_calls():
        async def go(place: BrokerAddress) -> float:
            bound = CostBound(0.001, 1_000)
            async with limiter(place) as through:
                through.busy = 128

                async def work() -> None:
                    for _ in range(8):
                        await through.enter(bound)
                        await asyncio.sleep(0.1)
                        through.leave(bound, CallOutcome(money=0.0005))

                begun = time.process_time()
                await asyncio.gather(*(work() for _ in range(128)))
                return (time.process_time() - begun) / (128 * 8) * 1_000

        with BrokerServer(broker(in_flight=128, money=100.0)) as server:
            assert asyncio.run(go(server.place)) < 0.5  # seconds of both sides and the sleeping, per 1,000 calls
