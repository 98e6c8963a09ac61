"""Dated rules as data: standards, validity, rounding, index, criteria and profiles."""
