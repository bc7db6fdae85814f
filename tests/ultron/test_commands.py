"""`stark train`, `stark chat` and `stark evaluate turns` from their command lines, with a tiny model from a config."""

import io
import json
from pathlib import Path

import pytest

from stark_udfs.cli.main import main
from stark_udfs.cli.ultron.chat import converse
from stark_udfs.core.image_words import ASSISTANT
from stark_udfs.settings.tracking import TrackingSettings
from stark_udfs.stages.pipeline import load_settings
from stark_udfs.ultron.generate import UltronSpec
from stark_udfs.ultron.model_registry.named import adapter_named
from stark_udfs.ultron.retrieval.describe_udf import KeptTexts
from stark_udfs.ultron.samples import Sample
from tests.cli import small
from tests.conftest import CONF
from tests.ultron import tiny, training_table

pytestmark = pytest.mark.filterwarnings("ignore")  # of the libraries' own


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> str:
    return tiny.save("llava", tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("warehouse")
    small.write(folder / "tables")
    training_table.write(folder / "tables")
    return folder


def places(warehouse: Path, model: str, **more: object) -> list[str]:
    told = {
        "storage.tables": warehouse / "tables",
        "storage.files": warehouse / "files",
        "ultron.out": warehouse / "ultron",
        "ultron.model": model,
        "ultron.lora.rank": 4,
        "ultron.lora.four_bit": "false",
        "ultron.batch_size": 2,
        "ultron.accumulation": 1,
        "ultron.learning_rate": 0.02,
        "ultron.max_steps": 6,
        "ultron.save_steps": 3,
        "ultron.eval_samples": 4,
        **{name.replace("__", "."): value for name, value in more.items()},
    }
    return [f"{name}={value}" for name, value in told.items()]


def options(told: list[str]) -> list[str]:
    return ["--conf", str(CONF), *(word for one in told for word in ("--set", one))]


def test_a_model_is_trained_told_to_mlflow_and_talked_to(base: str, warehouse: Path, capfd: pytest.CaptureFixture[str]):
    import mlflow

    told = places(warehouse, base)
    assert main(["train", *options(told)]) == 0
    said = capfd.readouterr().out
    assert "6 steps on 12 samples of training_samples v0" in said
    client = mlflow.MlflowClient(tracking_uri=f"sqlite:///{warehouse}/mlflow.db")
    [run] = client.search_runs(
        [client.get_experiment_by_name("stark").experiment_id], "tags.`table.training_samples` = '0'"
    )
    assert run.info.status == "FINISHED"
    assert run.data.params["model"] == base
    assert {"loss", "eval_loss", "learning_rate", "system/peak_memory_gib"} <= run.data.metrics.keys()
    assert [one.dataset.name for one in run.inputs.dataset_inputs] == ["training_samples"]
    [version] = client.search_model_versions("name = 'ultron'")
    assert version.run_id == run.info.run_id
    adapter = Path(json.loads((warehouse / "ultron/dialogue/latest.json").read_text())["adapter"])
    card = (adapter / "README.md").read_text()
    assert f"MLflow run: {run.info.run_id}" in card
    assert "| eval_loss |" in card

    spec = UltronSpec.of(adapter_named("models:/ultron/1", TrackingSettings(), str(warehouse / "tables")))
    told_once = Sample("1", "The person is Ana Lima.", None, (), f"{ASSISTANT}:", begun="<RET> <h>").as_json()
    kept = KeptTexts(str(warehouse / "files"))
    assert kept.describe(spec, [told_once]) == kept.describe(UltronSpec.of(adapter), [told_once])
    assert len(list((warehouse / "files/udf/describe").rglob("*.json"))) == 1

    settings = load_settings("demo", conf=CONF, overrides=told)
    for words in ("I moved to Kobe.", "Where do I live?"):
        converse(settings, small.EPISODE, None, io.StringIO(f"{words}\n\n"))
    second = capfd.readouterr().out
    assert "Ana Lima said: I moved to Kobe." in second.rpartition("remembered:")[2].replace("\n", " ")


def test_a_plan_counts_by_the_models_own_tokenizer(base: str, warehouse: Path, capfd: pytest.CaptureFixture[str]):
    assert main(["train", "--plan", *options(places(warehouse, base))]) == 0
    said = capfd.readouterr().out
    assert "12 samples" in said
    assert f"counted by {base}'s tokenizer" in said


def test_answers_of_a_file_are_scored(base: str, warehouse: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    lines = [
        {"sample_id": f"{number:016x}", "answer": "What a pot. <RET> <h> a red pot </h>"} for number in range(4, 20, 5)
    ]
    (tmp_path / "answers.jsonl").write_text("\n".join(map(json.dumps, lines)))
    asked = ["--answers", str(tmp_path / "answers.jsonl"), "--json", str(tmp_path / "scores.json")]
    assert main(["evaluate", "turns", *asked, *options(places(warehouse, base))]) == 0
    assert "4 turns" in capfd.readouterr().out
    [_, mine] = json.loads((tmp_path / "scores.json").read_text())
    assert mine["metrics"]["share_recall"][0] == 100
    assert mine["metrics"]["share_precision"][0] == 50
