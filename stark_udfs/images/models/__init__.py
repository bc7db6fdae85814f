"""Image models: painters, encoders, scorers, detectors, and their weights."""
