import pytest

from stark_udfs.images.models.photomaker.trigger import Frame, take_out_trigger, without_person, without_trigger
from stark_udfs.images.protocols import Unpaintable

START, END, PAD, IMG = 90, 91, 0, 99
FRAME = Frame(START, END, PAD, length=8)


def describe_frame():
    def it_fills_up_to_its_length():
        assert FRAME.around([1, 2]) == (START, 1, 2, END, PAD, PAD, PAD, PAD)

    def it_cuts_words_and_keeps_the_end():
        assert FRAME.around(range(1, 20)) == (START, 1, 2, 3, 4, 5, 6, END)


def describe_take_out_trigger():
    def it_takes_the_trigger_out():
        assert take_out_trigger([1, 2, IMG, 3], IMG, 1, FRAME).plain == (START, 1, 2, 3, END, PAD, PAD, PAD)

    def it_gives_each_face_a_class_word():
        prompt = take_out_trigger([1, 2, IMG, 3], IMG, 3, FRAME)
        assert prompt.repeated == (START, 1, 2, 2, 2, 3, END, PAD)
        assert prompt.places == (2, 3, 4)
        assert {prompt.repeated[place] for place in prompt.places} == {2}

    def it_keeps_one_face_at_the_last_place_that_is_read():
        prompt = take_out_trigger([1, 2, 3, 4, 5, 6, IMG, 7], IMG, 1, FRAME)
        assert prompt.repeated[prompt.places[0]] == 6

    @pytest.mark.parametrize(
        ("words", "faces", "why"),
        [
            ([1, 2], 1, "0 times"),
            ([1, IMG, 2, IMG], 1, "2 times"),
            ([IMG, 1], 1, "begins"),
            ([1, IMG], 0, "no face"),
            ([1, 2, 3, 4, 5, 6, 7, IMG], 1, "token 7 of the 6"),
            ([1, 2, 3, 4, 5, IMG], 3, "token 7 of the 6"),
        ],
    )
    def it_refuses_what_cannot_show_the_person(words: list[int], faces: int, why: str):
        with pytest.raises(Unpaintable, match=why):
            take_out_trigger(words, IMG, faces, FRAME)


def describe_without_trigger():
    @pytest.mark.parametrize(
        ("prompt", "plain"),
        [
            ("a photo of a woman img, reading", "a photo of a woman, reading"),
            ("a man img img at sea", "a man at sea"),
            ("img", ""),
            ("imgur on a screen", "imgur on a screen"),
            ("a red house", "a red house"),
        ],
    )
    def it_leaves_a_sentence(prompt: str, plain: str):
        assert without_trigger(prompt) == plain


def describe_without_person():
    @pytest.mark.parametrize(
        ("prompt", "rest"),
        [
            ("a photo of a woman img, with her dog", "a photo of a , with her dog"),
            ("a man img and another man", "a  and another man"),
            ("a red house", "a red house"),
        ],
    )
    def it_leaves_what_else_is_there(prompt: str, rest: str):
        assert without_person(prompt) == rest
