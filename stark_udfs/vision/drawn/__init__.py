"""Offline pictures: flat drawings that follow words, made without a model."""
