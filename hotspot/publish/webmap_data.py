"""
What a map page carries of the field: the lattice's corners once, and one short column per quantity.

Cells travel from the north-west row by row, as runs of neighbours; every corner is
shared by the cells around it and sent once. The page derives the rest.
"""

import numpy as np

from hotspot.publish.packing import column, pack, pack_runs
from hotspot.publish.palette import diverging_breaks, palette, sequential_breaks
from hotspot.publish.why_words import why_zh
from hotspot.text.escape import escape
from hotspot.variables import DataError

# Corners are sent to 1e-5 degree, about one metre.
_PER_DEGREE = 100_000
_CHANGES = {"year_on_year": 0, "month_on_month": 1}  # reason -> position of its base month in the field
_LEVELS = {
    "pm25": ("PM2.5 月均浓度", "PM2.5 monthly mean"),
    "previous": ("上月浓度", "Previous month"),
    "last_year": ("上年同月浓度", "Same month last year"),
}
_CHANGE_NAMES = {
    "year_on_year": ("同比变化", "Change, year on year"),
    "month_on_month": ("环比变化", "Change, month on month"),
}


def page_order(field):
    """
    Positions of the cells in the order in which a page holds them: rows from the north, columns from the west.

    Parameters
    ----------
    field : Dataset (cell, time), with coordinates ``row`` and ``col``

    Returns
    -------
    int array [n_cell]

    Examples
    --------
    >>> import xarray as xr
    >>> page_order(xr.Dataset(coords={"row": ("cell", [7, 8, 8]), "col": ("cell", [2, 5, 4])})).tolist()
    [2, 1, 0]
    """
    return np.lexsort((field["col"].to_numpy(), -field["row"].to_numpy().astype(np.int64)))


def pack_cells(field, grid, order):
    """
    Geometry, codes and owners of the cells, for the page.

    Parameters
    ----------
    field : Dataset (cell, time), with the coordinates of ``Grid.cover``
    grid : Grid
        The lattice of the field.
    order : int array [n_cell], from ``page_order``

    Returns
    -------
    dict: ``n``, ``runs`` (row step, first column, length, ...), corner ``lon`` and ``lat``,
    ``codes`` (each with the number of characters shared with the one before), ``units``
    (city, county, township), ``unit`` (position in it, per cell), ``labels``,
    ``gcj_lon`` and ``gcj_lat`` (centre in GCJ-02 minus centre in WGS 84)
    """
    from hotspot.grid.datum import wgs84_to_gcj02

    col, row = (field[name].to_numpy()[order].astype(np.int64) for name in ("col", "row"))
    starts = np.flatnonzero((np.diff(row, prepend=row[:1] + 1) != 0) | (np.diff(col, prepend=col[:1]) != 1))
    lengths = np.diff(starts, append=len(col))
    corners = np.stack([np.concatenate([row, row, row + 1, row + 1]), np.concatenate([col, col + 1, col, col + 1])])
    corners = np.unique(corners * np.array([[-1], [1]]), axis=1) * np.array([[-1], [1]])
    west, south = grid.bounds(corners[1], corners[0])[:2]
    lon, lat = (np.rint(np.asarray(v) * _PER_DEGREE).astype(np.int64) for v in grid.unproject(west, south))
    names = [_escaped(field, n, order) for n in ("city", "county", "township")]
    owners = list(zip(*names, strict=True))
    units = sorted(set(owners))
    where = {unit: i for i, unit in enumerate(units)}
    labels = _escaped(field, "label", order) if "label" in field.coords else []
    centre = [field[name].to_numpy()[order] for name in ("lon", "lat")]
    shifts = [
        np.rint((np.asarray(g) - c) * _PER_DEGREE).astype(np.int64)
        for g, c in zip(wgs84_to_gcj02(*centre), centre, strict=True)
    ]
    return {
        "n": len(col),
        "runs": pack(np.stack([row[starts], col[starts], lengths], axis=1).ravel()),
        # Along a row the corners are almost evenly spaced: the second difference is nearly nothing.
        "lon": pack(np.diff(lon, prepend=0)),
        "lat": pack(np.diff(lat, prepend=0)),
        "per": _PER_DEGREE,
        "codes": _shared_prefixes(field["cell"].to_numpy()[order]),
        "units": [list(unit) for unit in units],
        "unit": pack_runs([where[owner] for owner in owners]),
        "labels": [[i, label] for i, label in enumerate(labels) if label],
        "gcj_lon": pack(shifts[0]),
        "gcj_lat": pack(shifts[1]),
    }


