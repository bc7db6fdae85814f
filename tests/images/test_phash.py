import io

import imagehash
import numpy as np
import pytest
from PIL import Image, ImageEnhance

from stark_udfs.demo.drawings.catalogue import DemoCatalogue
from stark_udfs.images.phash import phash


def bits(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()


def drawn(number: int) -> Image.Image:
    return Image.open(io.BytesIO(DemoCatalogue().picture(f"scene-{number:03d}").data))


def describe_phash():
    @pytest.mark.parametrize("number", range(0, 160, 20))
    def it_is_the_hash_that_others_compute(number: int):
        image = drawn(number)
        assert phash(np.array(image)) == str(imagehash.phash(image))

    @pytest.mark.parametrize("number", range(0, 160, 40))
    def it_hardly_changes_with_size_brightness_and_format(number: int):
        image = drawn(number)
        jpeg = io.BytesIO()
        image.save(jpeg, "JPEG", quality=60)
        changed = [image.resize((320, 200)), ImageEnhance.Brightness(image).enhance(0.8), Image.open(jpeg)]
        assert max(bits(phash(np.array(image)), phash(np.array(other))) for other in changed) <= 6

    def it_tells_pictures_apart():
        hashes = [phash(np.array(drawn(number))) for number in range(0, 160, 8)]
        apart = [bits(a, b) for at, a in enumerate(hashes) for b in hashes[:at]]
        assert np.mean(apart) > 20
        assert np.mean([distance <= 6 for distance in apart]) < 0.05

    def plain_pictures_are_alike():
        assert phash(np.full((40, 60, 3), 7, np.uint8)) == phash(np.full((300, 30, 3), 200, np.uint8))
        assert len(phash(np.zeros((40, 60, 3), np.uint8))) == 16
