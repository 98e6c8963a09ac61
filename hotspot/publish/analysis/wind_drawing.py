"""
Wind roses and polar plots as SVG, for reports and notebooks.

North is up. Every shade is told from the next in grey too, calm stands in the
middle, and a bin with too few hours is hatched, never shaded. The texts are the
package's own words and numbers; nothing from data is printed.
"""

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from hotspot.publish.fonts import FAMILY, check_glyphs
from hotspot.publish.palette import palette, sequential_breaks, spread_over

if TYPE_CHECKING:
    import pandas as pd

SIDE, _RIM, _HUB = 60.0, 23.0, 5.6  # mm at size 60: the drawing's width, its outer ring, the disc of calm
_CENTRE = SIDE / 2, 29.0
_NAMES = {0: "北", 45: "东北", 90: "东", 135: "东南", 180: "南", 225: "西南", 270: "西", 315: "西北"}
_STEPS = (1, 2, 5, 10, 20, 25, 50)  # per cent between rings
_GREY = "#8a8f94"
# What a polar plot may show: column, factor, title, words of the classes.
_SHOWN = {
    "cpf": ("cpf", 100.0, "条件概率 CPF：高值小时占比（%）"),
    "cbpf": ("cbpf", 100.0, "区间条件概率 CBPF：浓度在区间内的小时占比（%）"),
    "lift": ("lift", 1.0, "高值倍数：高值小时占比与总体之比"),
    "mean": ("mean", 1.0, "平均浓度（μg/m³）"),
}


def wind_rose_svg(rose: "pd.DataFrame", *, size_mm: float = 60.0) -> str:
    """
    Draw a wind rose: how often the wind came from where, and how strong it was.

    Parameters
    ----------
    rose : DataFrame, from ``wind_rose`` or ``month_rose``
    size_mm : float
        Width; the height is 1.2 times that.

    Returns
    -------
    str, an SVG whose texts are Chinese

    Examples
    --------
    >>> from hotspot.trace.plumes.wind import wind_rose
    >>> wind_rose_svg(wind_rose([0.0, 0.0, 0.1], [-1.0, -3.0, 0.0], sectors=8)).count("静风")
    2
    """
    classes = list(dict.fromkeys(rose["speed"]))
    bearings = np.unique(rose["direction"].to_numpy(float))
    share = rose["share"].to_numpy(float).reshape(len(bearings), len(classes)) * 100
    ends = np.cumsum(share, axis=1)
    top = max(float(ends[:, -1].max()), 0.1)
    step = next((s for s in _STEPS if s * 5 >= top), _STEPS[-1])
    rim = step * math.ceil(top / step)
    colours = spread_over(palette()["sequential"]["coverage"], len(classes))

    def far(percent: float) -> float:
        return _HUB + (_RIM - _HUB) * percent / rim

    half = 360.0 / len(bearings) * 0.41
    parts = [_ring(far(r), _GREY, 0.15, "0.6,0.6" if r < rim else "") for r in range(step, rim + 1, step)]
    for bearing, row in zip(bearings, ends, strict=True):
        inner = 0.0
        for colour, outer in zip(colours, row.tolist(), strict=True):
            if outer > inner:
                parts.append(_sector(bearing, half, far(inner), far(outer), colour))
            inner = outer
    calm = float(rose.attrs["calm_share"]) * 100
    parts += [_disc(_HUB, "#ffffff"), *_directions()]
    parts += [
        text_svg(_CENTRE[0], _CENTRE[1] - 0.7, "静风", 2.3),
        text_svg(_CENTRE[0], _CENTRE[1] + 2.2, f"{calm:.0f}%", 2.5),
    ]
    # The rings' numbers stand between the two petals that leave most room, not near east and west: there they collide.
    gap = np.radians(bearings + 180.0 / len(bearings))
    room = ends[:, -1] + np.roll(ends[:, -1], -1) + np.where(np.abs(np.cos(gap)) < 0.5, 1000.0, 0.0)
    angle = float(gap[int(room.argmin())])
    for r in range(step, rim + 1, step):
        x, y = _CENTRE[0] + far(r) * math.sin(angle), _CENTRE[1] - far(r) * math.cos(angle)
        parts.append(text_svg(x, y + 0.7, f"{r}%", 2.0, halo=True))
    start = classes[0].split("-")[0]
    lines = [f"圆环：来风频率，每圈{step}%；共{rose.attrs['n_hours']}次观测", f"静风：风速小于{start} m/s，不计方向"]
    return _picture(parts, "风速（m/s）", colours, [c.replace("-", "–") for c in classes], lines, size_mm)


