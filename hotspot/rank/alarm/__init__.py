"""Hourly alarms."""
