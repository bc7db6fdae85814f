"""Asking the open calls of a stage live, on executors."""
