"""Symbols of sources on printed maps: which one a problem type has, and how it is drawn."""

from hotspot.publish.maps import drawing

_SHAPES = {
    "square": "M-1,-1H1V1H-1Z",
    "circle": "M-1.1,0A1.1,1.1 0 1 0 1.1,0A1.1,1.1 0 1 0 -1.1,0Z",
    "diamond": "M0,-1.35L1.35,0L0,1.35L-1.35,0Z",
    "triangle": "M0,-1.25L1.2,0.95H-1.2Z",
}
# Problem type of a class (rules/classes.toml) -> symbol; a hollow one is a source without a stack.
SYMBOLS = {
    "stack": "square",
    "boiler": "circle",
    "vocs": "diamond",
    "fugitive_dust": "triangle",
    "open_mine": "triangle-hollow",
    "site_dust": "triangle-hollow",
    "stockpile": "triangle-hollow",
    "road_dust": "triangle-hollow",
    "bare_soil": "triangle-hollow",
    "traffic": "circle-hollow",
    "dumping": "diamond-hollow",
    "burning": "diamond-hollow",
    "scattered": "square-hollow",
    "other": "circle-hollow",
}
# What satellites saw; without a number, so no source of the list is meant.
EVIDENCE_SIGNS = {"fire": "diamond-hollow", "bare_soil": "triangle-hollow"}


def symbol(x: float, y: float, name: str, scale: float) -> str:
    """One symbol of ``SYMBOLS`` at a place, about 2.4 mm at scale 1."""
    shape, _, hollow = name.partition("-")
    fill = "#fff" if hollow else "#000"
    return (
        f'<path d="{_SHAPES[shape]}" transform="translate({x:.2f},{y:.2f}) scale({scale})" '
        f'fill="{fill}" stroke="#000" stroke-width="0.35" paint-order="stroke"/>'
    )


def symbol_svg(name: str) -> str:
    """One symbol alone, for the table beside the map: an SVG of 3.2 mm."""
    return drawing.svg(3.2, 3.2, [symbol(1.6, 1.6, name, 1.05)])