def polar_svg(polar: "pd.DataFrame", *, size_mm: float = 60.0, statistic: str = "cpf") -> str:
    """
    Draw a polar plot: direction the wind came from, rings of wind speed, shade for what was measured.

    Parameters
    ----------
    polar : DataFrame, from ``polar`` or ``station_polar``
    size_mm : float
        Width; the height is 1.2 times that.
    statistic : "cpf", "cbpf", "lift" or "mean"

    Returns
    -------
    str, an SVG whose texts are Chinese

    Raises
    ------
    ValueError
        The statistic is none of these.

    Examples
    --------
    >>> from hotspot.trace.plumes.polar import polar
    >>> table = polar([0, 0, 0, 0.1], [-2, -2, 2, 0], [80, 70, 10, 50], sectors=8, min_hours=1)
    >>> "条件概率" in polar_svg(table), "平均浓度" in polar_svg(table, statistic="mean")
    (True, True)
    """
    if statistic not in _SHOWN:
        raise ValueError(f"statistic is {statistic!r}; give one of {', '.join(_SHOWN)}.")
    column, factor, title = _SHOWN[statistic]
    about = polar.attrs
    speeds = polar["speed_from"].drop_duplicates().to_numpy(float)
    bearings = np.unique(polar["direction"].to_numpy(float))
    values = polar[column].to_numpy(float) * factor
    breaks = sequential_breaks(values, 6) or [float(np.nanmax(values, initial=0.0))]
    colours = spread_over(palette()["sequential"]["concentration"], len(breaks) + 1)
    half = 180.0 / len(bearings)
    edges = np.linspace(_HUB, _RIM, len(speeds) + 1)

    parts = [_HATCH]
    rows = zip(polar["direction"].tolist(), polar["speed_from"].tolist(), polar["hours"].tolist(), values, strict=True)
    for bearing, speed, hours, value in rows:
        ring = int(np.searchsorted(speeds, speed))
        if hours:
            fill = "url(#few)" if np.isnan(value) else colours[int(np.digitize(value, breaks))]
            parts.append(_sector(bearing, half, edges[ring], edges[ring + 1], fill, line=0.08))
    parts += [_ring(r, _GREY, 0.12, "0.6,0.6") for r in edges[1:-1].tolist()] + [_ring(_RIM, "#000000", 0.2, "")]
    calm = {"cpf": "calm_cpf", "mean": "calm_mean"}.get(statistic)
    seen = about[calm] * factor if calm and about["calm_hours"] >= about["min_hours"] else float("nan")
    level = int(np.digitize(seen, breaks)) if not np.isnan(seen) else None
    ink = "#ffffff" if level is not None and level >= 0.6 * len(colours) else "#000000"
    parts.append(_disc(_HUB, "#ffffff" if level is None else colours[level]))
    parts += [
        text_svg(_CENTRE[0], _CENTRE[1] - 0.7, "静风", 2.3, ink=ink),
        text_svg(_CENTRE[0], _CENTRE[1] + 2.2, f"{about['calm_hours']}时", 2.3, ink=ink),
        *_directions(),
    ]
    angle = math.radians(22.5 if len(bearings) < 16 else bearings[1] * 1.5)
    for edge, speed in zip(edges[1:-1].tolist(), speeds[1:].tolist(), strict=True):
        x, y = _CENTRE[0] + edge * math.sin(angle), _CENTRE[1] - edge * math.cos(angle)
        parts.append(text_svg(x, y + 0.7, f"{speed:g}", 2.0, halo=True))
    words = [f"<{breaks[0]:g}"] + [f"{a:g}–{b:g}" for a, b in pairwise(breaks)]
    words.append(f"≥{breaks[-1]:g}")
    lines = [
        f"圆环：风速（m/s）；共{about['n_hours']}小时；斜线：不足{about['min_hours']}小时",
        _high_words(about, statistic),
    ]
    return _picture(parts, title, colours, words, lines, size_mm)


def _high_words(about: dict[str, Any], statistic: str) -> str:
    """What counts as high, in the drawing's last line."""
    if statistic == "cbpf":
        low, high = about["interval"]
        return f"区间：大于{low:.0f} μg/m³" + (f"，不大于{high:.0f} μg/m³" if math.isfinite(high) else "")
    if statistic == "mean":
        return f"静风：风速小于{about['calm_ms']:g} m/s，不计方向"
    mean = "" if math.isnan(about["base"]) else f"；有风时平均{about['base']:.0%}"
    return f"高值：大于{about['limit']:.0f} μg/m³（最高{about['high_share']:.0%}）{mean}"


