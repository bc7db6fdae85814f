import json
import xml.etree.ElementTree as ET

import pytest

from stark_udfs.core.errors import InputError
from stark_udfs.release.judging.label_studio import config, read_ratings, tasks
from stark_udfs.release.text import visible
from stark_udfs.stages.verdicts.criteria import Criterion
from tests.stages.verdicts.given import image, judged, turns

HOSTILE = "<script>alert(1)</script>\u202e </textarea>"


def rating(name: str, value: object) -> dict[str, object]:
    return {"from_name": name, "to_name": "dialogue", "type": "rating", "value": {"rating": value}}


def task(*results: dict[str, object], who: object = 7, at: str = "2024-05-01T10:00:00Z", session: object = "e-1:2"):
    annotation = {"id": 1, "completed_by": who, "result": list(results), "updated_at": at, "was_cancelled": False}
    return {"id": 1, "data": {"session": session}, "annotations": [annotation]}


def read(*given: object):
    return read_ratings(json.dumps(given), where="export.json")


def describe_tasks():
    def it_shows_what_a_judge_is_shown():
        (one,) = tasks([judged()], {"i-1": "data:image/jpeg;base64,AA"})
        data = one["data"]
        assert data["session"] == "e-1:2"
        assert data["images"] == ["data:image/jpeg;base64,AA"]
        assert {"author": "Hana Mori", "text": "[image: A burnt bowl on a wooden shelf]"} in data["dialogue"]
        assert "3 weeks" in data["before"]
        assert set(data["criteria"]) == {one.value for one in Criterion}

    def it_carries_hostile_text_as_text():
        said = turns()
        said[0] = said[0].model_copy(update={"text": HOSTILE, "images": [image(2, HOSTILE)]})
        (one,) = tasks([judged(turns=said)])
        assert json.loads(json.dumps(one))["data"]["dialogue"][0] == {
            "author": "Hana Mori",
            "text": visible(HOSTILE),
        }

    def it_carries_nothing_that_hides_or_has_no_end():
        said = turns()
        said[0] = said[0].model_copy(update={"text": "a\x00b\u202ec" + "x" * 100_000})
        (one,) = tasks([judged(turns=said)])
        text = one["data"]["dialogue"][0]["text"]
        assert text.startswith("a\ufffdb\ufffdc")
        assert len(text) < 11_000


def describe_config():
    def it_asks_for_four_points_by_each_criterion():
        root = ET.fromstring(config())
        assert [one.get("name") for one in root.iter("Rating")] == [one.value for one in Criterion]
        assert {one.get("maxRating") for one in root.iter("Rating")} == {"4"}

    def it_shows_only_what_tasks_have():
        (one,) = tasks([judged()])
        values = {place.get(name, "") for place in ET.fromstring(config()).iter() for name in ("value", "valueList")}
        assert {value[1:] for value in values if value.startswith("$")} <= set(one["data"])


def describe_read_ratings():
    def it_reads_an_export_as_json():
        found = read(task(rating("coherence", 3), rating("experience", 4)))
        assert [(one.criterion, one.value, one.episode_id, one.session_number) for one in found.ratings] == [
            (Criterion.COHERENCE, 3, "e-1", 2),
            (Criterion.EXPERIENCE, 4, "e-1", 2),
        ]
        assert str(found.ratings[0].rated_at) == "2024-05-01 10:00:00+00:00"

    def it_reads_an_export_as_json_min():
        found = read(
            {"id": 1, "session": "e-1:2", "annotator": 7, "coherence": 2, "updated_at": "2024-05-01T10:00:00Z"}
        )
        assert found.ratings == read(task(rating("coherence", 2))).ratings

    def it_keeps_a_persons_newest_rating_and_each_persons_own():
        old, new = task(rating("coherence", 1)), task(rating("coherence", 4), at="2024-06-01T10:00:00+02:00")
        assert [one.value for one in read(new, old).ratings] == [4]
        assert len(read(old, task(rating("coherence", 1), who={"id": 8, "email": "p@mail.org"})).ratings) == 2

    def it_does_not_keep_who_the_raters_are():
        (one,) = read(task(rating("coherence", 1), who="ana@mail.org")).ratings
        assert "ana" not in one.model_dump_json()

    @pytest.mark.parametrize("value", [0, 5, 2.5, "4", None, True, [3], 10**30])
    def it_counts_what_is_no_score(value: object):
        found = read(task(rating("coherence", value)))
        assert found.ratings == ()
        assert found.unusable == {"no score from 1 to 4": 1}

    def it_counts_what_names_no_session_no_rater_or_another_question():
        found = read(
            task(rating("coherence", 1), session=None),
            task(rating("coherence", 1), session="x" * 200 + ":1"),
            task(rating("coherence", 1), who=None),
            task(rating("mood", 1)),
            "no task",
            {"data": {}, "annotations": [{"was_cancelled": True}, 3]},
        )
        assert found.ratings == ()
        assert found.unusable == {
            "no session named": 2,
            "no rater named": 1,
            "another question": 1,
            "no task": 1,
            "skipped by the rater": 1,
            "no annotation": 1,
        }

    @pytest.mark.parametrize("text", ["", "{", '{"a": 1}', "[" * 100_000, "3"])
    def it_refuses_what_is_no_export(text: str):
        with pytest.raises(InputError, match=r"export\.json .*JSON-MIN"):
            read_ratings(text, where="export.json")

    @pytest.mark.parametrize(
        "session", ["e-1:²", f"e-1:{'9' * 60}", "e\x00:1", "\ud800:1", "\u202ee:1", ["e-1:1"], "e-1:-1"]
    )
    def it_counts_keys_that_no_session_can_have(session: object):
        found = read(task(rating("coherence", 3), session=session))
        assert (found.ratings, found.unusable) == ((), {"no session named": 1})

    @pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "tomorrow"])
    def it_keeps_a_rating_whose_moment_no_calendar_has(at: str):
        (found,) = read(task(rating("coherence", 3), at=at)).ratings
        assert found.rated_at is None
