"""The dataset: what of all stages becomes a row that is released."""
