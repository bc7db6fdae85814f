"""`stark evaluate`: how well models do on what a run has made."""
