import weakref

import pytest
from huggingface_hub.errors import LocalEntryNotFoundError

from stark_udfs.core.errors import SettingsError
from stark_udfs.images.models.weights import device_errors, loading, precision_on
from stark_udfs.images.protocols import DeviceLost, OutOfMemory


def describe_device_errors():
    @pytest.mark.parametrize("of_torch", [True, False])
    def it_tells_a_full_device(of_torch: bool):
        import torch

        error = torch.OutOfMemoryError("CUDA out of memory. Tried") if of_torch else MemoryError()
        with pytest.raises(OutOfMemory), device_errors():
            raise error

    def it_tells_a_lost_device():
        import torch

        with pytest.raises(DeviceLost, match="new worker"), device_errors():
            raise torch.AcceleratorError("CUDA error: device-side assert triggered")

    def it_leaves_other_errors_alone():
        with pytest.raises(RuntimeError, match="shape"), device_errors():
            raise RuntimeError("shape")

    def it_lets_go_of_what_the_call_held():
        import torch

        held = []

        def fails() -> None:
            tensor = torch.zeros(8)
            held.append(weakref.ref(tensor))
            raise torch.OutOfMemoryError("full")

        with pytest.raises(OutOfMemory) as caught, device_errors():
            fails()
        assert caught.value.__cause__ is not None
        assert held[0]() is None


def describe_precision_on():
    def it_is_half_on_a_gpu_and_whole_on_a_cpu():
        import torch

        assert precision_on("cpu", "float16") is torch.float32
        assert precision_on("cuda", "bfloat16") is torch.bfloat16
        assert precision_on("cuda:1", "float16") is torch.float16


def describe_loading():
    def it_tells_a_hub_that_was_not_reached_from_a_model_that_is_not_there():
        with pytest.raises(SettingsError, match="the hub was not reached"), loading("us/ours"):
            try:
                raise LocalEntryNotFoundError("no connection")
            except LocalEntryNotFoundError as error:
                raise OSError("us/ours does not appear to have a file named config.json") from error
        with pytest.raises(SettingsError, match="there is no such model"), loading("us/ours"):
            raise OSError("us/ours does not appear to have a file named config.json")
