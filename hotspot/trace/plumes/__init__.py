"""Whose plume it is: wind, footprints, and one posterior over the sources around."""
