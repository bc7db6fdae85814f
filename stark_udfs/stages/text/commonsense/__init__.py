"""PeaCoK inferences."""
