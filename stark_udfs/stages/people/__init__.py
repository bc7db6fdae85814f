"""Who the people are: drawn from the real population, or the user's own table."""
