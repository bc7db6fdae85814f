"""What the logs of devices say: when each was busy, and what they did together."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Batch:
    """A device was busy."""

    device: str
    images: int
    begun: float
    ended: float

    def within(self, start: float, stop: float) -> float:
        """The share of it that lies between two moments."""
        whole = max(self.ended - self.begun, 1e-9)
        return max(0.0, min(self.ended, stop) - max(self.begun, start)) / whole


def told(log: Path, begun: float, ended: float) -> dict[str, float]:
    """What the devices of a run did, whose files lie in `log`; `begun` and `ended` are the run's."""
    lines = [line for path in log.glob("busy-*.jsonl") for line in path.read_text().splitlines()]
    batches = [Batch(**json.loads(line)) for line in lines]
    first, last = min(one.begun for one in batches), max(one.ended for one in batches)
    return {
        "before_s": round(first - begun, 2),
        "painting_s": round(last - first, 2),
        "after_s": round(ended - last, 2),
        "busy_device_s": round(sum(one.ended - one.begun for one in batches), 2),
        **together(batches),
    }


def together(batches: Sequence[Batch]) -> dict[str, float]:
    """While all were at work, from the last one's first batch to the first one's last: seconds, share busy, speed."""
    of: dict[str, list[Batch]] = {}
    for one in batches:
        of.setdefault(one.device, []).append(one)
    start = max(min(one.begun for one in own) for own in of.values())
    stop = min(max(one.ended for one in own) for own in of.values())
    span = max(stop - start, 1e-9)
    shares = [(one.within(start, stop), one) for one in batches]
    return {
        "devices_used": len(of),
        "all_at_work_s": round(stop - start, 2),
        "share_busy": round(sum(part * (one.ended - one.begun) for part, one in shares) / span / len(of), 3),
        "images_per_s": round(sum(part * one.images for part, one in shares) / span, 2),
    }
