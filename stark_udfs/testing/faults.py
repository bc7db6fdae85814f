"""The faults of real servers, by rate."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Faults:
    """How the stub behaves. Rates are shares of requests in [0, 1], drawn in the order in which they stand here.

    latency_ms: fixed, or the median where sigma > 0 (lognormal). slow: share that takes `slow_ms` more.
    down_from_s, down_until_s: since the first request; every connection is reset meanwhile.
    slots, requests_per_minute: beyond them, 429. echo_auth: errors repeat the request's Authorization header.
    malformed, truncated, refusal: what a model may do. html, empty, huge, broken: what a server may do.
    mends: what the author is asked once more in a round it answers well, and as it would have the first time.
    no_batches: it has no batch API. batch_s: how long a batch takes. batch_reset: so many batches are made, and the
    connection is reset instead of saying so. batch_refused: so many are refused when they are looked through.
    batch_expired: share of requests that their batch's day is too short for, the first time. batch_strange: files of
    answers also hold a torn line, an answer to an unknown request, and one answer twice.
    """

    seed: int = 0
    latency_ms: float = 0.0
    sigma: float = 0.0
    slow: float = 0.0
    slow_ms: float = 10_000.0
    down_from_s: float = 0.0
    down_until_s: float = 0.0
    slots: int = 0
    requests_per_minute: int = 0
    retry_after_s: float = 1.0
    unauthorised: float = 0.0
    throttled: float = 0.0
    errors: float = 0.0
    html: float = 0.0
    empty: float = 0.0
    broken: float = 0.0
    huge: float = 0.0
    malformed: float = 0.0
    truncated: float = 0.0
    refusal: float = 0.0
    echo_auth: bool = False
    mends: bool = False
    no_batches: bool = False
    batch_s: float = 0.0
    batch_reset: int = 0
    batch_refused: int = 0
    batch_expired: float = 0.0
    batch_strange: bool = False


RATES = (
    *("unauthorised", "throttled", "errors", "html", "empty", "broken"),
    *("huge", "malformed", "truncated", "refusal"),
)
