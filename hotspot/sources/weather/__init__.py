"""Weather on a grid and at points."""
