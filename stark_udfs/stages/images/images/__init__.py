"""Candidates of each image, and which one is taken."""
