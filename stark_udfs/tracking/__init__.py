"""MLflow: what is to be written down goes into a spool of files first, so that no server can lose or stop anything."""
