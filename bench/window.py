"""What an ideal sliding window would take for the latencies that a server drew, and what their tail looks like."""

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


def ideal_s(latencies: Sequence[float], slots: int) -> float:
    """Seconds until all calls are answered if each slot takes the next call, in this order, the moment it is free."""
    free = [0.0] * min(slots, len(latencies))
    for latency in latencies:
        heapq.heapreplace(free, free[0] + latency)
    return max(free, default=0.0)


@dataclass(frozen=True)
class Tail:
    """Seconds. alone: from the arrival of the last call to the last answer, while no new call filled the slots."""

    p50: float
    p95: float
    p99: float
    longest: float
    span: float
    alone: float

    @classmethod
    def of(cls, calls: Mapping[str, Sequence[float]]) -> "Tail":
        """Of the calls as the stub tells them."""
        ordered = sorted(calls["latency_s"])
        ends = [came + took for came, took in zip(calls["arrived_s"], calls["latency_s"], strict=True)]
        return cls(
            p50=at(ordered, 0.50),
            p95=at(ordered, 0.95),
            p99=at(ordered, 0.99),
            longest=ordered[-1],
            span=max(ends),
            alone=max(ends) - calls["arrived_s"][-1],
        )


def at(ordered: Sequence[float], share: float) -> float:
    """The value below which that share of the values lies."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
