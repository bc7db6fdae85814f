"""Benchmarks in their published schemas, and what is not as published."""

import json
import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from stark_udfs.core.errors import InputError
from stark_udfs.ultron.retrieval.datasets.locomo import locomo
from stark_udfs.ultron.retrieval.datasets.mmdialog import mmdialog
from stark_udfs.ultron.retrieval.datasets.pairs import pairs, without_twins
from stark_udfs.ultron.retrieval.datasets.photochat import photochat, photochat_plus, share_turns
from stark_udfs.ultron.retrieval.datasets.sessions import benchmark_of


def turn(user: int, message: str = "", *, share: bool = False) -> dict[str, Any]:
    return {"share_photo": share, "user_id": user, "message": message}


CHAT = {
    "dialogue": [
        turn(0, "hi"), turn(1, "hello"), turn(0, "we ate cake"), turn(1, "nice"), turn(0, "yes"), turn(0, share=True),
        turn(1, "wow"),
    ],
    "dialogue_id": 7,
    "photo_description": "Objects in the photo: Cake, Table",
    "photo_url": "https://example.org/1.jpg",
    "photo_id": "test/abc",
}  # fmt: skip


def saved(folder: Path, value: object, name: str = "data.json") -> Path:
    (folder / name).write_text(json.dumps(value))
    return folder / name


def describe_photochat():
    def it_asks_with_all_turns_before_the_first_photo(tmp_path: Path):
        found = photochat(saved(tmp_path, [CHAT, {**CHAT, "dialogue_id": 8}]), split="test")
        assert [turn.text for turn in found.queries[0].context] == ["hi", "hello", "we ate cake", "nice", "yes"]
        assert [candidate.image_id for candidate in found.candidates] == ["7", "8"]
        assert found.name == "PhotoChat"

    def it_has_paces_context_under_another_name(tmp_path: Path):
        found = photochat(saved(tmp_path, [CHAT]), split="test", context="pace")
        assert [turn.text for turn in found.queries[0].context] == ["we ate cake", "yes"]
        assert found.name != "PhotoChat"

    def it_counts_pictures_that_are_missing(tmp_path: Path):
        Image.new("RGB", (40, 40)).save(tmp_path / "abc.jpg")
        data = saved(tmp_path, [CHAT, {**CHAT, "dialogue_id": 8, "photo_id": "test/gone"}])
        found = photochat(data, split="test", pictures=tmp_path)
        assert [candidate.path is not None for candidate in found.candidates] == [True, False]
        assert any("1 of 2 pictures are missing" in note for note in found.notes)

    def it_leaves_the_folder_of_pictures_for_nobody(tmp_path: Path):
        (tmp_path / "pictures").mkdir()
        Image.new("RGB", (40, 40)).save(tmp_path / "secret.jpg")
        data = saved(tmp_path, [{**CHAT, "photo_id": ".."}])
        assert photochat(data, split="test", pictures=tmp_path / "pictures").candidates[0].path is None

    @pytest.mark.parametrize(
        ("wrong", "says"),
        [
            ([{**CHAT, "dialogue": [{"user_id": 0, "message": "hi"}]}], "share_photo"),
            ([{"turns": []}], "dialogue"),
            ({"a": 1}, "list"),
            ([{**CHAT, "photo_id": None}], "photo_id"),
            ([{**CHAT, "dialogue": [turn(0, "hi")]}], "no dialogue"),
        ],
    )
    def it_says_what_is_not_as_published(wrong: object, says: str, tmp_path: Path):
        with pytest.raises(InputError, match=says):
            photochat(saved(tmp_path, wrong), split="test")

    def it_gives_every_turn_as_a_decision(tmp_path: Path):
        assert [turn.shares for turn in share_turns(saved(tmp_path, [CHAT]))] == [False] * 4 + [True]

    def it_reads_the_descriptions_of_photochat_plus(tmp_path: Path):
        rows = [{**CHAT, "description": "A cake on a table"}, {**CHAT, "dialogue_id": 8}]
        found = photochat_plus(saved(tmp_path, rows))
        assert [candidate.caption for candidate in found.candidates] == ["A cake on a table", CHAT["photo_description"]]
        assert any("1 have no `description`" in note for note in found.notes)


def mm_record(negatives: int = 3) -> dict[str, Any]:
    said = [{"turn": [{"__TEXT__": "look"}, {"__MEDIA__": "one"}]}, {"turn": [{"__MEDIA__": "two"}]}]
    keys = [f"n{at}" for at in range(negatives)]
    return {"conversation_id": "c", "conversation": said, "negative_candidate_media_keys": keys}


