from typing import Any

import pytest

from stark_udfs.images.models.compiled import CompiledParts, why_not
from stark_udfs.images.protocols import OutOfMemory


def layer() -> Any:
    import torch

    return torch.nn.Linear(3, 2)


def describe_parts():
    def they_work_as_before_and_the_time_of_each_shape_is_told_once(caplog: pytest.LogCaptureFixture):
        import torch

        part, rows = layer(), torch.ones(4, 3)
        plain = part(rows)
        compiled = CompiledParts.of([part], backend="eager")
        with caplog.at_level("INFO"):
            made = [compiled.call("4 of 64 px", lambda: part(rows)) for _ in range(2)]
        assert all(torch.allclose(one, plain) for one in made)
        assert part._compiled_call_impl is not None
        assert [record.getMessage()[:31] for record in caplog.records] == ["1 parts compiled for 4 of 64 px"]

    def a_compiler_that_fails_is_told_and_passed_over(caplog: pytest.LogCaptureFixture):
        import torch

        def broken(graph: object, inputs: object) -> object:
            raise RuntimeError("no Python.h")

        part, rows = layer(), torch.ones(4, 3)
        compiled = CompiledParts.of([part], backend=broken)
        assert compiled.call("4", lambda: part(rows)).shape == (4, 2)
        assert "no Python.h" in caplog.text
        assert (len(compiled.failed), part._compiled_call_impl) == (1, None)

    def what_else_goes_wrong_is_not_the_compilers_fault():
        def full() -> None:
            raise OutOfMemory("full")

        compiled = CompiledParts.of([layer()], backend="eager")
        with pytest.raises(OutOfMemory):
            compiled.call("4", full)
        assert compiled.told == set()


def describe_the_device():
    def a_cpu_is_not_worth_it():
        assert why_not("cpu", "auto") == "cpu is no GPU"

    def the_settings_say_so():
        assert why_not("cuda", "off") == "the settings say so"
