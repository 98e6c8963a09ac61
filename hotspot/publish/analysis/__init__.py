"""The analysis report of a month and its drawings."""
