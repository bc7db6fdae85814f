from pathlib import Path

import pytest

from stark_udfs.core.errors import SettingsError
from stark_udfs.images.models.detector import DetectorSpec
from stark_udfs.images.protocols import loaded
from tests.images import tiny

PICTURES = [tiny.picture(1), tiny.picture(2, side=96)]


def describe_detector():
    def it_finds_boxes_inside_the_picture_largest_first(models: Path):
        found = loaded(DetectorSpec(str(models / "detector"), least=0.2)).find(PICTURES)
        assert len(found) == 2
        assert sum(map(len, found)) > 2
        for picture, boxes in zip(PICTURES, found, strict=True):
            assert [box.area for box in boxes] == sorted((box.area for box in boxes), reverse=True)
            assert all(0 <= box.left <= box.right <= picture.shape[1] for box in boxes)
            assert all(0 <= box.top <= box.bottom <= picture.shape[0] for box in boxes)
            assert all(0.2 < box.score <= 1 for box in boxes)

    def it_keeps_what_is_sure_enough_and_of_its_class(models: Path):
        folder = str(models / "detector")
        some, sure, hands = (
            sum(map(len, loaded(spec).find(PICTURES)))
            for spec in (
                DetectorSpec(folder, least=0.2),
                DetectorSpec(folder, least=0.7),
                DetectorSpec(folder, least=0.2, label="hand"),
            )
        )
        assert some > sure
        assert hands != some

    def it_refuses_a_detector_without_the_class(models: Path):
        with pytest.raises(SettingsError, match="no class 'nose'"):
            DetectorSpec(str(models / "detector"), label="nose").load()
