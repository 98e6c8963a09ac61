"""
One month of a field as a map for a screen or a paper: cells in their projection, borders, scale bar, legend with units.

Colours and limits are those of the web map and the report; every letter is drawn with the font that is held against
its own glyphs.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from hotspot import contracts
from hotspot.publish.fonts import check_glyphs, font_path
from hotspot.publish.palette import diverging_breaks, palette, sequential_breaks, spread_over
from hotspot.publish.words import FIELDS
from hotspot.text.labels import label_of
from hotspot.variables import DataError

if TYPE_CHECKING:
    import geopandas as gpd
    from matplotlib.axes import Axes
    from matplotlib.font_manager import FontProperties

_BARS_KM = (1, 2, 5, 10, 20, 50, 100, 200)
_EMPTY = "#e4e6e8"
# variable -> (ramp, Chinese, English, unit)
_KNOWN = {
    "pm25": ("concentration", *FIELDS["pm25"], "µg/m³"),
    "pm25_base": ("concentration", "@apart@比较基数", "base of changes", "µg/m³"),
    "pm25_plain": ("concentration", "@apart@卫星原值", "satellite alone", "µg/m³"),
    "pm25_seen": ("concentration", "@apart@有观测日均值", "days seen", "µg/m³"),
    "pm25_filled": ("concentration", "@apart@补全后均值", "days filled", "µg/m³"),
    "pm25_normalised": ("concentration", "@apart@平均气象条件下", "in average weather", "µg/m³"),
    "pm25_error": ("error", *FIELDS["pm25_error"], "µg/m³"),
    "coverage": ("coverage", *FIELDS["coverage"], "1"),
    "n_valid": ("coverage", label_of("valid_days"), "valid days", "d"),
    "level": ("level", *FIELDS["level"], "µg/m³"),
}


def month_plot(
    field: xr.Dataset,
    month: str | None = None,
    *,
    variable: str = "pm25",
    boundaries: "gpd.GeoDataFrame | None" = None,
    ax: "Axes | None" = None,
    title: str | None = None,
) -> "Axes":
    """
    Draw one month of a field.

    Parameters
    ----------
    field : Dataset (cell, time)
    month : str, optional
        Default the month the field is named after, else its last.
    variable : str
        A number per cell.
    boundaries : GeoDataFrame, optional
        From ``Study.boundaries``: their borders are drawn. Default: where the cells' city changes.
    ax : matplotlib Axes, optional
        Default a new figure.
    title : str, optional
        Default the quantity and the month, Chinese and English.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    DataError
        The field has no such month, variable, or no places of its cells; or a text has a letter the font lacks.

    Examples
    --------
    >>> from hotspot.estimate.field.monthly import monthly_field
    >>> from hotspot.synthetic.study import synthetic_month
    >>> ax = month_plot(monthly_field(synthetic_month(size="small"))[0], "2025-11")
    >>> ax.get_title()
    'PM2.5 月均浓度 · 2025-11\\nPM2.5 monthly mean'
    """
    import matplotlib.pyplot as plt
    from matplotlib.collections import PolyCollection
    from matplotlib.colors import BoundaryNorm, ListedColormap
    from matplotlib.font_manager import FontProperties

    values, ok, name = _shown(field, month, variable)
    unknown = ("concentration", variable, "", str(field[variable].attrs.get("unit", "")))
    ramp, zh, en, unit = contracts.pollutant_of(field).told(_KNOWN.get(variable, unknown))
    heading = title if title is not None else "\n".join(filter(None, (f"{zh} · {name}" if name else zh, en)))
    label = f"{unit}" if unit not in ("", "1") else "0–1" if unit == "1" else ""
    note = "灰色：无数值 grey: no value" + ("；斜线：不参加排名 hatched: not ranked" if not ok.all() else "")
    check_glyphs([heading, label, note])
    font = FontProperties(fname=str(font_path()))

    spacing = float(field.attrs["spacing"])
    x, y = (field[axis].values.astype(float) for axis in ("x", "y"))
    squares = np.stack([np.stack([x + dx, y + dy], axis=1) for dx, dy in _corners(spacing)], axis=1)
    if ax is None:
        width, height = np.ptp(x) + spacing, np.ptp(y) + spacing
        size = 6.4
        _, ax = plt.subplots(figsize=(size + 1.4, float(np.clip(size * height / width, 3.0, 9.0)) + 0.9))
    known = np.isfinite(values)
    signed = bool(known.any() and np.nanmin(values) < 0)
    colours = palette()["diverging"]["change"] if signed else palette()["sequential"][ramp]
    limits = (diverging_breaks if signed else sequential_breaks)(values, len(colours))
    colours = spread_over(colours, len(limits) + 1)
    ax.add_collection(PolyCollection(squares[~known], facecolor=_EMPTY, edgecolor="white", linewidth=0.2))
    norm = BoundaryNorm([-np.inf, *limits, np.inf], len(colours))
    drawn = PolyCollection(squares[known], array=values[known], cmap=ListedColormap(colours), norm=norm)
    drawn.set(edgecolor="white", linewidth=0.2)
    ax.add_collection(drawn)
    aside = known & ~ok
    ax.add_collection(
        PolyCollection(squares[aside], facecolor="none", edgecolor="#5d6a76", hatch="////", linewidth=0.0)
    )
    _borders(ax, field, boundaries, spacing)
    _legend(ax, limits, colours, label, font)
    margin = spacing * 0.8
    ax.set(xlim=(x.min() - margin, x.max() + margin), ylim=(y.min() - 3.2 * margin, y.max() + margin), aspect="equal")
    ax.set(xticks=[], yticks=[], xlabel="", ylabel="")
    _scale_bar(ax, field, spacing, font)
    ax.set_title(heading, fontproperties=font, fontsize=11)
    ax.text(0.0, -0.015, note, transform=ax.transAxes, fontproperties=font, fontsize=7.5, va="top", color="#3d4c53")
    return ax


def _shown(field: xr.Dataset, month: str | None, variable: str) -> tuple[Any, Any, str]:
    """Values of the cells, whether each may be ranked, and the name of the period."""
    for name in ("x", "y"):
        if name not in field.coords or "spacing" not in field.attrs:
            raise DataError(
                "field: its cells have no places (x, y and the attribute spacing); give one of monthly_field."
            )
    if variable not in field or not np.issubdtype(field[variable].dtype, np.number):
        numbers = ", ".join(str(n) for n in field.data_vars if np.issubdtype(field[n].dtype, np.number))
        raise DataError(f"field: {variable!r} is none of its numbers; give one of {numbers}.")
    if "time" not in field.dims:
        year = str(field.attrs.get("year", ""))
        if month is not None and month != year:
            raise DataError(f"the field has no months, so no {month}; it is a mean of {year or 'one period'}.")
        values, ok, name = field[variable].values, field.get("valid", xr.ones_like(field[variable])).values, year
    else:
        name = contracts.named(field) if month is None else month
        values = contracts.values_of(field, variable, name)
        contracts.of_month(field, name)
        ok = contracts.values_of(field, "valid", name) if "valid" in field else np.ones(values.shape)
    return values.astype(float), ok.astype(bool), name


def _corners(spacing: float) -> tuple[tuple[float, float], ...]:
    half = spacing / 2
    return ((-half, -half), (half, -half), (half, half), (-half, half))


def _borders(ax: "Axes", field: xr.Dataset, boundaries: "gpd.GeoDataFrame | None", spacing: float) -> None:
    """The borders of cities: of the study's boundaries, or the sides of cells beyond which the city is another."""
    from matplotlib.collections import LineCollection

    colour = palette()["lines"]["city"]
    if boundaries is not None:
        cities = boundaries.dissolve("city") if "city" in boundaries else boundaries
        cities.to_crs(field.attrs["crs"]).boundary.plot(ax=ax, color=colour, linewidth=0.9)
        return
    column, row = (np.floor(field[axis].values.astype(float) / spacing).astype(int) for axis in ("x", "y"))
    city = field["city"].values.astype(str) if "city" in field.coords else np.full(column.size, "")
    owner = dict(zip(zip(column.tolist(), row.tolist(), strict=True), city.tolist(), strict=True))
    sides = {(1, 0): ((1, 0), (1, 1)), (-1, 0): ((0, 0), (0, 1)), (0, 1): ((0, 1), (1, 1)), (0, -1): ((0, 0), (1, 0))}
    lines = {
        tuple(((c + dx) * spacing, (r + dy) * spacing) for dx, dy in ends)
        for (c, r), own in owner.items()
        for (across, up), ends in sides.items()
        if owner.get((c + across, r + up)) != own
    }
    ax.add_collection(LineCollection(sorted(lines), colors=colour, linewidths=0.9))


