from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from stark_udfs.images.likeness import FaceCount, Likeness, NotCompared, Portrait, count_faces, cut_to_face, likenesses
from stark_udfs.images.protocols import Box, Pixels, Vectors


@dataclass(frozen=True)
class MeanColour:
    """An embedder for which pictures are alike that have one colour."""

    dims: int = 3

    def embed_pictures(self, pictures: Sequence[Pixels]) -> Vectors:
        means = np.array([picture.reshape(-1, 3).mean(axis=0) for picture in pictures], np.float32) - 127
        return means / np.linalg.norm(means, axis=1, keepdims=True)

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        raise NotImplementedError


@dataclass(frozen=True)
class Corner:
    """A finder that sees one face in the top left quarter of every picture that is not black."""

    def find(self, pictures: Sequence[Pixels]) -> list[list[Box]]:
        return [
            [Box(0, 0, picture.shape[1] // 2, picture.shape[0] // 2, 0.9)] if picture.any() else []
            for picture in pictures
        ]


RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def of(colour: tuple[int, int, int], side: int = 16) -> Pixels:
    return np.full((side, side, 3), colour, np.uint8)


def describe_likenesses():
    def it_is_high_for_those_who_look_like_themselves():
        colours = zip("abc", (RED, GREEN, BLUE), strict=True)
        people = [Portrait(name, "f 30-40", of(colour), (of(colour), of(colour))) for name, colour in colours]
        results = likenesses(people, MeanColour())
        assert [result.person for result in results] == ["a", "b", "c"]
        assert all(isinstance(r, Likeness) and r.margin > 1 and r.compared == 2 for r in results)
        assert results[0].own == pytest.approx(1)

    def it_is_negative_for_those_who_look_like_another():
        people = [Portrait("a", "f", of(RED), (of(GREEN),)), Portrait("b", "f", of(GREEN), (of(GREEN),))]
        first, second = likenesses(people, MeanColour())
        assert first.margin < 0 < second.margin

    def it_compares_within_the_group_alone():
        people = [Portrait("a", "f", of(RED), (of(RED),)), Portrait("b", "m", of(GREEN), (of(GREEN),))]
        assert likenesses(people, MeanColour()) == [
            NotCompared("a", "nobody else in f"),
            NotCompared("b", "nobody else in m"),
        ]

    def it_says_who_has_no_picture():
        people = [Portrait("a", "f", of(RED), ()), Portrait("b", "f", of(GREEN), (of(GREEN),))]
        assert likenesses(people, MeanColour())[0] == NotCompared("a", "no picture")

    def it_draws_the_others_by_name():
        colours = np.random.default_rng(0).integers(0, 256, (20, 3))
        people = [Portrait(str(at), "f", of(tuple(c)), (of(tuple(c)),)) for at, c in enumerate(colours)]
        results = likenesses(people, MeanColour(), others=4)
        assert {result.compared for result in results} == {4}
        turned = {result.person: result for result in likenesses(people[::-1], MeanColour(), others=4)}
        assert all(turned[result.person].margin == pytest.approx(result.margin) for result in results)

    def it_looks_at_the_face_and_not_at_the_scene():
        scene = of(GREEN, 64)
        scene[:32, :32] = RED
        people = [Portrait("a", "f", of(RED), (scene,)), Portrait("b", "f", of(GREEN), (of(GREEN),))]
        whole, cut = (likenesses(people, MeanColour(), finder=finder)[0] for finder in (None, Corner()))
        assert whole.margin < 0 < cut.margin


def describe_count_faces():
    def it_sets_found_against_expected():
        counts = count_faces([of(RED), of((0, 0, 0)), of(RED)], [1, 0, 2], Corner())
        assert counts == [FaceCount(1, 1), FaceCount(0, 0), FaceCount(2, 1)]
        assert [count.agrees for count in counts] == [True, True, False]


def describe_cut_to_face():
    def it_takes_the_largest_with_a_margin():
        picture = np.zeros((100, 100, 3), np.uint8)
        assert cut_to_face(picture, [Box(0, 0, 4, 4, 0.9), Box(40, 40, 60, 80, 0.8)]).shape == (60, 30, 3)

    @pytest.mark.parametrize("boxes", [[], [Box(5, 5, 5, 5, 0.9)]])
    def it_keeps_the_whole_picture_where_there_is_none(boxes: list[Box]):
        assert cut_to_face(of(RED), boxes).shape == (16, 16, 3)
