"""The stub model server, with the faults of real ones."""
