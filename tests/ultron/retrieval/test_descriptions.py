"""Descriptions and orders by a chat server: a real server that counts, real Spark and Delta."""

import re
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from stark_udfs.settings.run import RunSettings
from stark_udfs.ultron.retrieval import descriptions
from stark_udfs.ultron.retrieval.descriptions import describing_prompt, reordered_by
from stark_udfs.ultron.retrieval.harness import evaluate
from stark_udfs.ultron.retrieval.queries import LAST_TURN
from stark_udfs.ultron.retrieval.systems.bm25 import Bm25
from tests.engine.servers import Guide, serving
from tests.ultron.retrieval.worlds import CODE, Letters, lessons, said

DATA = lessons(4, CODE)
ANSWERS = {
    CODE[thing]: caption.caption
    for thing, caption in zip(("dog", "kettle", "bicycle", "river"), DATA.candidates, strict=True)
}


def answer(prompt: str, number: int) -> dict[str, Any]:
    code = next(word for word in ANSWERS if f"the {word} here" in prompt)
    if "Give the numbers" not in prompt:
        return {"description": ANSWERS[code]}
    place = next(line for line in prompt.splitlines() if line.endswith(ANSWERS[code]))
    return {"numbers": [99, int(re.findall(r"\d+", place)[0])]}


def test_a_server_is_asked_once_for_each_dialogue(spark: SparkSession, tmp_path: Path):
    guide = Guide(answer)
    with serving(guide) as url:
        wire = {"name": "ada", "base_url": url, "in_flight": 8, "attempts": 1}
        places = {"tables": f"{tmp_path}/tables", "files": f"{tmp_path}/files"}
        settings = RunSettings.model_validate({"models": {"default": wire}, "storage": places})
        described = descriptions.described_by(DATA, Letters(), spark, settings)
        descriptions.described_by(DATA, Letters(), spark, settings)
        assert guide.calls == 4
        reordered = reordered_by(DATA, Bm25(LAST_TURN), spark, settings)
        assert guide.calls == 8
    assert evaluate(DATA, [reordered]).results[0].ranks.tolist() == [1, 1, 1, 1]
    ranks = evaluate(DATA, [described]).results[0].ranks.tolist()
    assert ranks == [1, 1, 2, 2]  # the captions of the last two have the same letters: a tie counts against a system
    assert described.name == "ada → letters"


def test_a_long_dialogue_is_cut_at_its_beginning():
    prompt = describing_prompt(said("first " * 3000, "the last words", target="i"))
    assert "the last words" in prompt
    assert len(prompt) < 7000
