"""From a model's reply to a checked value: JSON schema, decoding."""
