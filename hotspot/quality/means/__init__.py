"""Means of days, months and years by the rules of completeness."""
