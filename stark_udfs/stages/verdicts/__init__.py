"""Verdicts on what was written: is it safe, and is it good."""
