import io
import time

import imagehash
import numpy as np
import pytest
from PIL import Image

from stark_udfs.demo.drawings.avatar import avatar
from stark_udfs.demo.drawings.colours import HAIR, SKIN
from stark_udfs.demo.drawings.pen import rgb
from stark_udfs.images.appearance import FixedTraits
from stark_udfs.images.decode import Picture
from stark_udfs.images.wardrobe import Clothing, pool

ANA = FixedTraits(
    hair_style="straight",
    hair_colour="auburn",
    hair_length="long",
    hair="long straight auburn hair",
    build="average",
    face_shape="oval",
    eye_colour="green",
    glasses=None,
    facial_hair=None,
    feature=None,
    tone=2,
    likeness=7,
)
CLOTHES = Clothing(
    worn=(), colour="teal", pattern="plain", collar="a crew neck", coat_colour=None, hat=None, small=None, accent="red"
)


def pixels(picture: Picture) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(picture.data))).astype(int)


def share_of(picture: Picture, colour: str) -> float:
    return float((np.abs(pixels(picture) - rgb(colour)).sum(axis=2) < 12).mean())


def difference(first: Picture, second: Picture) -> float:
    return float(np.abs(pixels(first) - pixels(second)).mean())


def like(**changed: object) -> FixedTraits:
    return ANA.model_copy(update=changed)


def describe_avatar():
    def it_is_the_same_each_time():
        assert avatar(ANA, 30, 1, CLOTHES) == avatar(ANA, 30, 1, CLOTHES)

    def it_is_marked_as_a_drawing():
        image = Image.open(io.BytesIO(avatar(ANA, 30, 1).data))
        assert image.size == (512, 512)
        assert image.info["Software"] == "stark offline drawing"

    @pytest.mark.parametrize("colour", ["black", "auburn", "light blond", "white", "teal"])
    def hair_has_its_colour(colour: str):
        assert share_of(avatar(like(hair_colour=colour), 30, 1, CLOTHES), HAIR[colour]) > 0.02

    @pytest.mark.parametrize("tone", range(8))
    def skin_has_its_tone(tone: int):
        assert share_of(avatar(like(tone=tone), 30, 1, CLOTHES), SKIN[tone]) > 0.06

    @pytest.mark.parametrize(
        "changed",
        [
            {"hair_length": "chin-length"},
            {"hair_style": "curly"},
            {"hair_style": "bun"},
            {"face_shape": "round"},
            {"glasses": "round metal glasses"},
            {"facial_hair": "a full beard"},
            {"feature": "freckles across the nose"},
            {"eye_colour": "blue"},
            {"build": "stocky"},
            {"likeness": 8},
            {"feature": "dimples"},
            {"feature": "a cleft chin"},
        ],
    )
    def every_trait_shows(changed: dict[str, object]):
        assert difference(avatar(ANA, 30, 1, CLOTHES), avatar(like(**changed), 30, 1, CLOTHES)) > 0

    def age_shows():
        assert difference(avatar(ANA, 30, 1, CLOTHES), avatar(ANA, 70, 1, CLOTHES)) > 0

    @pytest.mark.parametrize(
        "worn",
        [
            {"coat_colour": "navy"},
            {"small": "scarf"},
            {"small": "headscarf"},
            {"small": "tie"},
            {"small": "headband"},
            {"small": "veil"},
        ]
        + [
            {"hat": hat}
            for hat in ("beanie", "baseball cap", "bucket hat", "sun hat", "beret", "fedora", "flat cap", "visor")
        ]
        + [
            {"pattern": kind}
            for kind in ("striped", "checked", "dotted", "floral", "ribbed", "colour-blocked", "geometric")
        ]
        + [{"collar": "a turtleneck"}, {"collar": "a V-neck"}],
    )
    def clothing_shows(worn: dict[str, object]):
        dressed = CLOTHES.model_copy(update=worn)
        assert difference(avatar(ANA, 30, 1, CLOTHES), avatar(ANA, 30, 1, dressed)) > 0.1

    def every_style_of_the_pool_is_drawn():
        seen = set()
        for style in pool().hair.styles:
            for length in style.lengths:
                seen.add(avatar(like(hair_style=style.name, hair_length=length), 40, 1, CLOTHES).sha256)
        assert len(seen) >= len(pool().hair.styles)

    def words_that_it_does_not_know_do_no_harm():
        odd = like(
            hair_style="mohawk", hair_colour="plaid", face_shape="?", eye_colour="?", glasses="monocle", build="?"
        )
        strange = CLOTHES.model_copy(
            update={"colour": "?", "accent": "?", "pattern": "?", "hat": "crown", "coat_colour": "?"}
        )
        assert avatar(odd, 200, -1, strange).width == 512

    def the_same_person_is_nearer_to_themselves_than_to_others():
        people = [
            like(tone=n % 8, hair_colour=list(HAIR)[n], likeness=n, hair_style=style) for n, style in enumerate(STYLES)
        ]
        hashes = [[imagehash.colorhash(face(person, seed), binbits=4) for seed in range(4)] for person in people]
        own = [a - b for row in hashes for a in row for b in row]
        others = [a - b for n, row in enumerate(hashes) for other in hashes[n + 1 :] for a in row for b in other]
        assert np.mean(own) < np.mean(others) / 3

    @pytest.mark.parametrize("age", [0, 14, 17])
    def nobody_under_age_is_drawn(age: int):
        with pytest.raises(ValueError, match="under 18"):
            avatar(ANA, age, 1)

    def twenty_a_second_are_drawn():
        began = time.process_time()
        for seed in range(10):
            avatar(ANA, 30, seed, CLOTHES)
        assert (time.process_time() - began) / 10 < 0.05


STYLES = ("straight", "wavy", "curly", "coily", "bun", "braids", "ponytail", "fringed")


def face(person: FixedTraits, seed: int) -> Image.Image:
    return Image.open(io.BytesIO(avatar(person, 30, seed).data)).crop((140, 80, 372, 340))
