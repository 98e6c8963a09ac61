"""
Concentration by wind speed and direction: the table behind a polar plot.

A plume that comes at high wind speed from one side points to a stack there; one
that shows in weak wind from all sides points to sources close by. Calm hours
have no direction and stand apart.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from hotspot.kernels.arrays import Flags, Floats, Times
from hotspot.rules.calendar import local_bounds
from hotspot.rules.criteria import Criteria
from hotspot.trace.plumes.wind import wind, wind_at, wind_rose
from hotspot.variables import DataError

SPEEDS = (1.0, 2.0, 3.0, 4.0, 6.0)  # m/s, edges between classes of wind speed


def polar(
    u10: np.ndarray, v10: np.ndarray, values: np.ndarray, *, sectors: int = 16, bins: Sequence[float] = SPEEDS,
    calm_ms: float = 0.5, high_share: float = 0.25, interval: tuple[float, float] | None = None, min_hours: int = 5,
) -> pd.DataFrame:  # fmt: skip
    """
    Bivariate polar statistics of one series.

    Parameters
    ----------
    u10, v10 : float arrays (hour), m/s
        Eastward and northward components: where the wind blows to.
    values : float array (hour), concentration, NaN where missing
    sectors : int
        Equal sectors, the first centred on north.
    bins : increasing floats, m/s, edges between classes of speed
    calm_ms : float
        Below it the direction means nothing.
    high_share : float
        Hours above the (1 - high_share) quantile of all hours with wind report and value are high.
    interval : (low, high), optional
        Quantiles, 0 to 1, of the concentration interval of CBPF. Default: the high hours.
    min_hours : int
        With fewer hours ``mean, cpf, lift, cbpf`` of a bin are NaN.

    Returns
    -------
    DataFrame, a row per sector and class of speed: ``direction`` (centre, degrees
    from), ``speed`` (text), ``speed_from, speed_to`` (m/s, the last is infinite),
    ``hours``, ``mean`` (unit of the values), ``high`` (hours), ``cpf`` (high /
    hours), ``lift`` (cpf over that of all hours with wind), ``cbpf``.
    ``attrs``: ``n_hours``; ``calm_hours, calm_share, calm_mean, calm_cpf``;
    ``base`` (share of high hours with wind); ``limit`` (concentration above which
    an hour is high); ``interval`` (concentrations of CBPF); ``high_share,
    min_hours, calm_ms``

    Raises
    ------
    DataError
        No hour has both a wind and a value.
    ValueError
        ``interval`` is no pair of rising quantiles.

    Notes
    -----
    CBPF = m / n per bin, m the hours with low < value <= high among its n
    (Uria-Tellaetxe and Carslaw 2014, 10.1016/j.envsoft.2014.05.002); without an
    upper end it is CPF (Ashbaugh 1985). Bins hold their lower edge of speed.
    Calm hours are in no bin, but in the quantiles.

    Examples
    --------
    >>> table = polar([0, 0, 0, 0, 0.1], [-2, -2, 2, 2, 0], [80, 20, 10, 10, 50], sectors=4, bins=(3.0,), min_hours=1)
    >>> table[table.hours > 0][["direction", "speed", "hours", "mean", "high", "cpf"]].values.tolist()
    [[0.0, '0.5-3', 2, 50.0, 1, 0.5], [180.0, '0.5-3', 2, 10.0, 0, 0.0]]
    >>> table.attrs["calm_hours"], table.attrs["limit"]
    (1, 50.0)
    """
    speed, direction = wind(np.ravel(u10), np.ravel(v10), calm_ms=calm_ms)
    values = np.ravel(np.asarray(values, dtype=float))
    both = ~np.isnan(speed) & ~np.isnan(values)
    if not both.any():
        raise DataError("no hour has both a wind and a concentration; there is no polar plot.")
    speed, direction, values = speed[both], direction[both], values[both]
    limits = np.quantile(values, _ends(high_share, interval))
    limit, ends = float(limits[0]), (float(limits[1]), float(limits[2]) if interval else float("inf"))
    high = (values > limit).astype(float)
    within = ((values > ends[0]) & (values <= ends[1])).astype(float)

    calm = np.isnan(direction)
    n_class = len(bins) + 1
    width = 360.0 / sectors
    sector = np.floor((direction[~calm] + width / 2) / width).astype(int) % sectors
    at = sector * n_class + np.digitize(speed[~calm], bins)
    size = sectors * n_class
    hours, dirty, inside, total = (
        np.bincount(at, weights=weights, minlength=size)
        for weights in (None, high[~calm], within[~calm], values[~calm])
    )
    base = float(high[~calm].mean()) if len(at) else float("nan")
    enough = hours >= max(min_hours, 1)
    edges = [calm_ms, *bins, np.inf]
    words = [f"{a:g}-{b:g}" for a, b in pairwise(edges[:-1])] + [f">{edges[-2]:g}"]
    table = pd.DataFrame(
        {
            "direction": np.repeat(np.arange(sectors) * width, n_class),
            "speed": words * sectors,
            "speed_from": np.tile(edges[:-1], sectors),
            "speed_to": np.tile(edges[1:], sectors),
            "hours": hours.astype(int),
            "mean": _share(total, hours, enough),
            "high": dirty.astype(int),
            "cpf": _share(dirty, hours, enough),
            "lift": _share(dirty, hours * base, enough & (base > 0)),
            "cbpf": _share(inside, hours, enough),
        }
    )
    table.attrs |= {
        "n_hours": int(values.size),
        "calm_hours": int(calm.sum()),
        "calm_share": float(calm.mean()),
        "calm_mean": float(values[calm].mean()) if calm.any() else float("nan"),
        "calm_cpf": float(high[calm].mean()) if calm.any() else float("nan"),
        "base": base,
        "limit": limit,
        "interval": ends,
        "high_share": float(high_share),
        "min_hours": int(min_hours),
        "calm_ms": float(calm_ms),
    }
    return table


def station_polar(
    weather: xr.Dataset,
    stations: xr.Dataset,
    station: str,
    *,
    month: str,
    utc_offset: float,
    criteria: Criteria,
    **settings: Any,
) -> pd.DataFrame:
    """
    Polar statistics of one station's PM2.5 in one month.

    Parameters
    ----------
    weather : Dataset with ``u10 v10``
        The wind nearest to the station is taken.
    stations : Dataset (station, time) with ``pm25``, hourly UTC
    station : str, one of its stations
    month : str, "YYYY-MM"
    utc_offset : float
        Hours that local time is ahead of UTC.
    criteria : Criteria; calm and the share of high hours from its ``tracing`` section
    settings : as for ``polar``

    Returns
    -------
    DataFrame, as from ``polar``; ``attrs["station"]``, ``attrs["month"]`` too

    Raises
    ------
    DataError
        The weather has no wind, or no hour has both a wind and a value.

    Examples
    --------
    >>> import xarray as xr
    >>> from hotspot.rules.criteria import Criteria
    >>> time = np.arange("2020-01-31T16", "2020-01-31T20", dtype="datetime64[h]").astype("datetime64[ns]")
    >>> wind = xr.Dataset({"u10": ("time", [0.0, 0, 0, 0]), "v10": ("time", [-2.0, -2, 2, 2])}, {"time": time})
    >>> place = {"station": ["a"], "lon": ("station", [114.0]), "lat": ("station", [30.0]), "time": time}
    >>> seen = xr.Dataset({"pm25": (("station", "time"), [[90.0, 80, 20, 10]])}, place)
    >>> table = station_polar(wind, seen, "a", month="2020-02", utc_offset=8, criteria=Criteria(), min_hours=2)
    >>> table.dropna()[["direction", "hours", "mean"]].values.tolist()
    [[0.0, 2.0, 85.0], [180.0, 2.0, 15.0]]
    """
    here = stations.sel(station=station)
    time, u10, v10 = _of_month(weather, float(here["lon"]), float(here["lat"]), month, utc_offset)
    own = here["time"].values.astype("datetime64[ns]")
    _, at, of = np.intersect1d(time, own, return_indices=True)
    chosen = {"calm_ms": criteria.tracing.calm_ms, "high_share": criteria.tracing.top_share} | settings
    table = polar(u10[at], v10[at], here["pm25"].values[of], **chosen)
    table.attrs |= {"station": str(station), "month": month}
    return table


def month_rose(
    weather: xr.Dataset, lon: float, lat: float, *, month: str, utc_offset: float, criteria: Criteria, **settings: Any
) -> pd.DataFrame:
    """
    The wind rose of one month at a place.

    Parameters
    ----------
    weather : Dataset with ``u10 v10``
    lon, lat : float, degrees, WGS 84
    month : str, "YYYY-MM"
    utc_offset : float
    criteria : Criteria; calm from its ``tracing`` section
    settings : as for ``wind_rose``

    Returns
    -------
    DataFrame, as from ``wind_rose``; ``attrs["month"]`` too

    Raises
    ------
    DataError
        The weather has no wind in this month.

    Examples
    --------
    >>> import xarray as xr
    >>> from hotspot.rules.criteria import Criteria
    >>> time = np.arange("2020-01-31T14", "2020-01-31T20", dtype="datetime64[h]").astype("datetime64[ns]")
    >>> blowing = xr.Dataset({"u10": ("time", np.zeros(6)), "v10": ("time", [9, 9, -2.0, -2, 2, 0])}, {"time": time})
    >>> rose = month_rose(blowing, 114, 30, month="2020-02", utc_offset=8, criteria=Criteria())
    >>> rose.attrs["n_hours"], rose.attrs["calm_share"], rose[rose.hours > 0]["direction"].tolist()
    (4, 0.25, [0.0, 180.0])
    """
    _, u10, v10 = _of_month(weather, lon, lat, month, utc_offset)
    rose = wind_rose(u10, v10, **({"calm_ms": criteria.tracing.calm_ms} | settings))
    rose.attrs["month"] = month
    return rose


def _of_month(
    weather: xr.Dataset, lon: float, lat: float, month: str, utc_offset: float
) -> tuple[Times, Floats, Floats]:
    """Wind components at a place in the hours of a local month."""
    start, end = local_bounds(month, utc_offset)
    time, u10, v10 = wind_at(weather, lon, lat)
    seen = (time >= start) & (time < end)
    return time[seen], u10[seen], v10[seen]


def _ends(high_share: float, interval: tuple[float, float] | None) -> list[float]:
    """Quantiles of the limit of high hours and of the interval of CBPF."""
    low, high = (1 - high_share, 1.0) if interval is None else (float(interval[0]), float(interval[1]))
    if not 0 <= low < high <= 1:
        raise ValueError(f"interval is {interval}; give two rising quantiles between 0 and 1, like (0.5, 0.75).")
    return [1 - high_share, low, high]


def _share(part: np.ndarray, whole: np.ndarray, enough: Flags) -> Floats:
    """part / whole, NaN where there are too few hours."""
    return np.divide(part, whole, out=np.full(len(part), np.nan), where=enough)
