import pytest

from bench.window import Tail, ideal_s


def describe_ideal_s():
    @pytest.mark.parametrize(
        ("latencies", "slots", "seconds"),
        [([], 4, 0.0), ([2.0], 4, 2.0), ([0.5] * 640, 64, 5.0), ([3.0, 1.0, 1.0, 1.0], 2, 3.0), ([1, 1, 1, 3], 2, 4.0)],
    )
    def it_gives_each_call_the_first_free_slot(latencies, slots, seconds):
        assert ideal_s(latencies, slots) == pytest.approx(seconds)


def describe_tail():
    def it_tells_how_long_the_last_calls_took_alone():
        tail = Tail.of({"arrived_s": [0.0, 0.0, 1.0], "latency_s": [1.0, 4.0, 0.5]})
        assert (tail.p50, tail.longest, tail.span, tail.alone) == (1.0, 4.0, 4.0, 3.0)
