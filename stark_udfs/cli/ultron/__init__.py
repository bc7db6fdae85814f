"""`stark train`, `stark chat`, `stark mlflow`."""
