"""A satellite product nobody flies: all it takes is one object."""

from hotspot.sources.satellite.layout import SatelliteLayout

LAYOUT = SatelliteLayout("TOY", "Nobody 2031", r"^pm25_(?P<year>\d{4})-(?P<month>\d{2})", names_layers=True)
