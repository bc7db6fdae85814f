"""Ultron: a model that is trained on the tables to share images, and what it is used for."""
