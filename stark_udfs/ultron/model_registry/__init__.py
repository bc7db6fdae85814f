"""A trained model in MLflow: logged, served and found by its name."""
