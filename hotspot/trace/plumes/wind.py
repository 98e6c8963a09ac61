"""Wind from its components: speed, where it comes from, calm, and the table of a wind rose."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import ArrayLike

from hotspot.kernels.arrays import Floats, Times
from hotspot.variables import DataError


def wind(u10: ArrayLike, v10: ArrayLike, *, calm_ms: float = 0.5) -> tuple[Floats, Floats]:
    """
    Speed and direction of the wind.

    Parameters
    ----------
    u10, v10 : float arrays, m/s
        Eastward and northward components: where the wind blows to.
    calm_ms : float
        Below it the direction means nothing and is NaN.

    Returns
    -------
    (speed, direction): m/s; degrees from true north that the wind comes FROM,
    0 <= d < 360, NaN in calm and where a component is missing

    Examples
    --------
    >>> speed, direction = wind([0.0, 3.0, -2.0, 0.1], [-2.0, 0.0, -2.0, 0.0])
    >>> speed.round(2).tolist(), direction.tolist()
    ([2.0, 3.0, 2.83, 0.1], [0.0, 270.0, 45.0, nan])
    """
    u10, v10 = np.asarray(u10, dtype=float), np.asarray(v10, dtype=float)
    speed = np.hypot(u10, v10)
    # Adding 0.0 turns the negative zeros of a wind along an axis into plain ones.
    direction = np.degrees(np.arctan2(-u10 + 0.0, -v10 + 0.0)) % 360.0
    direction = np.where(direction >= 360.0, 0.0, direction)
    with np.errstate(invalid="ignore"):
        return speed, np.where(speed >= max(calm_ms, 1e-9), direction, np.nan)


def wind_rose(
    u10: ArrayLike, v10: ArrayLike, *, sectors: int = 16, bins: Sequence[float] = (2.0, 4.0, 6.0), calm_ms: float = 0.5
) -> pd.DataFrame:
    """
    How often the wind came from where, and how strong it was.

    Parameters
    ----------
    u10, v10 : float arrays (time), m/s
    sectors : int
        Equal sectors, the first centred on north.
    bins : increasing floats, m/s, edges between classes of speed
    calm_ms : float

    Returns
    -------
    DataFrame, a row per sector and class of speed: ``direction`` (centre, degrees
    from), ``speed`` (text), ``hours``, ``share`` of all hours with a wind report.
    ``attrs``: ``n_hours`` and ``calm_share``; shares and calm add up to 1

    Raises
    ------
    DataError
        No hour has both components.

    Examples
    --------
    >>> rose = wind_rose([0.0, 0.0, 0.0, 0.1], [-1.0, -3.0, 3.0, 0.0], sectors=4)
    >>> rose[rose.hours > 0][["direction", "speed", "hours"]].values.tolist()
    [[0.0, '0.5-2', 1], [0.0, '2-4', 1], [180.0, '2-4', 1]]
    >>> rose.attrs["calm_share"]
    0.25
    """
    speed, direction = wind(np.ravel(u10), np.ravel(v10), calm_ms=calm_ms)
    seen = ~np.isnan(speed)
    n = int(seen.sum())
    if not n:
        raise DataError("weather: no hour has a wind; deliver u10 and v10, or leave the wind rose out.")
    blowing = ~np.isnan(direction)
    width = 360.0 / sectors
    sector = np.floor((direction[blowing] + width / 2) / width).astype(int) % sectors
    level = np.digitize(speed[blowing], bins)
    hours = np.zeros((sectors, len(bins) + 1), dtype=int)
    np.add.at(hours, (sector, level), 1)
    edges = [f"{calm_ms:g}", *(f"{edge:g}" for edge in bins)]
    words = [f"{a}-{b}" for a, b in pairwise(edges)] + [f">{edges[-1]}"]
    table = pd.DataFrame(
        {
            "direction": np.repeat(np.arange(sectors) * width, len(words)),
            "speed": words * sectors,
            "hours": hours.ravel(),
            "share": hours.ravel() / n,
        }
    )
    table.attrs |= {"n_hours": n, "calm_share": float((n - blowing.sum()) / n)}
    return table


def wind_at(weather: xr.Dataset, lon: float, lat: float) -> tuple[Times, Floats, Floats]:
    """
    Wind components nearest to a place.

    Parameters
    ----------
    weather : Dataset ``u10 v10`` over (time), (time, place) or (time, lat, lon)
    lon, lat : float, degrees, WGS 84

    Returns
    -------
    (time, u10, v10): datetime64[ns] UTC, m/s, m/s

    Raises
    ------
    DataError
        A component is missing, or the shape is not one of these.

    Examples
    --------
    >>> import xarray as xr
    >>> time = np.array(["2020-02-01T00", "2020-02-01T01"], dtype="datetime64[ns]")
    >>> grid = xr.Dataset(
    ...     {name: (("time", "lat", "lon"), np.arange(8.0).reshape(2, 2, 2)) for name in ("u10", "v10")},
    ...     {"time": time, "lat": [30.0, 31.0], "lon": [114.0, 115.0]},
    ... )
    >>> wind_at(grid, 114.9, 30.8)[1].tolist()
    [3.0, 7.0]
    """
    point = nearest_point(weather, lon, lat)
    both = weather[["u10", "v10"]].isel(point)
    time = both["time"].values.astype("datetime64[ns]")
    return time, both["u10"].values.astype(float), both["v10"].values.astype(float)


def nearest_point(weather: xr.Dataset, lon: float, lat: float) -> dict[str, int]:
    """
    Where in a Dataset the wind nearest to a place stands.

    Parameters
    ----------
    weather : Dataset ``u10 v10`` over (time), (time, place) or (time, lat, lon)
    lon, lat : float, degrees, WGS 84

    Returns
    -------
    dict of dimension -> position; empty for a single point

    Raises
    ------
    DataError
        A component is missing, or the shape is not one of these.

    Examples
    --------
    >>> import xarray as xr
    >>> both = {name: (("time", "place"), [[1.0, 2.0]]) for name in ("u10", "v10")}
    >>> at = {"lon": ("place", [104.0, 106.0]), "lat": ("place", [35.0, 35.0])}
    >>> nearest_point(xr.Dataset(both, at), 105.5, 35.0)
    {'place': 1}
    """
    for name in ("u10", "v10"):
        if name not in weather:
            raise DataError(f"weather: no {name}; deliver wind speed and direction, or both components.")
    dims = set(weather["u10"].dims)
    if dims == {"time", "lat", "lon"}:
        asked = {"lat": lat, "lon": lon}
        return {axis: int(weather.indexes[axis].get_indexer([at], method="nearest")[0]) for axis, at in asked.items()}
    if dims == {"time", "place"}:
        # Degrees of longitude are shorter than those of latitude; exact enough to pick the nearest place.
        far = np.hypot((weather["lon"].values - lon) * np.cos(np.radians(lat)), weather["lat"].values - lat)
        return {"place": int(np.argmin(far))}
    if dims != {"time"}:
        raise DataError(
            f"weather: dimensions {tuple(weather['u10'].dims)} are not (time), (time, place) or (time, lat, lon)."
        )
    return {}
