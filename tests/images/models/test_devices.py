from dataclasses import dataclass

import pytest
from pydantic import ValidationError

from stark_udfs.core.errors import SettingsError
from stark_udfs.images.models.devices import OwnDevice, cuda_device, given_gpu, refuse_shares
from stark_udfs.images.protocols import loaded
from stark_udfs.settings.image_models import PicturesSettings


@dataclass(frozen=True)
class Given:
    addresses: tuple[str, ...]


@dataclass(frozen=True)
class Thing:
    name: str

    def load(self) -> list[str]:
        return [self.name]


def describe_the_gpu_of_a_task():
    @pytest.mark.parametrize(
        ("resources", "number"),
        [({}, None), ({"gpu": Given(())}, None), ({"gpu": Given(("3",))}, 3), ({"fpga": Given(("1",))}, None)],
    )
    def it_is_the_one_that_spark_gave(resources: dict[str, Given], number: int | None):
        assert given_gpu(resources) == number

    @pytest.mark.parametrize("addresses", [("0", "1"), ("GPU-77f",)])
    def several_or_unnumbered_ones_are_refused(addresses: tuple[str, ...]):
        with pytest.raises(SettingsError, match="a worker uses one"):
            given_gpu({"gpu": Given(addresses)})

    def a_share_of_one_is_refused_by_the_settings():
        with pytest.raises(ValidationError, match="gpus"):
            PicturesSettings(gpus=0.5)

    @pytest.mark.parametrize("amount", ["0.5", "0.25"])
    def a_share_of_one_is_refused_where_spark_gives_it(amount: str):
        with pytest.raises(SettingsError, match=f"amount={amount}: .* tasks would share a GPU"):
            refuse_shares(amount)

    @pytest.mark.parametrize("amount", [None, "", "0", "1", "2", "many"])
    def whole_ones_are_not(amount: str | None):
        refuse_shares(amount)

    @pytest.mark.parametrize(
        ("number", "there", "name"), [(None, 8, "cuda"), (3, 8, "cuda:3"), (3, 1, "cuda:0"), (0, 1, "cuda:0")]
    )
    def torch_has_a_name_for_it(number: int | None, there: int, name: str):
        assert cuda_device(number, there) == name


def describe_a_worker_that_gets_another_gpu():
    def it_loads_its_models_there():
        device, thing = OwnDevice(), Thing("model")
        device.take(1)
        first = loaded(thing)
        device.take(1)
        assert loaded(thing) is first
        device.take(2)
        assert loaded(thing) is not first
