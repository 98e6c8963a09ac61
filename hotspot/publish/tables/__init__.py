"""Lists and tables for people and machines."""
