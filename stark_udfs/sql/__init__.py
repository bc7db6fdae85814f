"""SQL over the stage tables: DuckDB or Spark, views and their documentation."""
