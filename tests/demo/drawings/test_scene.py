import io
import time

import numpy as np
import pytest
from PIL import Image

from stark_udfs.demo.drawings.colours import SKIN
from stark_udfs.demo.drawings.pen import rgb, sheet
from stark_udfs.demo.drawings.places import PLACES
from stark_udfs.demo.drawings.scene import Portrait, W, scene_card
from stark_udfs.demo.drawings.words import THINGS
from stark_udfs.images.appearance import FixedTraits
from stark_udfs.images.decode import Picture

ANA = FixedTraits(
    hair_style="wavy",
    hair_colour="black",
    hair_length="long",
    hair="long wavy black hair",
    build="slim",
    face_shape="oval",
    eye_colour="brown",
    glasses=None,
    facial_hair=None,
    feature=None,
    tone=4,
    likeness=3,
)


def pixels(picture: Picture) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(picture.data))).astype(int)


def describe_scene_card():
    def it_is_the_same_each_time():
        assert scene_card("a cat on a sofa", 1) == scene_card("a cat on a sofa", 1)

    def it_differs_by_words_and_by_seed():
        cards = [scene_card(*card).sha256 for card in (("a cat", 1), ("a dog", 1), ("a cat", 2))]
        assert len(set(cards)) == 3

    def it_is_marked_as_a_drawing():
        image = Image.open(io.BytesIO(scene_card("a cat", 1).data))
        assert image.size == (640, 480)
        assert image.info["Software"] == "stark offline drawing"

    def it_shows_the_user_where_they_are_in_the_picture():
        alone = pixels(scene_card("a selfie at the beach", 1))
        shown = pixels(scene_card("a selfie at the beach", 1, Portrait(ANA, 30)))
        skin = np.abs(shown - rgb(SKIN[4])).sum(axis=2) < 12
        assert skin.mean() > 0.02
        assert (np.abs(alone - rgb(SKIN[4])).sum(axis=2) < 12).mean() < 0.002

    @pytest.mark.parametrize(
        "text",
        [
            "",
            " ",
            "x" * 100_000,
            "nul \x00 and \x1b[31m escapes",
            "{} %s {0}",
            "猫と犬 🐈",
            "line\nbreaks\n" * 50,
            "\u202e" * 9,
            "\ud800",
        ],
    )
    def no_text_does_harm(text: str):
        assert scene_card(text, 1).width == 640

    def twenty_a_second_are_drawn():
        began = time.process_time()
        for seed in range(10):
            scene_card("rain on a city street with a bus and an umbrella", seed)
        assert (time.process_time() - began) / 10 < 0.05


def describe_every_thing():
    @pytest.mark.parametrize("name", THINGS)
    def it_leaves_ink_inside_its_box(name: str):
        image, pen = sheet(300, 300, "#00ff00")
        THINGS[name].draw(pen.at(0.2, 0.3, 0.3), THINGS[name].tint)
        inked = (np.asarray(image) != (0, 255, 0)).any(axis=2)
        assert inked[180:360, 120:300].mean() > 0.03


def describe_every_place():
    @pytest.mark.parametrize("name", PLACES)
    @pytest.mark.parametrize("light", ["day", "sunset", "night", "rain", "snow"])
    def it_covers_the_sheet(name: str, light: str):
        image, pen = sheet(64, 48, "#00ff00")
        PLACES[name].draw(pen, W, light)
        assert not (np.asarray(image) == (0, 255, 0)).all(axis=2).any()
