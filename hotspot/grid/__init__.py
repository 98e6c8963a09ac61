"""Cells, codes, membership, map datums, hexagons: where things are."""
