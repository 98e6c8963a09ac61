"""
One self-contained HTML file around a ``folium.Map``: nothing in it is fetched.

folium gives the skeleton; its scripts and styles come from the installed
XStatic-Leaflet instead of a network, its random ids are set, and a content
security policy forbids the page to load anything.
"""

import re
from collections.abc import Sequence
from importlib import resources
from typing import Any

from hotspot.publish.web.webfont import font_face
from hotspot.rules.pollutants import PM25, Pollutant
from hotspot.text.escape import escape, script_json

# Order matters: each file uses what the ones before it define.
_SCRIPTS = (
    "map.words.js", "map.datum.js", "map.data.js", "map.draw.js", "map.js", "map.ledger.js", "map.card.js",
    "map.series.js", "map.compare.js", "map.out.js", "map.time.js", "map.search.js", "map.tiles.js", "map.page.js",
)  # fmt: skip
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data: blob:{hosts}; font-src data:; base-uri 'none'; form-action 'none'"
)
# Addresses that are names, not places: XML asks for them, nothing fetches them.
_ID = "hotspot"


def map_page(
    data: dict[str, Any],
    title: str,
    bounds: tuple[float, float, float, float],
    hosts: Sequence[str] = (),
    of: Pollutant = PM25,
) -> str:
    """
    The page of a map.

    Parameters
    ----------
    data : dict
        What ``map.js`` reads; every text in it escaped.
    title : str
        Of the document, escaped.
    bounds : tuple of float
        west, south, east, north of the cells, degrees
    hosts : sequence of str
        The only places from which pictures may be asked; none by default.
    of : Pollutant
        Whose columns ``data`` holds.

    Returns
    -------
    str, the same for the same input

    Examples
    --------
    >>> page = map_page({"n": 1}, "A map", (113.0, 29.0, 115.0, 31.0))
    >>> page.count("<html"), "cdn." in page, page == map_page({"n": 1}, "A map", (113.0, 29.0, 115.0, 31.0))
    (1, False, True)
    """
    import folium
    from branca.element import Element, MacroElement
    from jinja2 import Template

    west, south, east, north = bounds
    plain = folium.Map(
        location=[round((south + north) / 2, 6), round((west + east) / 2, 6)],
        zoom_start=6,
        tiles=None,
        zoom_snap=0.25,
        wheel_px_per_zoom_level=90,
        attribution_control=False,
        fade_animation=False,
        font_size="14px",
    )
    plain._id = _ID
    plain.default_js, plain.default_css = [], []
    figure: Any = plain.get_root()
    before, after = of.words(template("map.html")).split("<!--map-->")

    class Literal(Element):
        """Text that goes into the page as it is: Leaflet's code is no template."""

        _template = Template("{{ this.text }}")

        def __init__(self, text: str, name: str) -> None:
            super().__init__()
            self.text, self._id, self._name = text, name, name

    class Page(MacroElement):
        """What follows the map: the rest of the frame, the data, our script."""

        _template = Template(
            "{% macro html(this, kwargs) %}{{ this.after }}"
            '<script type="application/json" id="hotspot-data">{{ this.data }}</script>{% endmacro %}'
            "{% macro script(this, kwargs) %}{{ this.code }}{% endmacro %}"
        )

    head = figure.header
    policy = POLICY.format(hosts="".join(f" {host}" for host in hosts))
    language = '<meta name="viewport" content="width=device-width, initial-scale=1">'
    styles, code = leaflet_css() + template("map.css"), of.words("\n".join(map(template, _SCRIPTS)))
    head.add_child(Literal(f'<meta http-equiv="Content-Security-Policy" content="{policy}">', "policy"))
    head._children.move_to_end("policy_policy", last=False)
    head.add_child(Literal(f"<title>{of.words(title)}</title>{language}", "title"))
    head.add_child(Literal(f"<script>{leaflet_js()}</script>", "leaflet"))
    figure.html.add_child(Literal(before, "before"))
    page: Any = Page()
    page._id, page._name = "page", "page"
    page.after, page.data = after, of.words(script_json(data))
    page.code = f'document.body.dataset.map = "{plain.get_name()}";\n(function () {{\n"use strict";\n{code}\n}})();'
    plain.add_child(page, name="page")
    # Styles last: folium's own are written by render(), and ours must win.
    html = figure.render()
    html = html.replace("</head>", f"<style>{font_face(html, code + before)}{styles}</style>\n</head>", 1)
    return html.replace("<html>", '<html lang="zh-CN">', 1)


