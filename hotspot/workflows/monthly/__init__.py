"""A month, and all that is asked of it."""
