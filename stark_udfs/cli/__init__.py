"""The `stark` command."""
