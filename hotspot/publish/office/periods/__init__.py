"""Papers of days, weeks, months, quarters and years."""
