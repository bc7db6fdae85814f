"""The data set as files that others load."""
