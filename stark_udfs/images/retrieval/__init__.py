"""The image index: built from shards, searched by text."""