def pack_field(field, order, *, decimals, change, gi=None):
    """
    The field's columns, and the layers a reader can choose between.

    Parameters
    ----------
    field : Dataset (cell, time) of the months M-12, M-1, M
    order : int array [n_cell], from ``page_order``
    decimals : int
        Digits of PM2.5 in print, ``criteria.warning.decimals``.
    change : str
        ``"percent"`` or ``"absolute"``, ``criteria.warning.change``.
    gi : Dataset (cell), optional
        ``gi_class`` ("hot", "cold" or "") and ``gi_z``, from ``rank.clusters.gi_star``.

    Returns
    -------
    dict: ``months``, ``columns`` (name -> packed column), ``layers`` (list of dicts with
    names, unit, limits and colours), ``why`` (texts) and ``change``
    """
    colours = palette()
    months = [str(t)[:7] for t in np.datetime_as_string(field["time"].to_numpy(), unit="M")]
    if len(months) != 3:
        raise DataError(f"the field has {len(months)} months; give the month, the one before and the year before.")
    level = [_take(field, "pm25", order, t) for t in range(3)]
    printed = [np.round(np.rint(np.round(v * 10**decimals, 7)) / 10**decimals, decimals) for v in level]
    columns = {f"pm25_{t}": column(v, decimals) for t, v in enumerate(level)}
    ramp = colours["sequential"]["concentration"]
    # Each month has its own scale (and the legend says so): a shared one leaves a clean month two colours.
    layers = [
        _layer(
            name, _LEVELS[name], "µg/m³", sequential_breaks(printed[t], len(ramp)), ramp, printed[t],
            column=f"pm25_{t}", month=months[t], own=True,
        )
        for name, t in (("pm25", 2), ("previous", 1), ("last_year", 0))
    ]  # fmt: skip
    for name, base in _CHANGES.items():
        with np.errstate(divide="ignore", invalid="ignore"):
            value = printed[2] - printed[base]
            if change == "percent":
                value = np.where(printed[base] > 0, value / printed[base] * 100, np.nan)
        ramp = colours["diverging"]["change"]
        unit = "%" if change == "percent" else "µg/m³"
        span = f"{months[base]} → {months[2]}"
        limits = diverging_breaks(value, len(ramp))
        layers.append(_layer(name, _CHANGE_NAMES[name], unit, limits, ramp, value, change=base, month=span))
    for name, digits, words, unit, scale, ramp in (
        ("coverage", 0, ("卫星覆盖率", "Coverage"), "%", 100.0, "coverage"),
        ("pm25_error", 1, ("误差（1σ）", "Error (1 sd)"), "µg/m³", 1.0, "error"),
    ):
        # A field from stations was seen from nowhere above: it has no coverage, and the page no such layer.
        if name in field and (name != "coverage" or field[name].notnull().any()):
            value = _take(field, name, order, 2) * scale
            columns[name] = column(value, digits)
            shades = colours["sequential"][ramp]
            limits = (
                [20.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0] if unit == "%" else sequential_breaks(value, len(shades))
            )
            layers.append(_layer(name, words, unit, limits, shades, value, column=name, month=months[2]))
    if "n_valid" in field:
        columns["n_valid"] = column(_take(field, "n_valid", order, 2), 0)
    if gi is not None:
        columns["gi"], layer = _cluster_layer(gi, field, order, months[2])
        layers.append(layer)
    why, columns["why"] = _texts(field, order)
    return {"months": months, "columns": columns, "layers": layers, "why": why, "change": change, "decimals": decimals}


