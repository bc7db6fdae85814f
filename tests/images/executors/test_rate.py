from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from stark_udfs.images.decode import picture_of
from stark_udfs.images.executors.rate import PICTURES, RateExecutor, grouped
from stark_udfs.images.files import ImageFiles
from stark_udfs.images.models.clip import ClipSpec
from stark_udfs.images.models.detector import DetectorSpec
from stark_udfs.images.models.nsfw import NsfwSpec
from stark_udfs.images.models.scorers import ClipScoreSpec, PickScoreSpec
from stark_udfs.images.phash import phash
from stark_udfs.images.protocols import OutOfMemory, Pixels, Vectors, loaded
from stark_udfs.images.requests import ScoreRequest, Scores, Unavailable
from tests.images import tiny


@dataclass(frozen=True)
class Crowded:
    """A scorer with room for so many pictures; scores are the texts' lengths."""

    room: int
    low: float = 0.0
    high: float = 100.0

    def load(self) -> "Crowded":
        return self

    def score(self, pictures: Sequence[Pixels], texts: Sequence[str]) -> Vectors:
        if len(pictures) > self.room:
            raise OutOfMemory("full")
        return np.array([len(text) for text in texts], dtype=np.float32)


@dataclass(frozen=True)
class Overrun:
    """A scorer whose first picture runs over."""

    low: float = 0.0
    high: float = 1.0

    def load(self) -> "Overrun":
        return self

    def score(self, pictures: Sequence[Pixels], texts: Sequence[str]) -> Vectors:
        return np.array([np.nan, *[0.25] * (len(pictures) - 1)], dtype=np.float32)


def stored(folder: Path, *seeds: int) -> tuple[str, ...]:
    files = ImageFiles(str(folder))
    return tuple(files.put(picture_of(Image.fromarray(tiny.picture(seed)), "PNG").data, "png").path for seed in seeds)


def rate(paths: tuple[str, ...], **asked: object) -> ScoreRequest:
    return ScoreRequest(paths=paths, captions=("",) * len(paths), **{"description": "a red house", **asked})


@pytest.fixture
def rater(models: Path, tmp_path: Path) -> RateExecutor:
    clip = ClipSpec(str(models / "clip"))
    return RateExecutor(
        ImageFiles(str(tmp_path)),
        scorer=ClipScoreSpec(clip),
        nsfw=NsfwSpec(str(models / "nsfw")),
        detector=DetectorSpec(str(models / "detector"), least=0.3),
        likeness=clip,
    )


