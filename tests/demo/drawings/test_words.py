import pytest

from stark_udfs.demo.drawings.colours import CLOTH
from stark_udfs.demo.drawings.places import PLACES
from stark_udfs.demo.drawings.words import LIGHT_OF, PLACE_OF, THING_OF, THINGS, scene_of


def names(description: str) -> list[str]:
    return [named.name for named in scene_of(description).things]


def describe_vocabulary():
    def it_has_things_enough():
        assert len(THINGS) >= 60
        assert len(THING_OF) >= 300

    def every_word_leads_somewhere():
        assert set(THING_OF.values()) <= set(THINGS)
        assert set(PLACE_OF.values()) <= set(PLACES)
        assert set(LIGHT_OF.values()) <= {"night", "sunset", "rain", "snow"}


def describe_scene_of():
    @pytest.mark.parametrize(
        ("description", "things"),
        {
            "A cup of coffee and a croissant": ["cup", "bread"],
            "Two puppies with a ball": ["dog", "ball"],
            "ice cream at the beach": ["ice cream"],
            "Pine trees": ["pine"],
            "a glass of wine": ["wine"],
            "an orange cat": ["cat"],
            "an orange": ["orange"],
            "a bowl of oranges": ["orange"],
            "a stack of novels": ["book"],
            "Strawberries, tomatoes, leaves": ["berries", "vegetables", "leaf"],
            "": [],
            "nothing in particular": [],
            "猫と犬": [],
        }.items(),
    )
    def it_finds_things_in_their_order(description: str, things: list[str]):
        assert names(description) == things

    @pytest.mark.parametrize(
        "word",
        [
            "child",
            "children",
            "kid",
            "baby",
            "toddler",
            "girl",
            "boy",
            "teenager",
            "pupil",
            "student",
            "son",
            "daughter",
        ],
    )
    def it_draws_nobody_who_may_be_a_child(word: str):
        assert names(f"my {word} and another {word}s") == []

    def it_takes_four_at_most():
        assert len(names("cat dog bird fish horse rabbit duck")) == 4

    def it_hears_colours_and_plurals():
        bike, cats = scene_of("a red bicycle and two black cats").things
        assert (bike.tint, bike.several) == (CLOTH["red"], False)
        assert (cats.tint, cats.several) == (CLOTH["black"], True)

    @pytest.mark.parametrize(
        ("description", "place", "light"),
        [
            ("a walk on the beach at sunset", "beach", "sunset"),
            ("a table in a restaurant", "cafe", "day"),
            ("city street on a rainy night", "street", "rain"),
            ("a cat", None, "day"),
        ],
    )
    def it_hears_place_and_light(description: str, place: str | None, light: str):
        scene = scene_of(description)
        assert (scene.place, scene.light) == (place, light)

    def it_reads_so_much_and_no_more():
        assert names("word " * 1_000_000 + "cat") == []
