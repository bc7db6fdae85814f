"""`stark view`: episodes as conversations in a browser, from a small server or as files."""
