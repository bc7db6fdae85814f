"""Functions that run on executors: batches in, batches out."""
