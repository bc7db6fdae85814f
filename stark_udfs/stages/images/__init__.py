"""The stages that make, find and choose images."""