def positions(codes, field, order, what):
    """
    Where cells stand on the page.

    Parameters
    ----------
    codes : sequence of str
    field : Dataset (cell, time)
    order : int array, from ``page_order``
    what : str
        The name of the table, for the message.

    Returns
    -------
    list of int

    Raises
    ------
    DataError
        A code is not among the cells of the field.
    """
    place = {str(code): i for i, code in enumerate(field["cell"].to_numpy()[order])}
    unknown = sorted({str(code) for code in codes} - set(place))
    if unknown:
        raise DataError(f"{what}, column cell: {unknown[0]!r} is no cell of the field; give the list of this study.")
    return [place[str(code)] for code in codes]


def _take(field, name, order, t):
    """One month of a variable in page order; a variable without time is the same in every month."""
    values = field[name]
    if "time" in values.dims:
        values = values.isel(time=t)
    return values.to_numpy().astype(float)[order]


def _escaped(field, name, order):
    """A text coordinate in page order; each distinct text is escaped once."""
    texts = field[name].to_numpy()[order].tolist()
    safe = {text: escape(text) for text in dict.fromkeys(texts)}
    return [safe[text] for text in texts]


def _layer(name, words, unit, limits, colours, values, **more):
    """A layer's description; ``empty`` where there is nothing to colour."""
    if len(limits) + 1 < len(colours):
        # Fewer classes than colours: spread them over the whole ramp.
        colours = [colours[round(i)] for i in np.linspace(0, len(colours) - 1, len(limits) + 1)]
    empty = not np.isfinite(values).any()
    zh, en = words
    return {"id": name, "zh": zh, "en": en, "unit": unit, "breaks": limits, "colours": colours, "empty": empty} | more


def _cluster_layer(gi, field, order, month):
    """Gi* classes: hot and cold as the test calls them, anything else is no cluster."""
    colours = palette()["clusters"]
    place = {code: i for i, code in enumerate(map(str, gi["cell"].to_numpy()))}
    score, kind = gi["gi_z"].to_numpy().astype(float), gi["gi_class"].to_numpy().astype(str)
    sign = np.select([np.isnan(score), kind == "hot", kind == "cold"], [np.nan, 1.0, -1.0], 0.0)
    at = [place.get(code, -1) for code in map(str, field["cell"].to_numpy()[order])]
    value = np.append(sign, np.nan)[at]  # -1, a cell that was not tested, takes the NaN at the end
    layer = {
        "id": "gi",
        "zh": "Gi* 聚集类别",
        "en": "Gi* clusters",
        "unit": "",
        "month": month,
        "column": "gi",
        "breaks": [-0.5, 0.5],
        "colours": [colours["cold"], colours["none"], colours["hot"]],
        "classes": [
            ["低值聚集", "Cluster of low values"],
            ["不显著", "Not significant"],
            ["高值聚集", "Cluster of high values"],
        ],
        "empty": not np.isfinite(value).any(),
    }
    return column(value, 0), layer


def _texts(field, order):
    """Reasons why cells of the month may not be ranked: the distinct (zh, en) pairs, and a column of positions."""
    if "why" not in field:
        return [["", ""]], column(np.zeros(len(order)), 0)
    why = field["why"]
    why = [str(text) for text in (why.isel(time=2) if "time" in why.dims else why).to_numpy()[order]]
    texts = ["", *sorted(set(why) - {""})]
    where = {text: i for i, text in enumerate(texts)}
    said = [[escape(why_zh(text)), escape(text)] for text in texts]
    return said, column(np.array([where[text] for text in why], dtype=float), 0)


def _shared_prefixes(codes):
    """Codes separated by blanks, each led by the number of characters it shares with the one before."""
    written, before = [], ""
    for code in map(str, codes):
        shared = 0
        while shared < min(len(before), len(code), 9) and before[shared] == code[shared]:
            shared += 1
        written.append(f"{shared}{code[shared:]}")
        before = code
    return " ".join(written)
