"""Evaluations in MLflow, read back by its API."""

from pathlib import Path

import pytest

from stark_udfs.ultron.retrieval.harness import evaluate
from stark_udfs.ultron.retrieval.tracking import log_evaluation
from tests.ultron.retrieval.worlds import Given, benchmark, said

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # MLflow's own use of sqlalchemy
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # and its connections, left to the collector
]


def test_a_table_is_found_again_by_the_version_of_a_table_it_was_made_from(tmp_path: Path):
    from mlflow import MlflowClient

    data = benchmark((said("a", target="i1"), "A dog"), (said("b", target="i2"), "A cat"))
    made = evaluate(data, [Given("bad @ first", [[0.1, 0.2], [0.2, 0.1]]), Given("good", [[2, 1], [1, 2]])])
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    run = log_evaluation(made, tracking_uri=uri, tables={"sessions": 3}, source="/data", params={"seed": 1})
    client = MlflowClient(tracking_uri=uri)
    place = client.get_experiment_by_name("stark")
    assert place is not None
    found = client.search_runs([place.experiment_id], "tags.`table.sessions` = '3' and tags.system = 'good'")
    assert [one.data.metrics["R_at_1"] for one in found] == [100.0]
    assert found[0].data.metrics["MRR_low"] <= found[0].data.metrics["MRR"] == 100.0
    assert found[0].data.tags["mlflow.parentRunId"] == run
    assert [entry.dataset.name for entry in client.get_run(run).inputs.dataset_inputs] == ["sessions"]
    assert client.get_run(run).data.params["seed"] == "1"
    assert client.get_run(run).info.status == "FINISHED"