def frame(html: str, title: str, height: int = 640) -> str:
    """
    A page inside another one, as a notebook shows it.

    Parameters
    ----------
    height : int, pixels

    Returns
    -------
    str, one ``<iframe>``

    Examples
    --------
    >>> frame("<p>A</p>", "A map")[:38]
    '<iframe title="A map" srcdoc="&lt;p&gt'
    """
    inner = html.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;").replace(">", "&gt;")
    style = f"width:100%;height:{height}px;border:0"
    rights = 'sandbox="allow-scripts allow-modals allow-downloads"'  # modals: printing; downloads: list and picture
    return f'<iframe title="{escape(title)}" srcdoc="{inner}" style="{style}" {rights}></iframe>'


def leaflet_js() -> str:
    """
    Leaflet's code from the installed XStatic package, without the addresses in it.

    The copyright line stays (BSD-2-Clause); the link in it and in the map's corner,
    and the pointer to a source map, would be the only addresses of the page.

    Examples
    --------
    >>> "Vladimir Agafonkin" in leaflet_js(), "leafletjs.com" in leaflet_js()
    (True, False)
    """
    text = _leaflet("leaflet.js")
    text = re.sub(r"//# sourceMappingURL=\S+", "", text)
    text = text.replace(" https://leafletjs.com", " BSD-2-Clause licence")
    text = text.replace("https://leafletjs.com", "#")
    return text.replace("</script", "<\\/script").strip()


def leaflet_css() -> str:
    """
    Leaflet's styles without the pictures of controls that the page does not use.

    Examples
    --------
    >>> ".leaflet-pane" in leaflet_css(), "url(" in leaflet_css()
    (True, False)
    """
    text = re.sub(r"/\*.*?\*/", "", _leaflet("leaflet.css"), flags=re.DOTALL)
    return re.sub(r"[\w-]+\s*:\s*url\([^)]*\)\s*;", "", text)


def _leaflet(name: str) -> str:
    return (resources.files("xstatic.pkg.leaflet") / "data" / name).read_text(encoding="utf-8")


def template(name: str) -> str:
    """The text of a file of ``publish/templates``."""
    return (resources.files("hotspot.publish") / "templates" / name).read_text(encoding="utf-8")


def offline_page(name: str, data: Any, title: str) -> str:
    """
    A page of its own script, without a map library: ``NAME.html``, ``NAME.css`` and ``NAME.js`` around the data.

    Parameters
    ----------
    data : plain values, read by the script from ``#hotspot-data``
    title : str, escaped already

    Returns
    -------
    str: one file that asks the network for nothing
    """
    body, code, style = (template(f"{name}.{kind}") for kind in ("html", "js", "css"))
    packed = script_json(data)
    font = font_face(packed + title, body + code)
    return (
        f"{page_head(title, font + style)}<body>\n{body}"
        f'<script type="application/json" id="hotspot-data">{packed}</script>\n'
        f'<script>(function () {{\n"use strict";\n{code}\n}})();</script></body></html>\n'
    )


def page_head(title: str, style: str) -> str:
    """How a page without a network begins: its language, what it may load, its title and its looks."""
    return (
        '<!DOCTYPE html>\n<html lang="zh-CN"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY.format(hosts="")}">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>'
        f"<style>{style}</style></head>"
    )
