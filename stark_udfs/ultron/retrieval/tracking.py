"""Evaluations in MLflow: one run for a table, one below it for each system, the versions of the tables as inputs."""

import logging
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from stark_udfs.core.ids import fingerprint
from stark_udfs.tracking.send import MODEL, experiment_id
from stark_udfs.ultron.retrieval.harness import Evaluation, Result
from stark_udfs.ultron.retrieval.report import markdown

if TYPE_CHECKING:
    from mlflow import MlflowClient

EXPERIMENT = "stark"
FORBIDDEN = re.compile(r"[^\w\-. /:]")  # in names of MLflow


def log_evaluation(
    evaluation: Evaluation,
    *,
    tracking_uri: str,
    experiment: str = EXPERIMENT,
    tables: Mapping[str, int] | None = None,
    source: str = "",
    params: Mapping[str, object] | None = None,
    trained: Mapping[str, str] | None = None,
) -> str:
    """Log an evaluation; returns the id of its run.

    Metrics are named `R_at_1`, `R_at_1_low`, `R_at_1_high`, …, since MLflow takes no `@`.

    Args:
        evaluation: the table.
        tracking_uri: of MLflow, as sqlite:///warehouse/mlflow.db.
        experiment: is made where it is not there.
        tables: names and Delta versions that were read: an input each, and a tag `table.<name>`, by which
            `search_runs("tags.`table.sessions` = '3'")` finds the run.
        source: where the tables are.
        params: anything else that the result depends on.
        trained: of systems whose names begin so, the key of the training: the tag `stark.model`, by which the model's
            card finds them.

    Raises:
        mlflow.exceptions.MlflowException: the server refuses or cannot be reached.
    """
    from mlflow import MlflowClient
    from mlflow.entities import RunTag

    logging.getLogger("mlflow.store.db.utils").setLevel(logging.WARNING)  # two lines for every new file
    client = MlflowClient(tracking_uri=tracking_uri)
    place = experiment_id(client, tracking_uri, experiment)
    versions = {f"table.{name}": str(version) for name, version in (tables or {}).items()}
    tags = {"kind": "retrieval", "benchmark": evaluation.benchmark, "split": evaluation.split, **versions}
    parent = client.create_run(place, run_name=f"retrieval: {evaluation.benchmark} {evaluation.split}", tags=tags)
    parent_id = str(parent.info.run_id)
    client.log_batch(parent_id, params=_params({**_facts(evaluation), **(params or {})}))
    _log_inputs(client, parent_id, tables or {}, source)
    client.set_tag(parent_id, "mlflow.note.content", markdown(evaluation)[:5000])
    for result in evaluation.results:
        models = [key for label, key in (trained or {}).items() if result.system.startswith(label)]
        more = {**tags, "mlflow.parentRunId": parent_id, **({MODEL: models[0]} if models else {})}
        run = client.create_run(place, run_name=FORBIDDEN.sub(" ", result.system)[:250], tags=more)
        client.log_batch(
            run.info.run_id,
            metrics=_metrics(result),
            params=_params({**_facts(evaluation), "system": result.system}),
            tags=[RunTag("system", result.system[:5000])],
        )
        _log_inputs(client, run.info.run_id, tables or {}, source)
        client.set_terminated(run.info.run_id)
    client.set_terminated(parent_id)
    return parent_id


def _facts(evaluation: Evaluation) -> dict[str, object]:
    return {
        "benchmark": evaluation.benchmark,
        "split": evaluation.split,
        "queries": evaluation.queries,
        "candidates": evaluation.candidates,
        "duplicates": evaluation.duplicates,
    }


def _metrics(result: Result) -> "list[object]":
    import time

    from mlflow.entities import Metric

    now = int(time.time() * 1000)
    values = {
        f"{name}{end}": value
        for name, estimate in result.metrics.items()
        for end, value in (("", estimate.value), ("_low", estimate.low), ("_high", estimate.high))
    }
    if result.against is not None:
        values |= {"MRR_difference": result.against.difference.value, "MRR_p": result.against.adjusted}
    values["seconds"] = result.seconds
    return [Metric(name, float(value), now, 0) for name, value in values.items()]


def _params(values: Mapping[str, object]) -> "list[object]":
    from mlflow.entities import Param

    return [Param(name, str(value)[:6000]) for name, value in values.items()]


def _log_inputs(client: "MlflowClient", run_id: str, tables: Mapping[str, int], source: str) -> None:
    from mlflow.entities import Dataset, DatasetInput, InputTag

    inputs = [
        DatasetInput(
            Dataset(
                name=name,
                digest=fingerprint([source, name, version]),
                source_type="delta",
                source=f'{{"path": "{source}/{name}", "delta_table_version": {version}}}',
            ),
            [InputTag("mlflow.data.context", "evaluation")],
        )
        for name, version in tables.items()
    ]
    if inputs:
        client.log_inputs(run_id, inputs)
