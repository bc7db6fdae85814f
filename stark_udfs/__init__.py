"""Stark on Spark: persona-grounded, long-term, multi-modal conversations as a Spark batch job."""

__version__ = "0.1.0"
