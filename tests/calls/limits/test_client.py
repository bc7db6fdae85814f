import asyncio
import time

import pytest

from stark_udfs.calls.clock import Clock
from stark_udfs.calls.errors import BrokerLost, CallError
from stark_udfs.calls.limits.broker import Broker
from stark_udfs.calls.limits.client import LimiterClient
from stark_udfs.calls.limits.link import DirectLink
from stark_udfs.calls.limits.messages import CallLimits, CallOutcome
from stark_udfs.calls.policy import CostBound
from stark_udfs.core.errors import RunStopped

FAST = Clock(speed=50.0)
FREE = CostBound(money=0.0, tokens=100)


def broker(clock: Clock = FAST, **limits) -> Broker:
    one = Broker(clock)
    one.begin("loaves", "baker-1", CallLimits(**{"in_flight": 8, **limits}))
    return one


def limiter(one: Broker, worker: str = "a") -> LimiterClient:
    return LimiterClient(DirectLink(one, worker, "loaves"), one.clock)


class Server:
    """Counts who is in at once, and when they came."""

    def __init__(self) -> None:
        self.inside = 0
        self.most = 0
        self.times: list[float] = []

    async def visit(
        self, through: LimiterClient, *, seconds: float, bound: CostBound = FREE, outcome: CallOutcome | None = None
    ) -> None:
        await through.enter(bound)
        self.inside += 1
        self.most = max(self.most, self.inside)
        self.times.append(through.clock.now())
        await through.clock.sleep(seconds)
        self.inside -= 1
        through.leave(bound, outcome or CallOutcome(money=bound.money, tokens=bound.tokens))


async def visits(server: Server, through: LimiterClient, count: int, workers: int, **how) -> None:
    left = iter(range(count))

    async def work() -> None:
        through.busy += 1
        for _ in left:
            await server.visit(through, **how)
        through.busy -= 1

    await asyncio.gather(*(work() for _ in range(workers)))


