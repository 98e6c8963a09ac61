"""Layers that are another layer under a new date, one day again and again, or one number everywhere."""

from typing import Any, NamedTuple

import numpy as np

from hotspot.quality.plausible.finding import Finding, Weight
from hotspot.rules.calendar import local_times
from hotspot.rules.plausible import Plausible

# Layers of a month that are held against the stations; days are alike enough, and each costs a read.
_LAYERS = 5
# Places two sketches must share for their likeness to mean something.
_PLACES = 64
# Layers held against all before them at once.
_AT_ONCE = 256


class _Copied(NamedTuple):
    of: int  # position of the layer it is a copy of
    slope: float
    offset: float
    r: float
    places: int


def layers(satellite: Any, rules: Plausible) -> list[Finding]:
    """
    Repeated and constant layers, by the digests and sketches their reader left (attribute ``layers``).

    Parameters
    ----------
    satellite : DataArray (time, y, x) or None
        Attribute ``layers``: rows of day, file, digest, lowest, highest, number of values used, sketch.
    rules : Plausible
        ``layer_values``, that a layer needs for a repetition to mean something; what makes a copy (``disguised``).

    Examples
    --------
    >>> import xarray as xr
    >>> rows = [(f"2020-02-{day:02d}", f"{day}.tif", "same", 3.0, 90.0, 100, "") for day in (1, 2, 3)]
    >>> field = xr.DataArray([0.0], dims="time", attrs={"period": "day", "layers": rows})
    >>> [(one.kind, one.hours, one.weight) for one in layers(field, Plausible())]
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
        if row[5] >= rules.layer_values:
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
    return found + disguised({day: by_day[day] for day in first_of.values()}, period, rules)


def disguised(by_day: dict[str, list[tuple]], period: str | None, rules: Plausible) -> list[Finding]:
    """
    Layers that are an earlier one by a factor, an offset and little noise.

    Parameters
    ----------
    by_day : dict of day -> rows of its tiles, as for ``layers``; no two with the same digest
    period : str, day, month or year

    Notes
    -----
    Pearson's r of two sketches, over at least ``_PLACES`` places where both were used: a copy from ``copy_r`` on. Noise
    that was laid over a copy lowers r, but has no pattern, where the change from one month of air to another has: from
    ``noisy_r`` on a copy is also what leaves, beside the straight line through the other, neighbouring places alike by
    less than ``noisy_left`` (Moran's I on the sketch's rows and columns). Different months of real products:
    ``python docs/trusting_a_delivery.py rasters``.

    Examples
    --------
    >>> from hotspot.sources.satellite.rasters import tally
    >>> air = np.random.default_rng(1).uniform(20, 60, (40, 40))
    >>> rows = {
    ...     day: [(day, "a.tif", day, 0.0, 9.0, 1600, tally(values, np.zeros(air.shape, bool))["sketch"])]
    ...     for day, values in (("2020-01-01", air), ("2020-02-01", 1.1 * air + 3))
    ... }
    >>> [one.looks_like for one in disguised(rows, "month", Plausible())]
    ['the values of 2020-01-01 times 1.10 plus 3.0 (r 1.0000 over 256 places); two months of air are never so alike']
    """
    from hotspot.sources.satellite.rasters import unpack_sketch

    days = sorted(day for day, tiles in by_day.items() if all(row[6] for row in tiles))
    drawn = [np.concatenate([unpack_sketch(row[6]) for row in sorted(by_day[day])]) for day in days]
    found: dict[str, list[tuple[str, str]]] = {}
    for day, told in zip(days, _copies(drawn, rules), strict=True):
        if told is not None:
            words = (
                f"the values of {days[told.of]} times {told.slope:.2f} plus {told.offset:.1f} (r {told.r:.4f} "
                f"over {told.places} places); two {period or 'layer'}s of air are never so alike"
            )
            found.setdefault(day[:7], []).append((day, words))
    out = []
    for month, again in sorted(found.items()):
        weight: Weight = "note" if period == "day" and len(again) == 1 else "stop"
        file = by_day[again[0][0]][0][1]
        days_of = again[0][0], again[-1][0]
        out.append(Finding(file, "satellite", month, len(again), "repeated_layer", again[0][1], weight, *days_of))
    return out


def _copies(drawn: list[np.ndarray], rules: Plausible) -> list[_Copied | None]:
    """What each of some sketches is a copy of, of those before it; None where it is of none."""
    found: list[_Copied | None] = [None] * len(drawn)
    least = min(float(rules.copy_r), float(rules.noisy_r))
    for size in sorted({one.size for one in drawn}):
        own = np.array([n for n, one in enumerate(drawn) if one.size == size])
        sketches = np.array([drawn[n] for n in own])
        for first in range(0, own.size, _AT_ONCE):
            late = sketches[first : first + _AT_ONCE]
            for at, close in enumerate(_close(late, sketches[: first + len(late)], least), first):
                earlier = np.flatnonzero(close[:at])
                if earlier.size:
                    found[own[at]] = _copied(sketches[at], sketches[earlier], own[earlier], rules)
    return found


def _copied(late: np.ndarray, early: np.ndarray, which: np.ndarray, rules: Plausible) -> _Copied | None:
    """What a sketch is a copy of, of some earlier ones, which have these positions; None where it is of none."""
    r, n, slope, offset = _alike(late, early)
    left = [_left_alike(late, slope[k] * one + offset[k]) if r[k] >= rules.noisy_r else 1.0
            for k, one in enumerate(early)]  # fmt: skip
    copy = (r >= rules.copy_r) | (np.array(left) < rules.noisy_left)
    best = int(np.argmax(np.where(copy, r, -1.0)))
    return _Copied(int(which[best]), slope[best], offset[best], r[best], n[best]) if copy[best] else None


def _close(late: np.ndarray, early: np.ndarray, least: float) -> np.ndarray:
    """
    Which sketches may correlate so much with which: by sums of one pass, with room for what those round.

    late : float64[k, place], early : float64[n, place], NaN where not used
    returns : bool[k, n]
    """
    here, seen = np.isfinite(late), np.isfinite(early)
    y, x = np.where(here, late, 0.0), np.where(seen, early, 0.0)
    there, both = here.astype(float), seen.astype(float).T
    n = np.maximum(there @ both, 1.0)
    of_x, xx, of_y, yy = there @ x.T, there @ (x * x).T, y @ both, (y * y) @ both
    vary_x, vary_y = xx - of_x * of_x / n, yy - of_y * of_y / n
    flat = (vary_x <= 1e-6 * xx) | (vary_y <= 1e-6 * yy)  # of numbers so alike the sums leave nothing but rounding
    r = (y @ x.T - of_x * of_y / n) / np.sqrt(np.where(flat, 1.0, vary_x * vary_y))
    close: np.ndarray = flat | (r >= least - 0.01)
    return close


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


def _left_alike(late: np.ndarray, line: np.ndarray) -> float:
    """Moran's I of what a line leaves of a sketch, each place beside the next of its row and column."""
    from hotspot.sources.satellite.rasters import SKETCH

    left = (late - line).reshape(-1, SKETCH, SKETCH)
    beside = np.concatenate([(left[:, :, 1:] * left[:, :, :-1]).ravel(), (left[:, 1:] * left[:, :-1]).ravel()])
    beside, power = beside[np.isfinite(beside)], np.nansum(left**2)
    return float(beside.mean() * np.isfinite(left).sum() / power) if beside.size >= _PLACES and power > 0 else 1.0


def _unknown(satellite: Any) -> Finding:
    return Finding(
        str(satellite.attrs.get("product") or "satellite"), "satellite", "", 0, "repeated_layer",
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
    local = local_times(stations)
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
