"""Money of one stage: reserved before a call is sent, settled after it. Pure."""

CENT = 1e-9  # what rounding may hide


class Budget:
    """A cap that spent money and reserved money together never pass."""

    def __init__(self, cap: float | None) -> None:
        """`cap` None: nothing is refused, everything is counted."""
        self.cap = cap
        self.spent = 0.0
        self.leases: dict[str, float] = {}

    def settle(self, asker: str, *, spent: float, back: float) -> None:
        """The asker paid `spent` of its lease and gives `back` some."""
        self.spent += spent
        self.leases[asker] = max(0.0, self.leases.get(asker, 0.0) - spent - back)

    def lend(self, asker: str, needed: float, least: float) -> float:
        """As much of `needed` as can be lent, at least `least`; or nothing."""
        if needed <= 0:
            return 0.0
        lent = needed
        if self.cap is not None:
            if self.free + CENT < least:
                return 0.0
            lent = min(needed, max(least, self.free / (2 * max(1, len(self.leases)))))
        self.leases[asker] = self.leases.get(asker, 0.0) + lent
        return lent

    def leave(self, asker: str, *, lost: bool) -> None:
        """The asker is gone. What a lost one held may have been paid: it counts as spent."""
        lease = self.leases.pop(asker, 0.0)
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
