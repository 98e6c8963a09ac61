"""One best field per cell and month, with its error."""
