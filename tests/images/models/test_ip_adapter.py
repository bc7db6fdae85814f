import dataclasses
from pathlib import Path

import numpy as np
import pytest

from stark_udfs.core.errors import SettingsError
from stark_udfs.images.models.ip_adapter import IpAdapterSpec
from stark_udfs.images.models.sdxl import SdxlBase
from stark_udfs.images.models.weights import WeightFile
from stark_udfs.images.protocols import Painting, Unpaintable, loaded
from tests.images import tiny

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of diffusers itself

PLAIN, PLUS = "sdxl_models/ip-adapter_sdxl.safetensors", "sdxl_models/ip-adapter-plus-face_sdxl.safetensors"
FACES = [tiny.picture(seed) for seed in range(6)]
ROWS = [Painting(str(at), "a woman reading", at, 64, 64, "ugly", faces=(FACES[at],)) for at in range(4)]


def changes(one: np.ndarray, other: np.ndarray) -> list[float]:
    return [float(np.abs(a.astype(int) - b).mean()) for a, b in zip(one, other, strict=True)]


def spec_of(models: Path, file: str = PLUS, guidance: float = 5.0, scale: float = 1.0) -> IpAdapterSpec:
    weights = WeightFile(str(models / "ip_adapter"), file)
    return IpAdapterSpec(SdxlBase(str(models / "sdxl")), weights, steps=3, guidance=guidance, scale=scale)


def describe_who_is_shown():
    @pytest.mark.parametrize("file", [PLAIN, PLUS])
    @pytest.mark.parametrize("guidance", [5.0, 0.0])
    def it_changes_the_row_whose_face_changes_and_no_other(models: Path, file: str, guidance: float):
        painter = loaded(spec_of(models, file, guidance))
        other_face = [*ROWS[:1], dataclasses.replace(ROWS[1], faces=(FACES[5],)), *ROWS[2:]]
        moved = changes(painter.paint(ROWS), painter.paint(other_face))
        assert moved[1] > 2
        assert [moved[at] for at in (0, 2, 3)] == [0, 0, 0]

    def it_looks_at_every_face_of_a_person(models: Path):
        painter = loaded(spec_of(models))
        two = [dataclasses.replace(row, faces=(row.faces[0], FACES[4])) for row in ROWS]
        other = [*two[:3], dataclasses.replace(two[3], faces=(FACES[3], FACES[5]))]
        moved = changes(painter.paint(two), painter.paint(other))
        assert moved[3] > 2
        assert moved[:3] == [0, 0, 0]

    def it_shows_nobody_at_scale_zero(models: Path):
        painter = loaded(spec_of(models, scale=0.0))
        other = [dataclasses.replace(row, faces=(FACES[5],)) for row in ROWS]
        assert (painter.paint(ROWS) == painter.paint(other)).all()

    def it_needs_a_face(models: Path):
        with pytest.raises(Unpaintable, match="no face"):
            loaded(spec_of(models)).paint([dataclasses.replace(ROWS[0], faces=())])

    def it_refuses_a_scale_that_is_none(models: Path):
        with pytest.raises(SettingsError, match="scale"):
            spec_of(models, scale=1.5)
