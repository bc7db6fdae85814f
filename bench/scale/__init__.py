"""How the pipeline grows: memory, rows a second, re-runs. `python -m bench.scale`; docs/scale.md has the figures."""
