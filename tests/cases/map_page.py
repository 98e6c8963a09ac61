"""Reading a map page from outside: its data unpacked the plain way, a cell's pixel, a month chosen."""

import base64
import json
import re

import numpy as np


def data_of(html):
    return json.loads(
        re.search(r'<script type="application/json" id="hotspot-data">(.*?)</script>', html, re.DOTALL)[1]
    )


def slow_unpack(text):
    """The packed column read back the plain way."""
    numbers, number, place = [], 0, 0
    for byte in base64.b64decode(text):
        number |= (byte & 127) << place
        place += 7
        if byte < 128:
            numbers.append((number >> 1) ^ -(number & 1))
            number = place = 0
    return np.cumsum(numbers).tolist()


def column_of(data, name):
    """A packed column as floats, NaN where missing."""
    packed = data["field"]["columns"][name]
    stored = slow_unpack(packed["data"])
    if packed["runs"]:
        stored = np.repeat(stored[::2], stored[1::2]).tolist()
    return np.array([np.nan if s == 0 else (s + packed["base"]) / packed["per"] for s in stored])


def cell_on_screen(shown, code):
    """Pixel of a cell's centre, from the page's own map."""
    spot = shown.page.evaluate(
        """([lat, lon]) => { const p = map_hotspot.latLngToContainerPoint([lat, lon]);
        const box = map_hotspot.getContainer().getBoundingClientRect(); return [p.x + box.left, p.y + box.top]; }""",
        code,
    )
    return spot


def to_month(shown, t):
    """Put the slider there as a hand would: the control's own value and event."""
    shown.page.evaluate(
        "t => { const s = document.getElementById('hs-slider'); s.value = t; s.dispatchEvent(new Event('input')); }", t
    )


def painted(shown, spot):
    """Colour of the cells' canvas under a place (lat, lon), as #rrggbb."""
    return shown.page.evaluate(
        """([lat, lon]) => {
        const c = document.querySelector('.hs-canvas'), box = c.getBoundingClientRect(), map = map_hotspot;
        const p = map.latLngToContainerPoint([lat, lon]), frame = map.getContainer().getBoundingClientRect();
        const x = (p.x + frame.left - box.left) * c.width / box.width;
        const y = (p.y + frame.top - box.top) * c.height / box.height;
        const d = c.getContext('2d').getImageData(Math.round(x), Math.round(y), 1, 1).data;
        return '#' + [d[0], d[1], d[2]].map(v => v.toString(16).padStart(2, '0')).join(''); }""",
        list(spot),
    )
