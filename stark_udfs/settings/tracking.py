"""Settings of MLflow: where runs, trainings and evaluations are written down."""

from pydantic import Field

from stark_udfs.settings.section import Section


class TrackingSettings(Section):
    """MLflow, where runs, trainings and evaluations are written down."""

    enabled: bool = Field(True, description="false: nothing is written down there, and MLflow is never imported")
    uri: str | None = Field(
        None, description="of the tracking server; null: MLFLOW_TRACKING_URI, else <storage>/mlflow.db"
    )
    experiment: str = Field("stark", min_length=1)
    registry: str = Field("ultron", min_length=1, description="the name under which trained models are registered")
    timeout_s: float = Field(10.0, gt=0, description="of one request to a server; one that is down is given up on")
