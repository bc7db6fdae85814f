"""Faults of the server: it refuses, fails, babbles, dawdles, or is not there.

No process ends, so nothing is paid twice.
"""

from bench.faults.outcome import Outcome
from bench.faults.trial import LATENCY_MS, Bench
from stark_udfs.testing.faults import RATES, Faults


def throttled(bench: Bench) -> Outcome:
    """A quarter of all requests, and those beyond two at once, are answered with 429 and Retry-After: 1."""
    return tried(bench, "throttled", Faults(latency_ms=LATENCY_MS, throttled=0.25, slots=2, retry_after_s=1.0))


def errors(bench: Bench) -> Outcome:
    """30 % of all requests are answered with 500."""
    return tried(bench, "errors", Faults(latency_ms=LATENCY_MS, errors=0.3))


def malformed(bench: Bench) -> Outcome:
    """30 % of first asks are answered with something that is not JSON. Such an answer is paid, and counts as a call."""
    return tried(bench, "malformed", Faults(latency_ms=LATENCY_MS, malformed=0.3, mends=True))


def truncated(bench: Bench) -> Outcome:
    """30 % of first asks are answered with JSON that ends in the middle (finish_reason length)."""
    return tried(bench, "truncated", Faults(latency_ms=LATENCY_MS, truncated=0.3, mends=True))


def slow_tail(bench: Bench, slow_s: float = 10.0) -> Outcome:
    """5 % of answers take ten seconds more."""
    return tried(bench, "slow-tail", Faults(latency_ms=LATENCY_MS, slow=0.05, slow_ms=slow_s * 1000))


def down(bench: Bench, seconds: float = 20.0) -> Outcome:
    """The server goes away while the first stage asks, and resets every connection until it is back."""
    begin = 2.5 * LATENCY_MS / 1000
    faults = Faults(latency_ms=LATENCY_MS, down_from_s=begin, down_until_s=begin + seconds)
    with bench.trial("down", faults) as trial:
        ended = trial.run_to_the_end()
        hit = trial.server.stub.counts["reset"] > 0
        return trial.outcome(ended, vacuous="" if hit else "no connection was reset")


def tried(bench: Bench, fault: str, faults: Faults) -> Outcome:
    """Run against a server that behaves so."""
    with bench.trial(fault, faults) as trial:
        ended = trial.run_to_the_end()
        planned = [name for name in RATES if getattr(faults, name)]
        unmet = [name for name in planned if not trial.server.stub.counts[name]]
        return trial.outcome(ended, vacuous=f"no request met {' or '.join(unmet)}" if unmet else "")
