"""Micro-stations on the scale of the reference stations."""
