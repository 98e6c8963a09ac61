"""The words of a printed sheet fit the place they have."""

from hotspot.publish.fonts import printed_width
from hotspot.publish.paper.sheet_words import facility_row
from hotspot.rules.classes import source_classes


def test_the_class_of_a_source_stays_on_its_line():
    """A row is 5 mm high; its class has 23 mm less the insets at 7.2 pt, and a letter is as wide as high."""
    row = {
        "number": "1",
        "symbol": "circle",
        "name": "某厂",
        "bearing_deg": 58.0,
        "distance_km": 2.2,
        "where": "upwind",
    }
    for key in source_classes():
        told = facility_row(row | {"class_": key, "word": "strong", "share": 0.7, "group": "", "accuracy": "unknown"})
        assert printed_width(told["class"]) / 2 * 7.2 * 25.4 / 72 <= 23 - 1.6, key