def _legend(ax: "Axes", limits: list[float], colours: list[str], label: str, font: "FontProperties") -> None:
    """Colours with their limits, one box a class; drawn by hand, so that no number is a missing glyph."""
    from matplotlib.colors import ListedColormap

    n = len(colours)
    box = ax.inset_axes((1.02, 0.05, 0.035, 0.85))
    box.imshow(np.arange(n)[:, None], cmap=ListedColormap(colours), aspect="auto", origin="lower", extent=(0, 1, 0, n))
    box.set(xticks=[], yticks=np.arange(1, n))
    box.yaxis.tick_right()
    box.set_yticklabels([f"{limit:g}" for limit in limits], fontproperties=font, fontsize=8)
    box.set_title(label, fontproperties=font, fontsize=9, loc="left")


def _scale_bar(ax: "Axes", field: xr.Dataset, spacing: float, font: "FontProperties") -> None:
    """A bar of round kilometres on the ground, as long as they are in the middle of the map, and north beside it."""
    from hotspot.grid.frame import geodesic_size, north_angle
    from hotspot.grid.lattice import Grid

    grid = Grid(spacing, crs=field.attrs.get("crs"))
    x, y = float(field["x"].mean()), float(field["y"].mean())
    col, row = int(np.floor(x / spacing)), int(np.floor(y / spacing))
    east_west, _ = geodesic_size(grid, col, row)
    west, east = ax.get_xlim()
    south, _ = ax.get_ylim()
    per_km = 1000.0 * spacing / float(east_west)
    fits = [km for km in _BARS_KM if km * per_km <= 0.3 * (east - west)]
    km = fits[-1] if fits else _BARS_KM[0]
    left, base = west + 0.03 * (east - west), south + 0.9 * spacing
    ax.plot([left, left + km * per_km], [base, base], color="#1d2730", linewidth=2.5, solid_capstyle="butt")
    ax.text(left + km * per_km / 2, base + 0.25 * spacing, f"{km} km", fontproperties=font, fontsize=8, ha="center")
    turn = np.radians(float(north_angle(grid, col, row)))
    reach = 1.4 * spacing
    foot = (east - 0.08 * (east - west), south + 0.5 * spacing)
    tip = (foot[0] - reach * np.sin(turn), foot[1] + reach * np.cos(turn))
    ax.annotate("", xy=tip, xytext=foot, arrowprops={"arrowstyle": "-|>", "color": "#1d2730", "linewidth": 1.2})
    ax.text(foot[0] - 0.3 * spacing, foot[1] + 0.4 * spacing, "北 N", fontproperties=font, fontsize=8, ha="right")
