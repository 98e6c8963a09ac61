"""Hotspot-grid air quality."""
