"""One paid model call, paid once; no Spark."""
