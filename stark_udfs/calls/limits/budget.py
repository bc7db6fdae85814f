"""Money of one stage: reserved before a call is sent, settled after it. Pure."""

from collections.abc import Sequence

from stark_udfs.calls.policy import CostBound

CENT = 1e-9  # what rounding may hide


class Budget:
    """A cap that spent money and reserved money together never pass."""

    def __init__(self, cap: float | None) -> None:
        """`cap` None: nothing is refused, everything is counted."""
        self.cap = cap
        self.spent = 0.0
        self.leases: dict[str, float] = {}

    def settle(self, worker: str, *, spent: float, back: float) -> None:
        """The worker paid `spent` of its lease and gives `back` some."""
        self.spent += spent
        self.leases[worker] = max(0.0, self.leases.get(worker, 0.0) - spent - back)

    def lend(self, worker: str, needed: float, least: float) -> float:
        """As much of `needed` as can be lent, at least `least`; or nothing."""
        if needed <= 0:
            return 0.0
        lent = needed
        if self.cap is not None:
            if self.free + CENT < least:
                return 0.0
            lent = min(needed, max(least, self.free / (2 * max(1, len(self.leases)))))
        self.leases[worker] = self.leases.get(worker, 0.0) + lent
        return lent

    def leave(self, worker: str, *, lost: bool) -> None:
        """The worker is gone. What a lost one had reserved may have been paid: it counts as spent."""
        lease = self.leases.pop(worker, 0.0)
        if lost:
            self.spent += lease

    @property
    def free(self) -> float:
        """What is neither spent nor lent; infinite without a cap."""
        if self.cap is None:
            return float("inf")
        return self.cap - self.spent - sum(self.leases.values())

    @property
    def idle(self) -> bool:
        """Whether nothing is lent that could still come back."""
        return sum(self.leases.values()) <= CENT


def money_wanted(
    waiting: Sequence[CostBound], money: float, *, slots: int, in_flight: int, busy: int
) -> tuple[float, float, float]:
    """What a worker that has `money` asks the budget for: (needed, least, back).

    needed: a stock for the calls that wait; least: for the first of them; back: what is too much, or of no use.
    """
    if not waiting:
        return 0.0, 0.0, (max(0.0, money) if busy == 0 else 0.0)
    least = max(0.0, waiting[0].money - money)
    stock = waiting[0].money * max(len(waiting), slots)
    if least == 0.0 and money >= stock / 2:
        return 0.0, 0.0, 0.0
    back = max(0.0, money) if least > 0 and in_flight == 0 else 0.0
    return max(least + back, stock - money + back), least + back, back
