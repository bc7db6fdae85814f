"""Checks of a long run: does an episode agree with itself, session by session? Rules over text, no model."""
