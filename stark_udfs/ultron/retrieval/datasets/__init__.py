"""Benchmarks as they are published, and the project's own sessions, as `Benchmark`s."""
