"""Drawings in place of generated and found images."""
