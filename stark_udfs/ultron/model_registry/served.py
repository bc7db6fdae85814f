"""What MLflow runs where the model is served."""

from mlflow.models import set_model

from stark_udfs.ultron.model_registry.pyfunc import UltronModel

set_model(UltronModel())
