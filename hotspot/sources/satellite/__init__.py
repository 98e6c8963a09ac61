"""Satellite rasters: products, layouts, tiles."""
