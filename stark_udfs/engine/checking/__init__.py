"""Checks of a table against what is expected: what is measured, and how far chance alone may lead."""
