"""Which device this process works on: the one that Spark gave its task, else the first there is.

One worker process has one GPU at a time. Python workers are used again by later tasks, which may have been given
another GPU: then what is loaded is let go, and loaded there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from stark_udfs.core.errors import SettingsError
from stark_udfs.images.protocols import unload_all


class Given(Protocol):
    """What Spark says of one kind of resource of a task."""

    @property
    def addresses(self) -> Sequence[str]:
        """Of each piece, as the discovery script told them."""
        ...


@dataclass
class OwnDevice:
    """The GPU of this process; None: whatever there is."""

    number: int | None = field(default=None)

    def take(self, number: int | None) -> None:
        """Work on that GPU from now on."""
        if number != self.number:
            unload_all()
            self.number = number


OWN = OwnDevice()


def given_gpu(resources: Mapping[str, Given]) -> int | None:
    """The number of the GPU that Spark gave a task; None: it gave none.

    Raises:
        SettingsError: it gave several, of which a worker uses one, or its address is no number.
    """
    gpu = resources.get("gpu")
    if gpu is None or not gpu.addresses:
        return None
    addresses = list(gpu.addresses)
    if len(addresses) > 1 or not addresses[0].strip().isdigit():
        raise SettingsError(
            f"a task was given the GPUs {', '.join(addresses)}; a worker uses one, named by its number. Set "
            "spark.task.resource.gpu.amount=1 (pictures.gpus=1), and let the discovery script print numbers."
        )
    return int(addresses[0])


def refuse_shares(amount: str | None) -> None:
    """Refuse tasks that share a GPU, as `spark.task.resource.gpu.amount` says: each would load the models once more.

    Raises:
        SettingsError: the amount is more than nothing and less than one.
    """
    try:
        share = float(amount or 0)
    except ValueError:
        return  # Spark says so itself
    if 0 < share < 1:
        raise SettingsError(
            f"spark.task.resource.gpu.amount={amount}: {int(1 / share)} tasks would share a GPU, and each "
            "would load the models once more. Set it to 1, or set pictures.gpus=1, which asks for a whole one."
        )


def cuda_device(number: int | None, there: int) -> str:
    """How torch calls it, of `there` that this process sees: where it sees only its own, that is the first."""
    return "cuda" if number is None else f"cuda:{number if number < there else 0}"
