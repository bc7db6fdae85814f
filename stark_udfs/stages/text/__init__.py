"""The stages that a chat model writes."""