def describe_mmdialog():
    def it_gives_each_query_its_image_and_its_negatives(tmp_path: Path):
        saved(tmp_path, [mm_record()], "conversations.json")
        found = mmdialog(tmp_path, split="test", negatives=3, captions={"one": "A cake"})
        assert [query.pool for query in found.queries] == [("one", "n0", "n1", "n2"), ("two", "n0", "n1", "n2")]
        assert found.candidates[0].caption == "A cake"
        assert any("5 of 5 pictures are missing" in note for note in found.notes)

    def it_reads_one_record_a_line_as_well(tmp_path: Path):
        (tmp_path / "conversations.json").write_text("\n".join(json.dumps(mm_record()) for _ in range(2)))
        assert len(mmdialog(tmp_path, split="test", negatives=3).queries) == 4

    def it_refuses_a_record_without_999_negatives(tmp_path: Path):
        saved(tmp_path, [mm_record()], "conversations.json")
        with pytest.raises(InputError, match="3 negative_candidate_media_keys, not 999"):
            mmdialog(tmp_path, split="test")


def describe_locomo():
    SAID = [
        {"speaker": "A", "text": "hello", "dia_id": "D1:1"},
        {"speaker": "B", "text": "see", "dia_id": "D1:2", "blip_caption": "a photo of a dog", "img_url": ["https://x"]},
        {"speaker": "A", "text": "oh", "dia_id": "D1:3", "img_url": ["https://y"]},
    ]
    DAY = "1:56 pm on 8 May, 2023"

    def it_reads_the_published_file_and_one_file_a_conversation(tmp_path: Path):
        published = [
            {"sample_id": "conv-1", "conversation": {"speaker_a": "A", "session_1_date_time": DAY, "session_1": SAID}}
        ]
        whole = locomo(saved(tmp_path, published, "locomo10.json"))
        alone = tmp_path / "alone"
        alone.mkdir()
        saved(alone, {"sessions": [{"number": 1, "date_time": DAY, "turns": SAID}]}, "1.json")
        for found in (whole, locomo(alone)):
            (query,) = found.queries
            assert [turn.text for turn in query.context] == ["hello", "see"]
            assert query.on == date(2023, 5, 8)
            assert query.speaker == "B"
            assert any("1 shared images have no caption" in note for note in found.notes)

    def it_says_what_is_not_locomo(tmp_path: Path):
        with pytest.raises(InputError, match="neither `sessions` nor `session_1`"):
            locomo(saved(tmp_path, {"dialogue": []}))

    def it_reads_the_real_conversations():
        folder = Path(os.environ.get("STARK_LOCOMO", "/nowhere"))
        if not folder.is_dir():
            pytest.skip("LoCoMo is not here: name its folder in STARK_LOCOMO; it is never shipped")
        found = locomo(folder)
        assert len(found.queries) == len(found.candidates) > 100


def describe_pairs():
    ROW = {"id": "p1", "turns": [{"speaker": "A", "text": "hi"}, {"speaker": "B", "text": "see"}], "caption": "A dog"}

    def it_reads_a_line_a_pair(tmp_path: Path):
        (tmp_path / "pairs.jsonl").write_text(json.dumps(ROW) + "\n\n")
        found = pairs(tmp_path / "pairs.jsonl")
        assert found.queries[0].context[-1].text == "see"
        assert found.candidates[0].caption == "A dog"

    @pytest.mark.parametrize("wrong", [{"turns": []}, {"caption": " "}, {"id": None}, {"turns": ROW["turns"] * 30}])
    def it_names_a_line_that_is_none(wrong: dict[str, Any], tmp_path: Path):
        (tmp_path / "pairs.jsonl").write_text(json.dumps({**ROW, **wrong}))
        with pytest.raises(InputError, match=r"pairs\.jsonl"):
            pairs(tmp_path / "pairs.jsonl")

    def it_leaves_out_twins_and_dialogues_that_hold_their_caption():
        rows = [ROW, {**ROW, "id": "p2", "caption": "a dog."}, {**ROW, "id": "p3", "caption": "hi"}]
        assert [row["id"] for row in without_twins(rows, Path("x"))] == ["p1"]


def describe_sessions():
    def it_asks_for_an_image_that_is_shared_again_once_more_and_keeps_it_once():
        image = {"image_id": "i", "description": "A dog"}
        turns = [
            {"turn": 1, "speaker": "Ana", "text": "look", "images": []},
            {"turn": 2, "speaker": "Ana", "text": "", "images": [image]},
            {"turn": 3, "speaker": "Ana", "text": "again", "images": [image]},
        ]
        row = {
            "episode_id": "e",
            "session_number": 1,
            "session_date": date(2024, 1, 1),
            "turns": turns,
            "demographic_id": "d",
        }
        found = benchmark_of([row], "test")
        assert [len(query.context) for query in found.queries] == [1, 2]
        assert len(found.candidates) == 1
