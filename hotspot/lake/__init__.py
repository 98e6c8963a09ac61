"""Micro-station months as Parquet, each delivery taken exactly once."""
