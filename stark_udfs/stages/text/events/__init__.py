"""Event sequences."""
