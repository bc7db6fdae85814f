import json
from datetime import date

import pytest

from stark_udfs.core.errors import InputError
from stark_udfs.core.image_words import image_words, read_turn
from stark_udfs.settings.ultron import InstructionSettings
from stark_udfs.ultron.retriever import AlbumRetriever, FoundImage
from stark_udfs.ultron.samples import Sample, of_dialogue, of_instruction
from stark_udfs.ultron.training.dataset import with_instructions

ROW = {
    "sample_id": "s",
    "name": "Hana Mori",
    "session_date": date(2024, 2, 1),
    "interval": "2 weeks",
    "memory": "Hana flies kites.",
    "face": "faces/1.png",
    "context": [
        {
            "speaker": "Hana Mori",
            "text": "Look:",
            "images": [{"image_id": "1", "description": "a kite", "path": "k.png"}],
        },
        {"speaker": "AI Assistant", "text": "Lovely.", "images": []},
    ],
    "speaker": "Hana Mori",
    "target": "Thanks!",
}


def describe_a_dialogue():
    def it_tells_earlier_images_in_words():
        sample = of_dialogue(ROW)
        assert sample.lines[0].text == "Hana Mori: Look: <RET> <h> a kite </h>"
        assert sample.images() == ["faces/1.png"]
        assert "Today is 2024-02-01, 2 weeks after" in sample.head
        assert "Hana flies kites." in sample.head

    def it_tells_earlier_images_as_pixels():
        sample = of_dialogue(ROW, earlier_images="pixels", face=False)
        assert sample.images() == ["k.png"]
        assert [part["type"] for part in sample.messages()[0]["content"]] == ["text", "image", "text"]

    def it_drops_the_oldest_lines_first():
        assert [line.text for line in of_dialogue(ROW).shortened(1).lines] == ["AI Assistant: Lovely."]


def describe_a_turn_of_a_model():
    def it_reads_back_what_is_written():
        assert read_turn(f"Look! {image_words('a red kite')}") == ("Look!", ("a red kite",))

    def it_takes_a_description_that_was_cut_off():
        assert read_turn("<RET> <h> a red ki") == ("", ("a red ki",))

    def it_bounds_what_a_model_says():
        text, images = read_turn("a" * 10_000 + "<RET> <h> b </h>" * 50)
        assert (len(text), len(images)) == (4000, 5)


def describe_an_instruction_set():
    def it_is_mixed_in_by_share(tmp_path):
        turns = [{"from": "human", "value": "<image>\nWhat is it?"}, {"from": "gpt", "value": "A kite."}]
        (tmp_path / "mix.json").write_text(json.dumps([{"id": "1", "image": "k.png", "conversations": turns}]))
        ours = [Sample(str(n), "", None, (), "", "x") for n in range(80)]
        settings = InstructionSettings(file=str(tmp_path / "mix.json"), images="pictures", share=0.2)
        mixed = list(with_instructions(ours, settings, seed=1))
        theirs = [sample for sample in mixed if sample.target == "A kite."]
        assert len(theirs) / len(mixed) == pytest.approx(0.2, abs=0.01)
        assert theirs[0].image == "pictures/k.png"
        assert theirs[0].tail == "What is it?"

    def it_says_what_is_wrong_with_a_file(tmp_path):
        (tmp_path / "mix.json").write_text("[]")
        settings = InstructionSettings(file=str(tmp_path / "mix.json"))
        with pytest.raises(InputError, match="holds no answer"):
            list(with_instructions([Sample("1", "", None, (), "", "x")], settings, seed=1))

    def it_passes_over_records_of_another_form():
        assert list(of_instruction({"conversations": "no"}, None)) == []


def describe_the_album():
    def it_ranks_by_rare_words():
        album = [FoundImage("1", "a dog on the beach", None), FoundImage("2", "a red kite on the beach", "2.png")]
        assert [image.image_id for image in AlbumRetriever(album).search("the kite", 2)] == ["2", "1"]

    def it_finds_nothing_where_no_word_fits():
        assert AlbumRetriever([FoundImage("1", "a dog", None)]).search("kites", 1) == []
