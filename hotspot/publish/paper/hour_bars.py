"""An alarm's hours as bars against the neighbours, the wind of each hour below them."""

import math

import pandas as pd

from hotspot.publish.maps import drawing

WIDTH_MM, HEIGHT_MM = 66.0, 40.0
_LEFT, _BOTTOM, _TOP = 8.0, 12.0, 3.0


def hour_bars(hours: pd.DataFrame) -> dict:
    """
    Bars of the station, ticks of its neighbours' median, an arrow of the wind.

    Parameters
    ----------
    hours : DataFrame ``time`` (local), ``pm25 around`` (µg/m³), ``speed direction``, ``inside``

    Returns
    -------
    dict: ``svg``, ``labels`` (as ``drawing.Drawing``), ``width height`` (mm)

    Notes
    -----
    The arrow points to where the wind blows; a ring is calm; nothing where no wind is known.

    Examples
    --------
    >>> time = pd.date_range("2025-12-05 02:00", periods=3, freq="h")
    >>> hours = pd.DataFrame({"time": time, "pm25": [80.0, 210.0, 90.0], "around": [60.0, 65.0, 70.0],
    ...                       "speed": [2.0, 0.1, float("nan")], "direction": [90.0, float("nan"), float("nan")],
    ...                       "inside": [False, True, False]})
    >>> [label["text"] for label in hour_bars(hours)["labels"]][:4]
    ['210', '02', '03', '04']
    """
    draw = drawing.Drawing()
    n = max(len(hours), 1)
    top = _round_up(max(pd.concat([hours["pm25"], hours["around"]]).max(), 1.0))
    base = HEIGHT_MM - _BOTTOM
    scale = (base - _TOP) / top
    step = (WIDTH_MM - _LEFT - 1.0) / n
    for level in (0.0, top / 2, top):
        y = base - level * scale
        draw.svg.append(drawing.line(_LEFT, y, WIDTH_MM - 1.0, y, 0.12, "#999"))
    peak = hours["pm25"].idxmax() if hours["pm25"].notna().any() else None
    every = math.ceil(n / 14)
    texts = []
    for place, (at, row) in enumerate(hours.iterrows()):
        x = _LEFT + place * step
        if row["pm25"] == row["pm25"]:
            tall, fill = row["pm25"] * scale, "#222" if row["inside"] else "#bbb"
            draw.svg.append(
                f'<rect x="{x + 0.12 * step:.2f}" y="{base - tall:.2f}" width="{0.76 * step:.2f}" '
                f'height="{tall:.2f}" fill="{fill}"/>'
            )
            if at == peak:
                draw.say(x + step / 2, max(base - tall - 1.2, 1.2), f"{row['pm25']:.0f}", 6.0, 0)
        if row["around"] == row["around"]:
            y = base - row["around"] * scale
            draw.svg.append(drawing.line(x, y, x + step, y, 1.3, "#fff") + drawing.line(x, y, x + step, y, 0.7, "#c33"))
        if place % every == 0:
            draw.svg.append(_arrow(x + step / 2, base + 6.6, row["speed"], row["direction"]))
            texts.append((x + step / 2, base + 2.2, f"{row['time']:%H}"))
    for x, y, text in texts:
        draw.say(x, y, text, 5.4, 0)
    for level in (0.0, top / 2, top):
        draw.say(_LEFT - 3.6, base - level * scale, f"{level:.0f}", 5.4, 0.3)
    draw.say(_LEFT - 2.6, base + 2.2, "时", 5.4, 0.3)
    draw.say(_LEFT - 2.6, base + 6.6, "风", 5.4, 0.3)
    svg = drawing.svg(WIDTH_MM, HEIGHT_MM, draw.svg)
    return {"svg": svg, "labels": draw.labels, "width": WIDTH_MM, "height": HEIGHT_MM}


def _round_up(value: float) -> float:
    """The next of 1, 2, 2.5, 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1.0, 2.0, 2.5, 5.0, 10.0) if step * power >= value - 1e-9)


def _arrow(x: float, y: float, speed: float, direction: float) -> str:
    if speed != speed:
        return ""
    if direction != direction:
        return f'<circle cx="{x:.2f}" cy="{y:.2f}" r="0.7" fill="none" stroke="#000" stroke-width="0.3"/>'
    # SVG turns clockwise with y down, as a compass does; the arrow points to where the wind blows.
    return (
        f'<path d="M0,1.9V-1.9M-0.9,-0.7L0,-1.9L0.9,-0.7" fill="none" stroke="#000" stroke-width="0.35" '
        f'transform="translate({x:.2f},{y:.2f}) rotate({(direction + 180.0) % 360.0:.0f})"/>'
    )
