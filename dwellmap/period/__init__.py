"""Periods: many runs read as one, through DuckDB over their Parquet tables."""