def describe_slots():
    @pytest.mark.parametrize("tasks", [1, 2, 4, 8])
    def it_never_lets_in_more_than_the_limit_and_keeps_all_busy(tasks):
        async def go() -> tuple[int, float]:
            one, server = broker(), Server()
            gates = [limiter(one, f"task-{n}") for n in range(tasks)]
            for through in gates:
                await through.__aenter__()
            begun = one.clock.now()
            await asyncio.gather(*(visits(server, g, 400 // tasks, 16, seconds=1.0) for g in gates))
            wall = one.clock.now() - begun
            for through in gates:
                await through.__aexit__(None, None, None)
            return server.most, wall

        most, wall = asyncio.run(go())
        assert most == 8
        assert wall < 2.0 * 400 / 8

    def it_moves_the_share_of_a_task_that_is_done():
        async def go() -> float:
            one, server = broker(), Server()
            async with limiter(one, "short") as short, limiter(one, "long") as long:
                begun = one.clock.now()
                await asyncio.gather(
                    visits(server, short, 8, 16, seconds=1.0), visits(server, long, 160, 16, seconds=1.0)
                )
                return one.clock.now() - begun

        assert asyncio.run(go()) < 1.5 * 168 / 8

    def it_gives_up_what_it_cannot_use_while_its_last_calls_go_on():
        async def go() -> bool:
            one, server = broker(Clock()), Server()
            ending, other = limiter(one, "ending"), limiter(one, "other")
            async with ending, other:
                slow = asyncio.create_task(visits(server, ending, 1, 1, seconds=2.0))
                quick = asyncio.create_task(visits(server, ending, 7, 7, seconds=0.3))
                await asyncio.sleep(0.1)
                rest = asyncio.create_task(visits(server, other, 7, 7, seconds=0.1))
                await quick
                await rest
                still_on = not slow.done()
                await slow
            return still_on

        assert asyncio.run(go())


def describe_rates():
    def it_keeps_requests_per_minute_over_several_tasks():
        async def go() -> list[float]:
            one, server = broker(Clock(speed=25.0), requests_per_minute=240, in_flight=64), Server()
            async with limiter(one, "a") as first, limiter(one, "b") as second:
                await asyncio.gather(*(visits(server, g, 250, 32, seconds=0.5) for g in (first, second)))
            return sorted(server.times)

        times = asyncio.run(go())
        most = max(sum(start <= time < start + 60 for time in times) for start in times)
        assert most <= 240
        assert most >= 0.9 * 240


def describe_money():
    def it_is_reserved_before_and_settled_after():
        async def go() -> tuple[float, int, str]:
            one, server = broker(money=1.0), Server()
            cost = CallOutcome(money=0.03, tokens=10)
            async with limiter(one) as through:
                with pytest.raises(RunStopped):
                    await visits(server, through, 1_000, 16, seconds=0.5, bound=CostBound(0.1, 100), outcome=cost)
                while through.in_flight:
                    await through.clock.sleep(0.1)
            return one.stages["loaves"].budget.spent, len(server.times), one.stopped

        spent, calls, stopped = asyncio.run(go())
        assert spent == pytest.approx(calls * 0.03)
        assert 0.8 <= spent <= 1.0
        assert stopped.startswith("budget")

    def it_reaches_the_cap_with_many_tasks_and_never_passes_it():
        async def go() -> float:
            one, server = broker(money=2.0, in_flight=32), Server()
            gates = [limiter(one, f"task-{n}") for n in range(4)]

            async def task(through: LimiterClient) -> None:
                async with through:
                    with pytest.raises(RunStopped):
                        await visits(server, through, 1_000, 16, seconds=0.2, bound=CostBound(0.05, 9))
                    while through.in_flight:
                        await through.clock.sleep(0.1)

            await asyncio.gather(*map(task, gates))
            return one.stages["loaves"].budget.spent

        assert 1.8 <= asyncio.run(go()) <= 2.0 + 1e-6


def describe_throttling():
    def it_holds_back_as_long_as_the_server_says():
        async def go() -> float:
            one = broker()
            async with limiter(one) as through:
                await through.enter(FREE)
                through.leave(FREE, CallOutcome(failure=CallError.THROTTLED, retry_after=10.0))
                begun = one.clock.now()
                await through.enter(FREE)
                return one.clock.now() - begun

        assert 9.5 < asyncio.run(go()) < 14

    def it_holds_back_the_other_tasks_too():
        async def go() -> float:
            one = broker()
            async with limiter(one, "a") as first, limiter(one, "b") as second:
                first.busy = second.busy = 8
                await first.enter(FREE)
                first.leave(FREE, CallOutcome(failure=CallError.THROTTLED, retry_after=20.0))
                await one.clock.sleep(2.5)
                begun = one.clock.now()
                await second.enter(FREE)
                return one.clock.now() - begun

        assert asyncio.run(go()) > 10


def describe_stopping():
    def it_reaches_who_waits_and_who_comes():
        async def go() -> None:
            one = broker(in_flight=1)
            async with limiter(one) as through:
                await through.enter(FREE)
                waiting = asyncio.create_task(through.enter(FREE))
                one.stop("stopped by the user")
                with pytest.raises(RunStopped, match="by the user"):
                    await waiting
                with pytest.raises(RunStopped, match="by the user"):
                    await through.enter(FREE)
                assert str(through.stopped) == "stopped by the user"

        asyncio.run(go())

    def it_reaches_who_was_let_in_and_has_not_sent_yet():
        async def go() -> tuple[float, int]:
            one = broker(in_flight=1, money=1.0)
            bound = CostBound(0.4, 100)
            async with limiter(one) as through:
                await through.enter(bound)
                waiting = asyncio.create_task(through.enter(bound))
                await one.clock.sleep(5)
                through.leave(bound, CallOutcome(money=0.3, tokens=100))
                through.stop("no room")
                with pytest.raises(RunStopped, match="no room"):
                    await waiting
                left = through.in_flight
            return one.stages["loaves"].budget.spent, left

        spent, left = asyncio.run(go())
        assert spent == pytest.approx(0.3)
        assert left == 0

    def it_tells_everyone():
        async def go() -> str:
            one = broker()
            async with limiter(one) as through:
                through.stop("401")
            return one.stopped

        assert asyncio.run(go()) == "401"


def describe_losing_the_broker():
    def it_lets_nothing_further_through():
        async def go() -> None:
            one = broker()
            async with limiter(one) as through:
                await through.enter(FREE)
                one.leave("a", lost=True)
                with pytest.raises(BrokerLost, match="counts as dead"):
                    while True:
                        await through.enter(FREE)
                        through.leave(FREE, CallOutcome())
                        await through.clock.sleep(0.1)
                through.leave(FREE, CallOutcome())  # what is in flight may end

        asyncio.run(go())


def describe_claiming():
    def it_waits_for_the_holder():
        async def go() -> float:
            one = broker()
            async with limiter(one, "copy") as copy:
                async with limiter(one, "first") as first:
                    await first.claim(3)
                    begun = one.clock.now()
                    waiting = asyncio.create_task(copy.claim(3))
                    await one.clock.sleep(5.0)
                    assert not waiting.done()
                await waiting
                return one.clock.now() - begun

        assert asyncio.run(go()) >= 5.0


def describe_the_common_case():
    def it_costs_little():
        async def go() -> float:
            one = broker(Clock(), in_flight=64, money=1e9)
            async with limiter(one) as through:
                through.busy = 64
                bound = CostBound(0.001, 1_000)
                await through.enter(bound)
                through.leave(bound, CallOutcome(money=0.0005))
                begun = time.process_time()
                for _ in range(5_000):
                    await through.enter(bound)
                    through.leave(bound, CallOutcome(money=0.0005))
                return (time.process_time() - begun) / 5_000

        assert asyncio.run(go()) < 50e-6
