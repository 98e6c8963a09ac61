"""A year: its level, its list, its atlas, and where the next stations stand."""
