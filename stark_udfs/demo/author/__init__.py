"""A program that answers the stages' requests in place of a model."""