_HATCH = (
    '<defs><pattern id="few" width="1.1" height="1.1" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    f'<path d="M0,0V1.1" stroke="{_GREY}" stroke-width="0.28"/></pattern></defs>'
)


def _sector(bearing: float, half: float, inner: float, outer: float, fill: str, line: float = 0.12) -> str:
    """A piece of a ring, centred on a bearing."""
    x, y = _CENTRE
    corners = []
    for degrees, radius in ((-half, inner), (-half, outer), (half, outer), (half, inner)):
        angle = math.radians(bearing + degrees)
        corners.append(f"{x + radius * math.sin(angle):.2f},{y - radius * math.cos(angle):.2f}")
    a, b, c, d = corners
    path = f"M{a}L{b}A{outer:.2f},{outer:.2f} 0 0 1 {c}L{d}A{inner:.2f},{inner:.2f} 0 0 0 {a}Z"
    return f'<path d="{path}" fill="{fill}" stroke="#000000" stroke-width="{line}"/>'


def _ring(radius: float, colour: str, width: float, dash: str) -> str:
    x, y = _CENTRE
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<circle cx="{x:g}" cy="{y:g}" r="{radius:.2f}" fill="none" stroke="{colour}" stroke-width="{width}"{dashes}/>'
    )


def _disc(radius: float, fill: str) -> str:
    x, y = _CENTRE
    return f'<circle cx="{x:g}" cy="{y:g}" r="{radius:g}" fill="{fill}" stroke="#000000" stroke-width="0.2"/>'


def _directions() -> list[str]:
    """The eight names around the rim, and a tick at each."""
    parts = []
    for bearing, name in _NAMES.items():
        angle = math.radians(bearing)
        east, north = math.sin(angle), math.cos(angle)
        x, y = _CENTRE
        inner, outer, away = _RIM, _RIM + 0.9, _RIM + (3.0 if bearing % 90 == 0 else 3.4)
        parts.append(
            f'<path d="M{x + inner * east:.2f},{y - inner * north:.2f}L{x + outer * east:.2f},{y - outer * north:.2f}" '
            'stroke="#000000" stroke-width="0.2"/>'
        )
        size = 3.0 if bearing % 90 == 0 else 2.2
        parts.append(text_svg(x + away * east, y - away * north + 0.36 * size, name, size))
    return parts


def text_svg(
    x: float, y: float, text: str, size: float, *, ink: str = "#000000", anchor: str = "middle", halo: bool = False
) -> str:
    """One text on its base line; a halo keeps it legible on ink."""
    check_glyphs([text])
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    place = f'x="{x:.2f}" y="{y:.2f}" font-size="{size:g}" text-anchor="{anchor}"'
    under = (
        f'<text {place} fill="#ffffff" stroke="#ffffff" stroke-width="0.7" stroke-linejoin="round">{text}</text>'
        if halo
        else ""
    )
    return f'{under}<text {place} fill="{ink}">{text}</text>'


def _picture(
    parts: list[str], title: str, colours: list[str], words: list[str], lines: list[str], size_mm: float
) -> str:
    """The drawing with its key below."""
    y, parts = 59.3, list(parts)
    parts.append(text_svg(1.0, y, title, 2.4, anchor="start"))
    width = (SIDE - 2.0) / len(colours)
    for k, (colour, word) in enumerate(zip(colours, words, strict=True)):
        x = 1.0 + k * width
        box = f'<rect x="{x:.2f}" y="{y + 1.2:.2f}" width="{width:.2f}" height="2.2"'
        parts.append(f'{box} fill="{colour}" stroke="#000000" stroke-width="0.15"/>')
        parts.append(text_svg(x + width / 2, y + 6.0, word, 2.1))
    for k, line in enumerate(lines):
        parts.append(text_svg(1.0, y + 9.1 + 3.0 * k, line, 2.1, anchor="start"))
    return svg_of(parts, 1.2 * SIDE, size_mm)


def svg_of(parts: list[str], height: float, size_mm: float) -> str:
    """A drawing of ``SIDE`` by ``height`` units, as wide as ``size_mm``."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size_mm:g}mm" height="{height / SIDE * size_mm:g}mm" '
        f'viewBox="0 0 {SIDE:g} {height:g}" font-family="{FAMILY}">{"".join(parts)}</svg>'
    )
