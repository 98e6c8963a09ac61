"""Warnings and alarms, and what came back from the field."""
