"""The append-only chain of entries and where it lies."""
