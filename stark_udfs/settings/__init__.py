"""Settings: typed, frozen, read from YAML."""