def describe_work():
    def it_rates_by_every_model(rater: RateExecutor, models: Path, tmp_path: Path):
        paths = stored(tmp_path, 1, 2)
        (answer,) = rater.work([rate(paths, turns="blue sea", of_person=True)])
        assert isinstance(answer, Scores)
        scorer = loaded(ClipScoreSpec(ClipSpec(str(models / "clip"))))
        shown = [tiny.picture(1), tiny.picture(2)]
        assert [r.text_score for r in answer.ratings] == pytest.approx(
            scorer.score(shown, ["a red house"] * 2), abs=1e-5
        )
        assert [r.turn_score for r in answer.ratings] == pytest.approx(scorer.score(shown, ["blue sea"] * 2), abs=1e-5)
        unsafe = loaded(NsfwSpec(str(models / "nsfw"))).score(shown, ["", ""])
        assert [r.nsfw for r in answer.ratings] == pytest.approx(unsafe, abs=1e-5)
        found = loaded(DetectorSpec(str(models / "detector"), least=0.3)).find(shown)
        assert [r.faces for r in answer.ratings] == [len(boxes) for boxes in found]
        assert [r.phash for r in answer.ratings] == [phash(picture) for picture in shown]
        for rating in answer.ratings:
            assert np.linalg.norm(rating.embedding or []) == pytest.approx(1, abs=1e-4)

    def it_rates_several_together_as_it_does_alone(rater: RateExecutor, tmp_path: Path):
        rates = [
            rate(stored(tmp_path, 1, 2), turns="blue sea"),
            rate(stored(tmp_path, 3), of_person=True),
            rate(stored(tmp_path, 1), description="a dog"),
        ]
        together = rater.work(rates)
        for one, asked in zip(together, rates, strict=True):
            (alone,) = rater.work([asked])
            assert isinstance(one, Scores)
            assert isinstance(alone, Scores)
            for left, right in zip(one.ratings, alone.ratings, strict=True):
                assert left.text_score == pytest.approx(right.text_score, abs=1e-4)
                assert (left.turn_score is None) == (right.turn_score is None) == (not asked.turns)
                assert (left.embedding is not None) == (right.embedding is not None) == asked.of_person

    def a_missing_or_damaged_file_is_a_fault(rater: RateExecutor, tmp_path: Path):
        good, bad = stored(tmp_path, 1, 2)
        (tmp_path / bad).write_bytes(b"short")
        page = ImageFiles(str(tmp_path)).put(b"<html>", "png").path
        gone = f"images/00/{'0' * 64}.png"
        (answer,) = rater.work([rate((bad, good, page, gone, "../../etc/passwd"))])
        assert isinstance(answer, Scores)
        assert [r.fault for r in answer.ratings] == ["damaged", "", "markup", "missing", "foreign"]
        assert [r.text_score is None for r in answer.ratings] == [True, False, True, True, True]

    def nothing_to_rate_is_rated(rater: RateExecutor, tmp_path: Path):
        assert rater.work([]) == []
        assert rater.work([rate(())]) == [Scores()]
        assert rater.work([rate((f"images/00/{'0' * 64}.png",), of_person=True)])[0].ratings[0].fault == "missing"

    def a_score_that_is_no_number_is_a_fault(tmp_path: Path):
        rater = RateExecutor(ImageFiles(str(tmp_path)), nsfw=Overrun())
        (answer,) = rater.work([rate(stored(tmp_path, 1, 2))])
        assert isinstance(answer, Scores)
        assert [(r.fault, r.nsfw) for r in answer.ratings] == [("a score is not a number", None), ("", 0.25)]

    def a_score_without_a_model_is_null(tmp_path: Path):
        (answer,) = RateExecutor(ImageFiles(str(tmp_path))).work([rate(stored(tmp_path, 1), turns="x", of_person=True)])
        (rating,) = answer.ratings
        assert rating.phash == phash(tiny.picture(1))
        assert (rating.text_score, rating.turn_score, rating.nsfw, rating.faces, rating.embedding) == (None,) * 5

    def pick_scores_have_their_own_range(models: Path, tmp_path: Path):
        pick = PickScoreSpec(ClipSpec(str(models / "clip")))
        (answer,) = RateExecutor(ImageFiles(str(tmp_path)), scorer=pick).work([rate(stored(tmp_path, 1))])
        cosine = loaded(ClipScoreSpec(pick.clip)).score([tiny.picture(1)], ["a red house"])[0]
        assert answer.ratings[0].text_score == pytest.approx(cosine * np.exp(4.0), abs=1e-2)


def describe_a_full_device():
    def rates_are_taken_one_by_one(tmp_path: Path):
        paths = stored(tmp_path, 1, 2, 3)
        answers = RateExecutor(ImageFiles(str(tmp_path)), scorer=Crowded(2)).work(
            [rate(paths[:2]), rate(paths), rate(paths[2:], description="four")]
        )
        assert [[r.text_score for r in a.ratings] for a in answers if isinstance(a, Scores)] == [[11, 11], [4]]
        assert answers[1] == Unavailable("out_of_memory", "full")


def describe_grouped():
    def no_more_than_so_many_pictures_are_in_memory():
        rates = [rate(("x",) * count) for count in (PICTURES - 1, 1, 1, PICTURES + 5, 2)]
        assert [[len(one.paths) for one in group] for group in grouped(rates)] == [[63, 1], [1], [69], [2]]

    def nothing_makes_no_group():
        assert list(grouped([])) == []
