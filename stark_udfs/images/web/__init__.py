"""Image search on the web, and safe fetching of what it finds."""
