"""What every layer speaks of: records, ids, reasons, settings, errors. No Spark, no pandas."""
