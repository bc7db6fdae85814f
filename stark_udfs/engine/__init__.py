"""`run(stages)`: the only orchestration."""
