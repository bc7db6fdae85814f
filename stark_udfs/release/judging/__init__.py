"""How good sessions are: judges, people, and how far they agree."""
