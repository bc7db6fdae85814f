"""Making images: tasks in batches beside their files, and paid questions to a search provider."""
