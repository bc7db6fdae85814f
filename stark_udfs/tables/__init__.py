"""Delta tables: schema, addresses, reading and writing; nothing of this project's domain."""
