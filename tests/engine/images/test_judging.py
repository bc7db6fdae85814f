"""Verdicts of a judge, asked by a task of an image stage: real broker over TCP, real journal, the stub server."""

import base64
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from bench.faults.server import serving
from stark_udfs.core.errors import SettingsError
from stark_udfs.engine.images.judging import judged
from stark_udfs.images.decode import picture_of
from stark_udfs.images.files import ImageFiles
from stark_udfs.images.models.clip import ClipSpec
from stark_udfs.images.models.judge import JudgeSettings, JudgeSpec, Verdict
from stark_udfs.images.models.server_access import ServerAccess, ServerPrice
from stark_udfs.images.requests import ImageResult, ImageScore, ImageTask, ScoreRequest, Scores
from stark_udfs.testing.faults import Faults
from tests.engine.images.test_painting import no_author, painted_by
from tests.engine.images.test_worker import script, task
from tests.engine.toy import Town
from tests.images import tiny

PRICE = ServerPrice(per_million_in=1000.0, per_million_out=2000.0, currency="USD")


def rated(folder: Path, *seeds: int) -> ScoreRequest:
    files = ImageFiles(str(folder))
    paths = [files.put(picture_of(Image.fromarray(tiny.picture(seed)), "PNG").data, "png").path for seed in seeds]
    return ScoreRequest(paths=tuple(paths), captions=("",) * len(paths), description="a lake", turns="Ana: look!")


def judged_by(url: str, folder: Path) -> object:
    judge = JudgeSpec("stub", access=ServerAccess(base_url=url, price=PRICE))
    return replace(painted_by(url, folder), scorer=judge)


def describe_a_judge():
    def each_verdict_is_paid_once_by_the_tokens(tmp_path: Path):
        order = rated(tmp_path, 1, 2)

        def rate(row: Town, answers: Sequence[ImageResult]) -> ImageTask | None:
            return None if answers else order

        with (
            serving(Faults(), no_author) as server,
            task(tmp_path, script(judged_by(server.url, tmp_path), rate)) as ours,
        ):
            (end,) = ours.run("Bonn")
            paid = [reply for reply in ours.replies if reply.money]
            ours.run("Bonn", attempt="0-1", known={"Bonn": paid})
            assert server.paid == 2
        assert end.state == "done"
        (scores,) = {reply.reply for reply in ours.replies if reply.model_returned == "rate"}
        ratings = Scores.model_validate_json(scores).ratings
        assert [(one.fault, one.text_score is None, one.phash is None) for one in ratings] == [("", False, False)] * 2
        assert all(reply.money == pytest.approx(PRICE.of_tokens(reply.tokens_in, reply.tokens_out)) for reply in paid)
        assert all(reply.money > 0 for reply in paid)

    def a_reply_that_is_no_verdict_is_a_fault_and_paid_once(tmp_path: Path):
        order = rated(tmp_path, 1)

        def rate(row: Town, answers: Sequence[ImageResult]) -> ImageTask | None:
            return None if answers else order

        with (
            serving(Faults(refusal=1.0), no_author) as server,
            task(tmp_path, script(judged_by(server.url, tmp_path), rate)) as ours,
        ):
            (end,) = ours.run("Bonn")
            ours.run("Bonn", attempt="0-1")
            assert server.paid == 1
        assert end.state == "done"
        (scores,) = [reply.reply for reply in ours.replies if reply.model_returned == "rate"]
        assert Scores.model_validate_json(scores).ratings[0].fault.startswith("the judge: ")

    def it_needs_a_price():
        with pytest.raises(SettingsError, match="price"):
            JudgeSettings(model="seer").check({"OPENAI_API_KEY": "x"}.get)

    def it_sees_the_picture_and_the_words(tmp_path: Path):
        order = rated(tmp_path, 1)
        picture = ImageFiles(str(tmp_path)).read(order.paths[0])
        spec = JudgeSettings(model="seer", price={"input": 1.0}).spec(ClipSpec())
        sent = json.dumps(spec.body(order, picture, {}))
        assert base64.b64encode(picture).decode() in sent
        assert "a lake" in sent
        assert "Ana: look!" in sent


def describe_scores():
    def without_turns_there_is_no_score_for_them():
        said = Verdict(reason="a lake", shows=0.9, fits=0.4)
        order = ScoreRequest(paths=("a",), captions=("",), description="a lake")
        assert judged(ImageScore(), order, said) == ImageScore(text_score=0.9, reason="a lake")
