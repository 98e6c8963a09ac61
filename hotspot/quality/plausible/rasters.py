"""Layers that are another layer under a new date, one day again and again, or one number everywhere."""

from typing import Any

import numpy as np

from hotspot.quality.plausible.finding import Finding, Weight

# Layers of a month that are held against the stations; days are alike enough, and each costs a read.
_LAYERS = 5
# Places two sketches must share for their likeness to mean something.
_PLACES = 64


def layers(satellite: Any, *, least: int, copy_r: float) -> list[Finding]:
    """
    Repeated and constant layers, by the digests and sketches their reader left (attribute ``layers``).

    Parameters
    ----------
    satellite : DataArray (time, y, x) or None
        Attribute ``layers``: rows of day, file, digest, lowest, highest, number of values used, sketch.
    least : int
        Values that a layer needs for a repetition to mean something.
    copy_r : float
        Correlation of two sketches beyond which one is the other, scaled, shifted or jittered (``disguised``).

    Examples
    --------
    >>> import xarray as xr
    >>> rows = [(f"2020-02-{day:02d}", f"{day}.tif", "same", 3.0, 90.0, 100, "") for day in (1, 2, 3)]
    >>> field = xr.DataArray([0.0], dims="time", attrs={"period": "day", "layers": rows})
    >>> [(one.kind, one.hours, one.weight) for one in layers(field, least=16, copy_r=0.998)]
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
    return found + disguised({day: by_day[day] for day in first_of.values()}, period, copy_r)


def disguised(by_day: dict[str, list[tuple]], period: str | None, copy_r: float) -> list[Finding]:
    """
    Layers that are an earlier one by a factor, an offset and little noise.

    Parameters
    ----------
    by_day : dict of day -> rows of its tiles, as for ``layers``; no two with the same digest
    period : str, day, month or year
    copy_r : float

    Notes
    -----
    Pearson's correlation of two sketches, over at least ``_PLACES`` places where both were used. Different months of
    real products reach .9963 at most (``python docs/trusting_a_delivery.py rasters``).

    Examples
    --------
    >>> from hotspot.sources.satellite.rasters import tally
    >>> air = np.random.default_rng(1).uniform(20, 60, (40, 40))
    >>> rows = {
    ...     day: [(day, "a.tif", day, 0.0, 9.0, 1600, tally(values, np.zeros(air.shape, bool))["sketch"])]
    ...     for day, values in (("2020-01-01", air), ("2020-02-01", 1.1 * air + 3))
    ... }
    >>> [one.looks_like for one in disguised(rows, "month", 0.998)]
    ['the values of 2020-01-01 times 1.10 plus 3.0 (r 1.0000 over 256 places); two months of air are never so alike']
    """
    from hotspot.sources.satellite.rasters import unpack_sketch

    days = sorted(day for day, tiles in by_day.items() if all(row[6] for row in tiles))
    drawn = [np.concatenate([unpack_sketch(row[6]) for row in sorted(by_day[day])]) for day in days]
    found: dict[str, list[tuple[str, str]]] = {}
    for at in range(1, len(days)):
        earlier = [n for n in range(at) if drawn[n].size == drawn[at].size]
        if not earlier:
            continue
        r, n, slope, offset = _alike(drawn[at], np.array([drawn[n] for n in earlier]))
        best = int(np.argmax(r))
        if r[best] >= copy_r:
            words = (
                f"the values of {days[earlier[best]]} times {slope[best]:.2f} plus {offset[best]:.1f} (r {r[best]:.4f} "
                f"over {n[best]} places); two {period or 'layer'}s of air are never so alike"
            )
            found.setdefault(days[at][:7], []).append((days[at], words))
    out = []
    for month, again in sorted(found.items()):
        weight: Weight = "note" if period == "day" and len(again) == 1 else "stop"
        file = by_day[again[0][0]][0][1]
        days_of = again[0][0], again[-1][0]
        out.append(Finding(file, "satellite", month, len(again), "repeated_layer", again[0][1], weight, *days_of))
    return out


def _alike(late: np.ndarray, early: np.ndarray) -> tuple[np.ndarray, ...]:
    """Correlation of one sketch with each of many, number of places, and the line late = slope early + offset."""
    both = np.isfinite(late)[None] & np.isfinite(early)
    n = both.sum(axis=1)
    many = np.maximum(n, 1)
    x, y = np.where(both, early, 0.0), np.where(both, late, 0.0)
    mean_x, mean_y = x.sum(axis=1) / many, y.sum(axis=1) / many
    x, y = np.where(both, x - mean_x[:, None], 0.0), np.where(both, y - mean_y[:, None], 0.0)
    xx, yy, xy = (x * x).sum(axis=1), (y * y).sum(axis=1), (x * y).sum(axis=1)
    known = (n >= _PLACES) & (xx > 0) & (yy > 0)
    r = np.where(known, xy / np.sqrt(np.where(known, xx * yy, 1.0)), -1.0)
    slope = np.where(known, xy / np.where(xx > 0, xx, 1.0), np.nan)
    return r, n, slope, mean_y - slope * mean_x


def _unknown(satellite: Any) -> Finding:
    return Finding(
        str(satellite.attrs.get("product", "satellite")), "satellite", "", 0, "repeated_layer",
        "the layers were not read from files, so repeated ones cannot be told", "not assessed",
    )  # fmt: skip


def at_stations(
    satellite: Any, stations: Any, months: list[str], once: Any
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """
    A few layers of each month where the stations stand, with the stations' means of the same days.

    Parameters
    ----------
    satellite : DataArray (time, y, x) with ``crs`` and ``period``
    stations : Dataset (station, time), hourly, UTC
    months : list of str
    once : Once
        Of the run: what a layer says at a place is read once.

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

        def at_places(layers: Any, where: Any = where) -> np.ndarray:
            return layers.sel(where, method="nearest").transpose("time", "station").values.astype(float)

        seen = once.of_layers(part, ["at places", x.tolist(), y.tolist()], at_places).T
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
