"""Persona sentences."""
