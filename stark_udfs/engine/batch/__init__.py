"""Answering open calls by files: through a batch API, or by hand."""
