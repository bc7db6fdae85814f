"""The data set: exported, imported, judged, audited, and looked at in a browser."""
