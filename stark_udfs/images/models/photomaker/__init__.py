"""PhotoMaker v1: the painter, its person encoder and its trigger word."""
