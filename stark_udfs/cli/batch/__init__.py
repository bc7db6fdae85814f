"""`stark batch`: what is with batch APIs, and answers from files."""
