"""How well an answerer remembers: memory probes answered from a context, and scored."""
