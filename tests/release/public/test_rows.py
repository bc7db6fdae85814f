import json
from datetime import date

import pytest

from stark_udfs.core.rejects import Reject, RejectReason
from stark_udfs.release.public.cells import unescaped
from stark_udfs.release.public.rows import ImportedEpisode, read_public_row

ROW = {
    "index": "000123:0a1b2c3d-0000-4000-8000-00000000000f-routine",
    "name": "Ana Lima",
    "age": "34",
    "session1:date": "2022.03.05",
    "session1:event": "Ana buys a pot.",
    "session1:speakers": '["Ana Lima", "AI Assistant", "Ana Lima"]',
    "session1:utterances": '["Look!", "", "caf\\\\u00e9 \\\\ud83c\\\\udf5c"]',
    "session1:image_descriptions": '["", "a pot", ""]',
    "session1:image_sources": '["", "internet", ""]',
    "session1:images_key": '["", ["url:k1", "k2"], ""]',
    "session1:keywords": '["", "pot", ""]',
    "session1:images_module_name": '["", "retrieval", ""]',
    "session6:speakers": "",
    "session6:utterances": None,
}


def read(**changed: object) -> ImportedEpisode:
    found = read_public_row({**ROW, **{name.replace("__", ":"): value for name, value in changed.items()}})
    assert isinstance(found, ImportedEpisode), found
    return found


def refused(**changed: object) -> Reject:
    found = read_public_row({**ROW, **{name.replace("__", ":"): value for name, value in changed.items()}})
    assert isinstance(found, Reject), found
    assert found.reason is RejectReason.WRONG_SHAPE
    return found


def describe_read_public_row():
    def it_reads_ids_texts_and_images():
        episode = read()
        assert episode.episode_id == "0a1b2c3d-0000-4000-8000-00000000000f"
        assert (episode.seed_id, episode.relation, episode.age) == ("000123", "routine", 34)
        (session,) = episode.sessions
        assert session.session_date == date(2022, 3, 5)
        assert [turn.text for turn in session.turns] == ["Look!", "", "café 🍜"]
        (shared,) = session.turns[1].images
        assert (shared.image_id, shared.keywords, shared.reused) == ("k1", ["pot"], False)
        assert [image.key for image in episode.images] == ["url:k1"]

    def it_reads_python_lists_and_lists_that_are_lists():
        texts = ["it's", 'a "pot"', "x"]
        assert [turn.text for turn in read(session1__utterances=str(texts)).sessions[0].turns] == texts
        assert [turn.text for turn in read(session1__utterances=texts).sessions[0].turns] == texts

    def it_evaluates_nothing(tmp_path):
        witness = tmp_path / "ran"
        refused(session1__utterances=f"[open({str(witness)!r}, 'w'), '', '']")
        refused(session1__utterances="[__import__('os').getpid(), '', '']")
        assert not witness.exists()

    def it_survives_deep_nesting():
        refused(session1__utterances="[" * 100_000)
        refused(session1__utterances="[" * 100_000 + "]" * 100_000)

    @pytest.mark.parametrize("value", ["nothing", '{"a": 1}', "3", '["one"]'])
    def it_names_the_column_that_is_wrong(value: str):
        assert "session1:utterances" in refused(session1__utterances=value).detail

    def it_refuses_an_age_and_a_date_that_are_none():
        assert "age" in refused(age="old").detail
        assert "session1:date" in refused(session1__date="spring").detail

    def it_knows_a_picture_that_is_shared_again():
        row = {"session1__device_images_key": '["a1"]', "session1__device_image_descriptions": '["a red pot"]'}
        again = read(
            **row,
            session1__images_key='["", "a1", ""]',
            session1__image_sources='["", "mobile", ""]',
            session1__image_id_from_mobile='["", "a1", ""]',
        )
        assert again.album[0].description == "a red pot"
        assert again.sessions[0].turns[1].images[0].reused
        assert len(again.sessions[0].album_after) == 1

    def it_adds_a_new_picture_of_the_phone_to_the_album():
        new = read(
            session1__image_sources='["", "mobile", ""]', session1__image_id_from_mobile='["", "new added image", ""]'
        )
        assert [image.description for image in new.sessions[0].album_after] == ["a pot"]

    def it_lets_hostile_text_through_unbroken():
        texts = ["<script>alert(1)</script>\u0000", "\u202egnp.exe", "x" * 100_000]
        assert [turn.text for turn in read(session1__utterances=json.dumps(texts)).sessions[0].turns] == texts


def describe_unescaped():
    def it_joins_pairs_and_replaces_halves():
        assert unescaped(r"\ud83d\ude00 \ud83d x \u00e9") == "😀 \ufffd x é"
        assert unescaped("C:\\users") == "C:\\users"
