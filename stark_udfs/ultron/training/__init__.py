"""Training: samples to tensors, processes, checkpoints, and what a training would take."""
