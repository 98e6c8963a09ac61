"""
How a layer looks in QGIS and what its form asks, as the elements that a style (QML) and a project share.

Written by hand after what QGIS 3 itself saves; only elements that carry a decision of ours are there, for the rest
QGIS has its own defaults.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement

from hotspot.rules.pollutants import PM25, Pollutant

_NONE = "0,0,0,0"
PHOTO = {
    "DocumentViewer": ("int", "1"),  # a picture
    "FileWidget": ("bool", "true"),
    "FileWidgetButton": ("bool", "true"),
    "RelativeStorage": ("int", "1"),  # relative to the project: DCIM/ lies beside it, as QField puts it
    "StorageMode": ("int", "0"),
    "UseLink": ("bool", "false"),
}


@dataclass(frozen=True)
class Symbol:
    """One symbol: ``kind`` fill | marker; colours as #rrggbb or "" for none, sizes in mm."""

    kind: str
    fill: str = ""
    line: str = ""
    width: float = 0.3
    shape: str = "circle"
    size: float = 2.5
    opacity: float = 1.0


@dataclass(frozen=True)
class Question:
    """
    One field of a form. ``choices``: shown word -> stored value; ``kind`` text | choice | photo | time | hidden |
    whole; ``default`` a QGIS expression.
    """

    name: str
    title: str
    kind: str = "text"
    choices: Mapping[str, str] | None = None
    default: str = ""
    required: bool = False
    long: bool = False


def single(symbol: Symbol) -> Element:
    """The renderer that draws every feature with one symbol."""
    renderer = Element("renderer-v2", {"type": "singleSymbol", "symbollevels": "0", "enableorderby": "0"})
    _symbols(renderer, [symbol])
    return renderer


def categories(field: str, of: Sequence[tuple[str, str, Symbol]]) -> Element:
    """The renderer by value: (value, title, symbol) each; an empty value stands for all others."""
    renderer = Element("renderer-v2", {"type": "categorizedSymbol", "attr": field, "symbollevels": "0"})
    rows = SubElement(renderer, "categories")
    for at, (value, title, _) in enumerate(of):
        SubElement(rows, "category", {"value": value, "symbol": str(at), "label": title, "render": "true"})
    _symbols(renderer, [symbol for *_, symbol in of])
    return renderer


def classes(field: str, of: Sequence[tuple[float, float, str, Symbol]]) -> Element:
    """The renderer by amount: (from, to, title, symbol) each."""
    renderer = Element("renderer-v2", {"type": "graduatedSymbol", "attr": field, "graduatedMethod": "GraduatedColor"})
    rows = SubElement(renderer, "ranges")
    for at, (low, high, title, _) in enumerate(of):
        limits = {"lower": f"{low:.6f}", "upper": f"{high:.6f}"}
        SubElement(rows, "range", limits | {"symbol": str(at), "label": title, "render": "true"})
    _symbols(renderer, [symbol for *_, symbol in of])
    return renderer


def labels(expression: str, *, size: float = 9.0, below: int = 0, beside: bool = False) -> Element:
    """
    Labels by an expression, black with a white halo; from the scale 1 : ``below`` on, where that is given; over the
    place, or ``beside`` it.
    """
    labeling = Element("labeling", {"type": "simple"})
    settings = SubElement(labeling, "settings")
    style = {"fieldName": expression, "isExpression": "1", "fontSize": f"{size:g}", "textColor": "20,24,28,255"}
    style["fontWeight"] = "50"  # normal; QGIS takes none for the thinnest a font has
    text = SubElement(settings, "text-style", style)
    halo = {"bufferDraw": "1", "bufferSize": "0.8", "bufferColor": "255,255,255,255", "bufferSizeUnits": "MM"}
    SubElement(text, "text-buffer", halo)
    where = {"placement": "0", "dist": "1.5"} if beside else {"placement": "1", "centroidInside": "1"}
    SubElement(settings, "placement", where)
    # A cell lies in 36 sub-cells: none of them may push its label away.
    drawn = {"obstacle": "0", "displayAll": "0" if beside else "1"}
    if below:
        drawn |= {"scaleVisibility": "1", "scaleMin": "1", "scaleMax": str(below)}
    SubElement(settings, "rendering", drawn)
    return labeling


