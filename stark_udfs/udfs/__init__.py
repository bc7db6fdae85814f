"""Pandas UDFs that a Spark user calls on their own DataFrame."""
