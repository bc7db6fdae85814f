"""The stages: what is asked, how replies become rows."""
