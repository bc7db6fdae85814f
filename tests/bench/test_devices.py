import pytest

from bench.devices.log import Batch, together


def describe_devices_together():
    def they_are_looked_at_while_all_are_at_work():
        batches = [Batch("0", 8, 0.0, 4.0), Batch("0", 8, 4.0, 8.0), Batch("1", 8, 2.0, 4.0), Batch("1", 8, 5.0, 7.0)]
        found = together(batches)
        assert (found["devices_used"], found["all_at_work_s"]) == (2, 5.0)
        assert found["share_busy"] == pytest.approx((5.0 + 4.0) / 10, abs=1e-3)
        assert found["images_per_s"] == pytest.approx((4 + 6 + 16) / 5)
