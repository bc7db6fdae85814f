"""The public data set, read into the shape of our tables."""
