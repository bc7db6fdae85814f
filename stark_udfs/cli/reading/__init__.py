"""The commands that only read a warehouse."""
