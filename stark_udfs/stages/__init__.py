"""The stages, one file each: record → prompt → parse → table → stage."""
