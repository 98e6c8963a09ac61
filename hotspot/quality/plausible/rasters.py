"""Layers that are another layer under a new date, one day again and again, or one number everywhere."""

from typing import Any

import numpy as np

from hotspot.quality.plausible.finding import Finding, Weight

# Layers of a month that are held against the stations; days are alike enough, and each costs a read.
_LAYERS = 5


def layers(satellite: Any, *, least: int) -> list[Finding]:
    """
    Repeated and constant layers, by the digests their reader left (attribute ``layers``).

    Parameters
    ----------
    satellite : DataArray (time, y, x) or None
        Attribute ``layers``: rows of day, file, digest, lowest, highest, number of values used.
    least : int
        Values that a layer needs for a repetition to mean something.

    Examples
    --------
    >>> import xarray as xr
    >>> rows = [(f"2020-02-{day:02d}", f"{day}.tif", "same", 3.0, 90.0, 100) for day in (1, 2, 3)]
    >>> field = xr.DataArray([0.0], dims="time", attrs={"period": "day", "layers": rows})
    >>> [(one.kind, one.hours, one.weight) for one in layers(field, least=16)]
    [('repeated_layer', 2, 'stop')]
    """
    if satellite is None:
        return []
    rows = satellite.attrs.get("layers")
    if rows is None:
        return [_unknown(satellite)]
    period = satellite.attrs.get("period")
    by_day: dict[str, list[tuple]] = {}
    for row in sorted(rows):
        if row[5] >= least:
            by_day.setdefault(row[0], []).append(row)
    first_of: dict[tuple, str] = {}
    repeated: dict[tuple[str, str], list[tuple[str, str]]] = {}
    constant: dict[str, list[tuple]] = {}
    for day, tiles in sorted(by_day.items()):
        if all(row[3] == row[4] for row in tiles):
            constant.setdefault(day[:7], []).append(tiles[0])
            continue
        digest = tuple(sorted({row[2] for row in tiles}))
        if digest in first_of:
            repeated.setdefault((day[:7], first_of[digest]), []).append((day, tiles[0][1]))
        else:
            first_of[digest] = day
    found = []
    for (month, origin), again in sorted(repeated.items()):
        words = f"the values of {origin}, pixel for pixel, under {len(again)} other date{'s' if len(again) > 1 else ''}"
        weight: Weight = "note" if period == "day" and len(again) == 1 else "stop"
        (first, file), (last, _) = again[0], again[-1]
        found.append(Finding(file, "satellite", month, len(again), "repeated_layer", words, weight, first, last))
    for month, same in sorted(constant.items()):
        words = f"one number everywhere ({same[0][3]:g} ug/m3)"
        found.append(
            Finding(same[0][1], "satellite", month, len(same), "constant_layer", words, "stop", same[0][0], same[-1][0])
        )
    return found


def _unknown(satellite: Any) -> Finding:
    return Finding(
        str(satellite.attrs.get("product", "satellite")), "satellite", "", 0, "repeated_layer",
        "the layers were not read from files, so repeated ones cannot be told", "not assessed",
    )  # fmt: skip


def at_stations(satellite: Any, stations: Any, months: list[str]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """
    A few layers of each month where the stations stand, with the stations' means of the same days.

    Parameters
    ----------
    satellite : DataArray (time, y, x) with ``crs`` and ``period``
    stations : Dataset (station, time), hourly, UTC
    months : list of str

    Returns
    -------
    dict of month -> (float64[n], float64[n]), ug/m3, satellite and stations, NaN where either is missing
    """
    import xarray as xr
    from pyproj import Transformer

    to_crs = Transformer.from_crs("EPSG:4326", satellite.attrs["crs"], always_xy=True)
    x, y = to_crs.transform(stations["lon"].values, stations["lat"].values)
    names = satellite["time"].values.astype("datetime64[M]").astype(str)
    shift = np.timedelta64(round(float(stations.attrs.get("utc_offset", 8.0)) * 60), "m")
    local = stations["time"].values.astype("datetime64[ns]") + shift
    values = stations["pm25"].transpose("station", "time").values
    daily = satellite.attrs.get("period") == "day"
    out = {}
    for month in months:
        at = np.flatnonzero(names == month)
        if not at.size or satellite.attrs.get("period") == "year":
            continue
        at = np.unique(at[np.linspace(0, at.size - 1, min(_LAYERS, at.size)).round().astype(int)])
        part = satellite.isel(time=at)
        steps = [abs(float(part[n][1] - part[n][0])) if part.sizes[n] > 1 else np.inf for n in ("x", "y")]
        where = {n: xr.DataArray(v, dims="station") for n, v in (("x", x), ("y", y))}
        seen = part.sel(where, method="nearest").transpose("station", "time").values.astype(float)
        inside = (np.abs(part["x"].sel(x=where["x"], method="nearest").values - x) <= steps[0]) & (
            np.abs(part["y"].sel(y=where["y"], method="nearest").values - y) <= steps[1]
        )
        hours = np.isin(local.astype("datetime64[D]"), part["time"].values.astype("datetime64[D]"))
        hours = hours if daily else local.astype("datetime64[M]").astype(str) == month
        told = values[:, hours]
        n = np.isfinite(told).sum(axis=1)
        mean = np.where(n >= 24, np.nansum(told, axis=1) / np.maximum(n, 1), np.nan)
        k = np.isfinite(seen).sum(axis=1)
        above = np.where(inside & (k > 0), np.nansum(seen, axis=1) / np.maximum(k, 1), np.nan)
        out[month] = (above, mean)
    return out
