"""`stark batch`: the calls of a stage out as files, answers in, and a run that asks nothing."""

import json
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from stark_udfs import run
from stark_udfs.calls.providers.offline import embedded
from stark_udfs.calls.providers.transport import completion, offline_request
from stark_udfs.settings.chat_models import Defects
from stark_udfs.stages.people import demographics
from stark_udfs.stages.pipeline import load_settings, stages
from tests.cli.conftest import CONF, Stark

FEW = ("--set", "people.count=4", "--set", "pipeline.episodes=3", "--set", "personas.sentences_each=1")


def answered(requests: Path, but: int) -> Path:
    """What a batch API gives back for a file of requests: all answers `but` so many, which it refuses."""
    answers = []
    for at, line in enumerate(requests.read_text(encoding="utf-8").splitlines()):
        request = json.loads(line)
        assert (request["method"], request["url"]) == ("POST", "/v1/chat/completions")
        text, finish = embedded(Defects())(offline_request(request["body"]))
        good = {"status_code": 200, "body": completion(request["body"], text, finish)}
        response = good if at >= but else {"status_code": 400, "body": {"error": {"message": "too hot"}}}
        answers.append(json.dumps({"custom_id": request["custom_id"], "response": response, "error": None}))
    path = requests.with_name("output.jsonl")
    path.write_text("\n".join(answers) + "\n", encoding="utf-8")
    return path


def describe_batch():
    def it_takes_calls_out_and_answers_in_so_that_a_run_asks_nothing(spark: SparkSession, tmp_path: Path, stark: Stark):
        places = [f"storage.tables={tmp_path}/tables", f"storage.files={tmp_path}/files", *FEW[1::2]]
        settings = load_settings("base", conf=CONF, overrides=places)
        run([demographics.stage(settings)], settings, spark)
        folder, words = tmp_path / "batch", (*FEW, "--target", "base")
        said = stark("batch", "export", "personas", str(folder), *words, where=tmp_path)
        (requests,) = folder.iterdir()
        assert (said.code, requests.name) == (0, "personas-001.jsonl")
        count = len(requests.read_text().splitlines())
        assert f"{count} calls in 1 files" in said.out
        again = stark("batch", "export", "personas", str(folder), *words, where=tmp_path)
        assert again.code == 2
        assert "is not empty" in again.err

        answered(requests, but=1)
        said = stark("batch", "import", "personas", str(folder), *words, where=tmp_path)
        assert said.code == 2
        assert f"{count - 1} answers kept" in said.out
        assert "HTTP 400" in said.out
        answered(requests, but=0)
        said = stark("batch", "import", "personas", str(folder), *words, where=tmp_path)
        assert said.code == 0
        assert "1 answers kept" in said.out
        assert f"{count - 1} were left out" in said.out

        report = run(stages(settings)[:2], settings, spark)
        assert (report.stages[1].calls, report.stages[1].state) == (0, "finished")
        assert report.stages[1].rows_out > 0

    @pytest.mark.parametrize(
        ("words", "says"),
        [
            (["export", "persona", "out"], "there is no stage 'persona'"),
            (["export", "demographics", "out"], "stage demographics asks no chat model"),
            (["import", "personas", "nowhere"], "there are no answers in"),
        ],
    )
    def it_says_what_is_wrong(stark: Stark, tmp_path: Path, words: list[str], says: str):
        said = stark("batch", *words[:-1], str(tmp_path / words[-1]))
        assert said.code == 2
        assert says in said.err
