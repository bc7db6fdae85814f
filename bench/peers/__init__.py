"""The peers of `make bench-peers`: one script each, run by the Python of that peer's own environment."""
