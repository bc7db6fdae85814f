import os
import time
from pathlib import Path

import pytest

from stark_udfs.core.errors import StorageError
from stark_udfs.settings.tracking import TrackingSettings
from stark_udfs.tracking.send import SendJob, send
from stark_udfs.tracking.server import mlflow_at, tracking_uri
from stark_udfs.tracking.spool import Spool

pytestmark = pytest.mark.filterwarnings("ignore")  # of MLflow's own


def spool(folder: Path) -> Spool:
    made = Spool(str(folder / "tracking"))
    made.begin("run-1", name="run 1", tags={"stark.kind": "pipeline"})
    made.params("run-1", {"target": "demo"})
    made.metrics("run-1", {"seconds": 3.0})
    made.table("run-1", "sessions", str(folder / "sessions"), version=4, context="written")
    made.begin("run-1-sessions", name="sessions", parent="run-1")
    made.end("run-1-sessions")
    made.end("run-1")
    return made


def describe_sending():
    def it_keeps_everything_while_the_server_is_down_and_sends_it_once_after(tmp_path: Path):
        import mlflow

        kept = spool(tmp_path)
        settings = TrackingSettings(timeout_s=1)
        began = time.monotonic()
        wrong = send(SendJob(folder=kept.folder, uri="http://user:secret@127.0.0.1:9", settings=settings))
        assert "127.0.0.1:9" in wrong
        assert "secret@" not in wrong.split(" took ")[0]
        assert time.monotonic() - began < 60
        assert len(kept.open_files()) == 2

        uri = f"sqlite:///{tmp_path}/mlflow.db"
        for _ in range(2):
            assert send(SendJob(folder=kept.folder, uri=uri, settings=settings)) == ""
        assert kept.open_files() == []
        client = mlflow.MlflowClient(tracking_uri=uri)
        experiment = client.get_experiment_by_name("stark").experiment_id
        [found] = client.search_runs([experiment], "tags.`table.sessions` = '4'")
        [nested] = client.search_runs([experiment], f"tags.`mlflow.parentRunId` = '{found.info.run_id}'")
        assert (found.info.run_name, found.info.status, found.data.metrics) == ("run 1", "FINISHED", {"seconds": 3.0})
        assert [one.dataset.name for one in found.inputs.dataset_inputs] == ["sessions"]
        assert nested.info.run_name == "sessions"

    def it_has_nothing_to_do_with_an_empty_spool(tmp_path: Path):
        job = SendJob(folder=str(tmp_path / "none"), uri="http://127.0.0.1:9", settings=TrackingSettings())
        assert send(job) == ""


def describe_functions_without_a_client():
    def it_leaves_the_process_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        import mlflow

        monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
        monkeypatch.delenv("MLFLOW_REGISTRY_URI", raising=False)
        own = f"sqlite:///{tmp_path}/own.db"
        for before in ("", own):
            if before:
                mlflow.set_tracking_uri(before)
            with mlflow_at(f"sqlite:///{tmp_path}/mlflow.db"):
                assert mlflow.get_tracking_uri() == mlflow.get_registry_uri() == f"sqlite:///{tmp_path}/mlflow.db"
            assert os.environ.get("MLFLOW_TRACKING_URI", "") == before
            assert "MLFLOW_REGISTRY_URI" not in os.environ
        assert mlflow.get_tracking_uri() == mlflow.get_registry_uri() == own
        mlflow.set_tracking_uri(None)


def describe_where_mlflow_is():
    def it_is_beside_the_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
        assert tracking_uri(TrackingSettings(), str(tmp_path / "tables")) == f"sqlite:///{tmp_path}/mlflow.db"

    def it_must_be_named_for_a_catalog(monkeypatch: pytest.MonkeyPatch):
        monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
        with pytest.raises(StorageError, match=r"tracking\.uri"):
            tracking_uri(TrackingSettings(), "main.stark")
