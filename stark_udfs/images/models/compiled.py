"""Compiling the parts of a painter that are most of its work, where the device is worth the minute it takes.

Block by block: the many alike blocks of a UNet are compiled once, in half a minute instead of two, and are as fast.
torch keeps what it compiled in its own cache on disk (TORCHINDUCTOR_CACHE_DIR), so that the next worker takes seconds.
"""

import importlib.util
import logging
import os
import shutil
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeVar

if TYPE_CHECKING:
    import torch

LOG = logging.getLogger(__name__)
Compile = Literal["auto", "off"]

BLOCKS = frozenset({"BasicTransformerBlock", "ResnetBlock2D"})  # of a UNet: nearly all its arithmetic
LEAST_CAPABILITY = (8, 0)  # of a CUDA device: with bfloat16
RECOMPILES = 512  # shapes of blocks and pictures that are compiled before torch gives up; its own 8 are too few here

Made = TypeVar("Made")


def why_not(device: str, wanted: Compile) -> str:
    """Why nothing is compiled on a device; empty: it is."""
    import torch

    if wanted == "off":
        return "the settings say so"
    if not device.startswith("cuda"):
        return f"{device} is no GPU"
    capability = torch.cuda.get_device_capability(device)
    if capability < LEAST_CAPABILITY:
        return f"the GPU's capability is {capability[0]}.{capability[1]}, below 8.0"
    if importlib.util.find_spec("triton") is None:
        return "the package triton is not there"
    compiler = os.environ.get("CC", "cc")
    if not any(shutil.which(name) for name in (compiler, "gcc", "clang")):
        return "there is no C compiler, which triton needs"
    return ""


def blocks_of(module: "torch.nn.Module") -> "list[torch.nn.Module]":
    """The blocks of a UNet that are compiled."""
    return [part for part in module.modules() if type(part).__name__ in BLOCKS]


@dataclass(frozen=True)
class CompiledParts:
    """Parts of a painter that torch compiles when they are first called, for each shape anew.

    told: what was called already, of which the time was told.
    """

    parts: "tuple[torch.nn.Module, ...]" = ()
    told: set[object] = field(default_factory=set)
    failed: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, parts: "Iterable[torch.nn.Module]", backend: str = "inductor") -> "CompiledParts":
        """The parts, told to compile themselves."""
        import torch

        config = torch._dynamo.config
        config.recompile_limit = max(config.recompile_limit, RECOMPILES)
        config.accumulated_recompile_limit = max(config.accumulated_recompile_limit, 8 * RECOMPILES)
        found = tuple(parts)
        for part in found:
            part.compile(dynamic=False, backend=backend)
        return cls(found)

    def call(self, shape: object, work: Callable[[], Made]) -> Made:
        """What `work` makes of a batch of that shape; the time of the first is told, since compiling is part of it.

        Where the compiler fails, as without the headers it needs, that is told and the parts work as they are written.
        """
        import torch

        if not self.parts or shape in self.told:
            return work()
        begun = time.monotonic()
        try:
            made = work()
        except torch._dynamo.exc.TorchDynamoException as error:
            self._undo(f"{type(error).__name__}: {str(error)[:300]}")
            return work()
        self.told.add(shape)
        seconds = time.monotonic() - begun
        LOG.info("%d parts compiled for %s: %.0f s, the first batch included", len(self.parts), shape, seconds)
        return made

    def _undo(self, why: str) -> None:
        for part in self.parts:
            part._compiled_call_impl = None
        self.told.clear()
        self.failed.append(why)
        LOG.warning(
            "the painter is not compiled and takes about twice the time (pictures.painter.compile: off): %s", why
        )
