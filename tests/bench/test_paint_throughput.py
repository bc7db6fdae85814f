import math

import pytest

from bench.paint_throughput import PARTS, Line, faults


def table(**changed: float) -> list[Line]:
    return [Line(part, "", changed.get(part, 40.0), "dB" if "against" in part else "images/s") for part in PARTS]


def describe_a_table():
    def of_all_parts_is_whole():
        assert faults(table()) == []

    def misses_what_was_not_measured():
        assert faults(table()[1:]) == ["floor is missing"]

    @pytest.mark.parametrize(
        ("part", "value"), [("floor", math.nan), ("painting", 0.0), ("VAE, bfloat16 against float32", 12.0)]
    )
    def names_what_cannot_be(part: str, value: float):
        (found,) = faults(table(**{part: value}))
        assert found.startswith(part)