def form(questions: Iterable[Question], of: Pollutant = PM25) -> list[Element]:
    """The form of a layer: its widgets, titles, defaults and what must be filled in, in the words ``of`` a list."""
    asked = tuple(questions)
    widgets, defaults, constraints = (Element(name) for name in ("fieldConfiguration", "defaults", "constraints"))
    # The file's own number is nobody's question.
    _widget(SubElement(widgets, "field", {"name": "fid", "configurationFlags": "None"}), Question("fid", "", "hidden"))
    for one in asked:
        field = SubElement(widgets, "field", {"name": one.name, "configurationFlags": "None"})
        _widget(field, one)
        SubElement(defaults, "default", {"field": one.name, "expression": one.default, "applyOnUpdate": "0"})
        strict = "1" if one.required else "0"
        about = {"field": one.name, "constraints": strict, "notnull_strength": strict}
        SubElement(constraints, "constraint", about | {"unique_strength": "0", "exp_strength": "0"})
    return [widgets, aliases({one.name: one.title for one in asked}, of), defaults, constraints]


def aliases(titles: Mapping[str, str], of: Pollutant = PM25) -> Element:
    """What a map program shows in place of the names of columns, where the list is ``of`` this."""
    made = Element("aliases")
    for at, (name, title) in enumerate(titles.items()):
        SubElement(made, "alias", {"index": str(at), "field": of.column(name), "name": of.words(title)})
    return made


def properties(said: Mapping[str, str]) -> Element:
    """Custom properties of a layer, where QField looks for its own."""
    made = Element("customproperties")
    options = SubElement(made, "Option", {"type": "Map"})
    for name, value in said.items():
        SubElement(options, "Option", {"type": "QString", "name": name, "value": value})
    return made


def _widget(field: Element, one: Question) -> None:
    kinds = {"text": "TextEdit", "choice": "ValueMap", "photo": "ExternalResource", "time": "DateTime"}
    widget = SubElement(field, "editWidget", {"type": (kinds | {"hidden": "Hidden", "whole": "Range"})[one.kind]})
    options = SubElement(SubElement(widget, "config"), "Option", {"type": "Map"})
    if one.kind == "choice":
        listed = SubElement(options, "Option", {"type": "List", "name": "map"})
        for word, value in (one.choices or {}).items():
            pair = SubElement(listed, "Option", {"type": "Map"})
            SubElement(pair, "Option", {"type": "QString", "name": word, "value": value})
        return
    settings = {
        "text": {"IsMultiline": ("bool", "true" if one.long else "false"), "UseHtml": ("bool", "false")},
        "photo": PHOTO,
        "time": {
            "allow_null": ("bool", "true"), "calendar_popup": ("bool", "true"), "field_iso_format": ("bool", "false"),
            "display_format": ("QString", "yyyy-MM-dd HH:mm"), "field_format": ("QString", "yyyy-MM-dd HH:mm"),
        },
        "whole": {"AllowNull": ("bool", "true"), "Min": ("int", "0"), "Max": ("int", "9999"), "Step": ("int", "1")},
        "hidden": {},
    }[one.kind]  # fmt: skip
    for name, (kind, value) in settings.items():
        SubElement(options, "Option", {"type": kind, "name": name, "value": value})


def _symbols(renderer: Element, symbols: Sequence[Symbol]) -> None:
    held = SubElement(renderer, "symbols")
    for at, symbol in enumerate(symbols):
        about = {"name": str(at), "type": symbol.kind, "alpha": f"{symbol.opacity:g}", "clip_to_extent": "1"}
        of = "SimpleFill" if symbol.kind == "fill" else "SimpleMarker"
        layer = SubElement(
            SubElement(held, "symbol", about), "layer", {"class": of, "enabled": "1", "locked": "0", "pass": "0"}
        )
        settings = {
            "color": _rgb(symbol.fill),
            "outline_color": _rgb(symbol.line),
            "outline_style": "solid" if symbol.line else "no",
            "outline_width": f"{symbol.width:g}",
            "outline_width_unit": "MM",
        }
        if symbol.kind == "fill":
            settings["style"] = "solid" if symbol.fill else "no"
        else:
            settings |= {"name": symbol.shape, "size": f"{symbol.size:g}", "size_unit": "MM"}
        options = SubElement(layer, "Option", {"type": "Map"})
        for name, value in settings.items():
            SubElement(options, "Option", {"type": "QString", "name": name, "value": value})
        for name, value in settings.items():  # QGIS before 3.18 knows these only
            SubElement(layer, "prop", {"k": name, "v": value})


def _rgb(colour: str) -> str:
    if not colour:
        return _NONE
    return ",".join(str(int(colour[at : at + 2], 16)) for at in (1, 3, 5)) + ",255"
