"""Where each image comes from, and in which words."""
