"""Where weights come from and where they go: files of a folder or a hub repository, a device, a precision."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol

from stark_udfs.core.errors import SettingsError, said
from stark_udfs.images.models.devices import OWN, cuda_device
from stark_udfs.images.protocols import DeviceLost, OutOfMemory
from stark_udfs.settings.image_models import WeightFileSettings

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

Half = Literal["float16", "bfloat16"]
Precision = Literal["float16", "bfloat16", "float32"]


@dataclass(frozen=True)
class WeightFile:
    """One file of a repository: `repository` is a local folder, or an id on the Hugging Face hub."""

    kind: ClassVar[str] = "WeightFile"  # in the keys of orders: stays when the class is renamed

    repository: str
    name: str  # with its folders, as "sdxl_models/ip-adapter.safetensors"
    revision: str | None = None

    @classmethod
    def of(cls, settings: WeightFileSettings) -> "WeightFile":
        """The file that settings name."""
        return cls(settings.repository, settings.name, settings.revision)

    def path(self) -> Path:
        """The file on this machine, downloaded if it is not there yet.

        Raises:
            SettingsError: the repository is a local folder without that file, or the hub does not give it.
        """
        folder = Path(self.repository)
        if folder.is_dir():
            if not (folder / self.name).is_file():
                raise SettingsError(f"{folder} has no file {self.name}.")
            return folder / self.name
        from huggingface_hub import hf_hub_download

        try:
            return Path(hf_hub_download(self.repository, self.name, revision=self.revision))
        except (OSError, ValueError) as error:
            raise SettingsError(
                f"{self.repository}: {self.name} was not to be had: {_first_line(error)} A local folder with the file "
                "may be named in its place."
            ) from error


def read_tensors(path: Path) -> "dict[str, torch.Tensor]":
    """The tensors of a safetensors file, on the CPU."""
    from safetensors.torch import load_file

    tensors: dict[str, torch.Tensor] = load_file(path)
    return tensors


def device_of(wanted: str | None) -> str:
    """`wanted`, or the GPU of this process where there is one, else "cpu"."""
    import torch

    if wanted:
        return wanted
    return cuda_device(OWN.number, torch.cuda.device_count()) if torch.cuda.is_available() else "cpu"


def precision_on(device: str, half: Precision) -> "torch.dtype":
    """The precision on an accelerator; 32 bits on a CPU, which computes halves slower."""
    import torch

    if device == "cpu" or half == "float32":
        return torch.float32
    return torch.float16 if half == "float16" else torch.bfloat16


class Checkpoints(Protocol):
    """The classes of transformers, as far as they load checkpoints."""

    def from_pretrained(self, model: str, **options: object) -> "tuple[PreTrainedModel, dict[str, list[str]]]":
        """The model and what its files lack, where `output_loading_info` is set."""
        ...


def whole(models: Checkpoints, model: str, **options: object) -> "PreTrainedModel":
    """A model of transformers, ready to be asked.

    Raises:
        SettingsError: its files lack weights; transformers alone would go on with random ones.
    """
    from transformers.utils import logging

    logging.disable_progress_bar()
    made, info = models.from_pretrained(model, output_loading_info=True, **options)
    lacking = sorted(info["missing_keys"])
    if lacking:
        raise SettingsError(f"{model} lacks {len(lacking)} weights of {type(made).__name__}, as {lacking[0]}.")
    return made.eval()


@contextmanager
def loading(model: str, what: str = "such") -> Iterator[None]:
    """Say in the settings' terms why a model's files cannot be loaded; `what` says which kind of model is wanted.

    Raises:
        SettingsError: there is no such model, the hub is not reached, or the files are damaged, of another kind, or no
            safetensors.
    """
    try:
        yield
    except (OSError, ValueError, AttributeError) as error:
        said = " ".join(str(error).split())[:300]
        if _unreachable(error) or "couldn't connect" in said:
            why = f"it is no folder here, and the hub was not reached ({said})"
        elif "Unable to load weights" in said:
            why = f"a file of its weights is damaged ({said})"
        elif "pickle" in said or ("safetensors" in said and "no file" in said):
            why = f"it has no safetensors files, and pickled weights are not read ({said})"
        else:
            why = f"there is no {what} model of that kind: {said}"
        raise SettingsError(f"model {model} cannot be loaded: {why}") from error


def _unreachable(error: BaseException | None) -> bool:
    """Whether the hub was asked in vain, which its callers may tell as a file that a repository lacks."""
    from huggingface_hub.errors import LocalEntryNotFoundError, OfflineModeIsEnabled

    while error is not None:
        if isinstance(error, LocalEntryNotFoundError | OfflineModeIsEnabled):
            return True
        error = error.__cause__ or error.__context__
    return False


@contextmanager
def device_errors() -> Iterator[None]:
    """Turn what torch raises for a device into errors of this package; a full device is emptied of the failed call."""
    import torch

    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as error:
        traceback.clear_frames(error.__traceback__)  # they hold the tensors of the call
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        raise OutOfMemory(f"the batch does not fit: {_first_line(error)}") from error
    except torch.AcceleratorError as error:
        raise DeviceLost(
            f"the device failed: {_first_line(error)}. The task has to start again in a new worker."
        ) from error


def _first_line(error: BaseException) -> str:
    return said(error).splitlines()[0][:300]
