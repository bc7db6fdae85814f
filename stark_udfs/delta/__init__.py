"""Record ⇄ Spark schema, tables by name or path, SQL."""
