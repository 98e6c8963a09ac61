"""The monthly warnings and how sure they are."""
