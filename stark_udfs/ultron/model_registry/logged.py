"""Logging a trained model to MLflow, imported where there is one to log: MLflow's import costs seconds."""

import warnings
from collections.abc import Mapping
from typing import Any


def log_adapter(client: Any, run_id: str, entry: Mapping[str, Any]) -> None:  # noqa: ANN401
    """The `model` of `tracking.send.send`: log and register an adapter in a run."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # MLflow takes annotations of `predict` for schemas, and warns
        from stark_udfs.ultron.model_registry import pyfunc

        pyfunc.log_adapter(client, run_id, entry)
