"""An adapter is copied to a place that outlives the disk on which it was trained."""

from pathlib import Path

import pytest

from stark_udfs.cli.ultron.train import copied
from stark_udfs.core.errors import StorageError


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    folder = tmp_path / "dialogue" / "training-dialogue-1" / "adapter"
    (folder / "sub").mkdir(parents=True)
    (folder / "stark.json").write_text("{}")
    (folder / "sub" / "weights.safetensors").write_bytes(b"\0" * 10)
    return folder


def describe_copied():
    def it_keeps_the_files_under_the_training_s_name(adapter: Path, tmp_path: Path):
        place = copied(adapter, str(tmp_path / "volume"))
        assert place == f"{tmp_path}/volume/training-dialogue-1"
        assert (Path(place) / "sub" / "weights.safetensors").read_bytes() == b"\0" * 10
        assert (Path(place) / "stark.json").is_file()

    def it_says_where_the_adapter_is_when_the_place_cannot_be_written(adapter: Path, tmp_path: Path):
        (tmp_path / "file").write_text("")
        with pytest.raises(StorageError, match=r"The adapter is in .*training-dialogue-1"):
            copied(adapter, str(tmp_path / "file"))
