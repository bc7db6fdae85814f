"""Sending the spool to MLflow: what was sent is not sent again, what cannot be sent is kept and said.

`python -m stark_udfs.tracking.send FOLDER SETTINGS.json` does it in a process of its own, so that nobody waits for
MLflow's import and schema.
"""

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from stark_udfs.core.errors import said
from stark_udfs.core.records import Record
from stark_udfs.settings.tracking import TrackingSettings
from stark_udfs.tracking.server import client_of, shown
from stark_udfs.tracking.spool import Spool, mark_sent, sent

KEY = "stark.key"  # tag by which the MLflow run of a key is found
MODEL = "stark.model"  # tag of an evaluation: the key of the training whose model it is of
LOCK, TOLD = "send.lock", "send.txt"
VALUE_LIMIT, BATCH = 500, 1000  # characters of a parameter; metrics of one request

Model = Callable[[Any, str, Mapping[str, Any]], None]  # logs a trained model into a run


class SendJob(Record):
    """Where the spool is and where it goes."""

    folder: str
    uri: str
    settings: TrackingSettings


def send(job: SendJob, model: Model | None = None) -> str:
    """Send all that is open.

    Args:
        job: where to.
        model: logs trained models; None: they are left in the spool.

    Returns:
        Empty, or why something could not be sent: it is kept.
    """
    spool = Spool(job.folder)
    files = spool.open_files()
    if not files:
        return ""
    try:
        client = client_of(job.uri, job.settings)
        for path in files:
            _File(client, path, job).send(model)
    except Exception as error:
        first = said(error).splitlines()[0][:300]
        return f"MLflow at {shown(job.uri)} took no more: {first}"
    return ""


class _File:
    """One run's file."""

    def __init__(self, client: Any, path: Path, job: SendJob) -> None:  # noqa: ANN401
        self.client, self.path, self.job = client, path, job
        self.run = path.stem
        self.run_id = _run_id(client, job, self.run)

    def send(self, model: Model | None) -> None:
        lines = self.path.read_text(encoding="utf-8").splitlines()
        for place in range(sent(self.path), len(lines)):
            entry = json.loads(lines[place])
            if entry["op"] == "model" and model is None:
                return
            self._one(entry, model)
            mark_sent(self.path, place + 1)

    def _one(self, entry: dict[str, Any], model: Model | None) -> None:
        from mlflow.entities import Metric, Param, RunTag

        match entry["op"]:
            case "begin":
                self._begin(entry)
            case "params":
                params = [Param(name, value[:VALUE_LIMIT]) for name, value in entry["values"].items()]
                for start in range(0, len(params), 100):
                    self.client.log_batch(self.run_id, params=params[start : start + 100])
            case "metrics":
                values = [Metric(name, value, entry["at"], entry["step"]) for name, value in entry["values"].items()]
                for start in range(0, len(values), BATCH):
                    self.client.log_batch(self.run_id, metrics=values[start : start + BATCH])
            case "tags":
                tags = [RunTag(name, value[:5000]) for name, value in entry["values"].items()]
                self.client.log_batch(self.run_id, tags=tags)
            case "table":
                self._table(entry)
            case "artifact":
                path = Path(entry["path"])
                log = self.client.log_artifacts if path.is_dir() else self.client.log_artifact
                if path.exists():
                    log(self.run_id, str(path), entry["to"] or None)
            case "model" if model is not None and self.run_id is not None:
                model(self.client, self.run_id, entry)
            case "end":
                self.client.set_terminated(self.run_id, status=entry["status"], end_time=entry["at"])

    def _begin(self, entry: dict[str, Any]) -> None:
        if self.run_id is not None:
            self.client.update_run(self.run_id, status="RUNNING")
            return
        tags = {**entry["tags"], KEY: self.run}
        if entry["parent"] is not None:
            parent = _run_id(self.client, self.job, entry["parent"])
            if parent is not None:
                tags["mlflow.parentRunId"] = parent
        made = self.client.create_run(
            experiment_id(self.client, self.job.uri, self.job.settings.experiment),
            start_time=entry["at"],
            tags=tags,
            run_name=entry["name"],
        )
        self.run_id = made.info.run_id

    def _table(self, entry: dict[str, Any]) -> None:
        from mlflow.entities import Dataset, DatasetInput, InputTag

        source = {"path": entry["source"], "delta_table_version": entry["version"]}
        dataset = Dataset(
            name=entry["name"],
            digest=f"v{entry['version']}",
            source_type="delta_table",
            source=json.dumps(source),
            profile=json.dumps({"version": entry["version"]}),
        )
        context = InputTag("mlflow.data.context", entry["context"])
        self.client.log_inputs(self.run_id, datasets=[DatasetInput(dataset, [context])])
        self.client.set_tag(self.run_id, f"table.{entry['name']}", str(entry["version"]))


def experiment_id(client: Any, uri: str, name: str) -> str:  # noqa: ANN401
    """The experiment of that name, made where it is not there; of our own database, its files lie beside it."""
    found = client.get_experiment_by_name(name)
    if found is not None:
        return str(found.experiment_id)
    where = None
    if uri.startswith("sqlite:///"):
        where = (Path(uri.removeprefix("sqlite:///")).parent / "mlflow").absolute().as_uri()
    return str(client.create_experiment(name, artifact_location=where))


def _run_id(client: Any, job: SendJob, key: str) -> str | None:  # noqa: ANN401
    place = experiment_id(client, job.uri, job.settings.experiment)
    found = client.search_runs([place], f"tags.`{KEY}` = '{key}'", max_results=1)
    return str(found[0].info.run_id) if found else None


def main(arguments: Sequence[str] | None = None) -> int:
    """Send what a job file names; what went wrong stands in `send.txt` beside it, for the next command to say."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    job = SendJob.model_validate_json(Path(given[0]).read_text(encoding="utf-8"))
    told = Path(job.folder) / TOLD
    if not _locked(Path(job.folder) / LOCK):
        return 0
    wrong = send(job)
    told.write_text(wrong, encoding="utf-8")
    return 1 if wrong else 0


def _locked(path: Path) -> bool:
    """Hold the lock until this process ends; whether nobody else does."""
    import fcntl

    file = os.open(path, os.O_CREAT | os.O_RDWR)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(file)
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
