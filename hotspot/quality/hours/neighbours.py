"""
What a station should have read: from the stations around it, and from its own hours
before and after; and how improbable what it did read is.

Stations differ in level, so each is compared after its own typical level is taken out,
in logarithms, where errors of small and large concentrations are alike.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from hotspot.kernels.arrays import Flags, Floats, Ints
from hotspot.rules.sensors import Screening

_EARTH_KM = 6371.0088


@dataclass(frozen=True)
class Opinion:
    """
    What neighbours and own hours say of every station and hour.

    expected : float64[n_station, n_hour], ug/m3, from the neighbours; NaN where too few reported
    z_space : float64, standardised residuals of the estimate from the neighbours
    probability : float64, of a residual at least as large; NaN where neither estimate exists
    """

    expected: np.ndarray
    z_space: np.ndarray
    probability: np.ndarray


def nearest(
    lon: ArrayLike,
    lat: ArrayLike,
    lon_other: ArrayLike,
    lat_other: ArrayLike,
    *,
    count: int,
    within_km: float,
    names: ArrayLike | None = None,
    names_other: ArrayLike | None = None,
) -> tuple[Ints, Floats]:
    """
    The nearest other stations of each station, the nearest first.

    Parameters
    ----------
    lon, lat : float arrays, degrees WGS 84
    lon_other, lat_other : float arrays
        The stations to choose from.
    names, names_other : sequences of str, optional
        Station ids: a station is not its own neighbour, and ties go by id, so that the
        order of stations changes nothing.

    Returns
    -------
    (int64[n, count], float64[n, count]): positions among the others (-1 where there is none), and km (NaN)

    Examples
    --------
    >>> where, km = nearest([116.0], [40.0], [116.0, 116.02], [40.0, 40.0], count=2, within_km=5, names=["a"],
    ...     names_other=["a", "b"])
    >>> where.tolist(), km.round(2).tolist()
    ([[1, -1]], [[1.7, nan]])
    """
    lon, lat = np.atleast_1d(np.asarray(lon, float)), np.atleast_1d(np.asarray(lat, float))
    lon_other, lat_other = np.atleast_1d(np.asarray(lon_other, float)), np.atleast_1d(np.asarray(lat_other, float))
    others = np.asarray(np.arange(lon_other.size) if names_other is None else names_other).astype(str)
    rank = np.argsort(np.argsort(others, kind="stable"), kind="stable")
    ids, who, n_alike = np.unique(others, return_inverse=True, return_counts=True)
    where = np.full((lon.size, count), -1, np.int64)
    far = np.full((lon.size, count), np.nan)
    if not lon_other.size:
        return where, far
    from scipy.spatial import cKDTree

    asked = np.full(lon.size, "") if names is None else np.asarray(names).astype(str)
    own = np.searchsorted(ids, asked).clip(max=ids.size - 1)
    own = np.where(ids[own] == asked, own, -1)
    chord = 2 * np.sin(min(within_km / _EARTH_KM, np.pi) / 2)
    points, tree = _on_sphere(lon, lat), cKDTree(_on_sphere(lon_other, lat_other))
    n, rows = count + int(n_alike.max()) + 1, np.arange(lon.size)
    while rows.size:
        away, near = (part.reshape(rows.size, -1) for part in tree.query(points[rows], min(n, lon_other.size)))
        km = distance_km(lon[rows, None], lat[rows, None], lon_other[near], lat_other[near])
        use = (away <= chord) & (who[near] != own[rows, None])
        order = np.lexsort((rank[near], np.where(use, np.round(km, 6), np.inf)))[:, :count]
        first, at = np.arange(rows.size)[:, None], np.where(np.take_along_axis(use, order, 1), order, -1)
        last = np.where(at[:, -1] >= 0, km[first[:, 0], at[:, -1]], np.inf)
        # Beyond the last that was looked at there may be one as near as the last that is taken: ties go by id.
        done = (n >= lon_other.size) | (away[:, -1] > chord) | (km[:, -1] > last + 1e-5)
        there = np.pad(at, ((0, 0), (0, max(count - at.shape[1], 0))), constant_values=-1)
        where[rows] = np.where(there >= 0, near[first, there], -1)
        far[rows] = np.where(there >= 0, km[first, there], np.nan)
        rows, n = rows[~done], 2 * n
    return where, far


def distance_km(
    lon: float | Floats, lat: float | Floats, lon_other: float | Floats, lat_other: float | Floats
) -> Floats:
    """
    Great-circle distance, km.

    Examples
    --------
    >>> round(float(distance_km(116.0, 40.0, 116.0, 41.0)), 1)
    111.2
    """
    lon, lat, lon_other, lat_other = (np.radians(np.asarray(v, float)) for v in (lon, lat, lon_other, lat_other))
    half = np.sin((lat - lat_other) / 2) ** 2 + np.cos(lat) * np.cos(lat_other) * np.sin((lon - lon_other) / 2) ** 2
    return 2 * _EARTH_KM * np.arcsin(np.sqrt(np.clip(half, 0, 1)))


def opinions(values: Floats, others: Floats, neighbour: Ints, criteria: Screening) -> Opinion:
    """
    Judge every hour by the neighbours and by the hours around it.

    Notes
    -----
    With ``y = log(c + a)`` and each station's median taken out, the residual from the
    neighbours is ``y`` less their median, and that from time ``y`` less the median of the
    hours around it. Both are standardised by their median absolute deviation. They are taken
    as bivariate normal with their own correlation ``rho``, so that
    ``d2 = (zs^2 - 2 rho zs zt + zt^2) / (1 - rho^2)`` and the probability of a residual at least as
    large is ``exp(-d2 / 2)``: the joint use of both residuals is that of Wu 2018
    (10.1007/s00376-018-8067-9); medians instead of their regressions, and every number, are ours.

    Parameters
    ----------
    values : float64[n_station, n_hour], ug/m3, consecutive hours, NaN where missing
    others : float64[n_other, n_hour]
        Every station that may be a neighbour, these included.
    neighbour : int64[n_station, k], from ``nearest``: rows of ``others``

    Examples
    --------
    >>> from hotspot.rules.sensors import Screening
    >>> rng = np.random.default_rng(1)
    >>> town = 60 + 30 * np.sin(np.arange(200) / 9)
    >>> values = town * np.exp(0.05 * rng.standard_normal((5, 200)))
    >>> values[0, 100] *= 5
    >>> around = np.array([[k for k in range(5) if k != at] for at in range(5)])
    >>> judged = opinions(values, values, around, Screening())
    >>> bool(judged.probability[0, 100] < 1e-6), int((judged.probability < 1e-6).sum())
    (True, 1)
    """
    from hotspot.kernels import flags

    own, own_level = _anomalies(values, criteria.residual_floor)
    around, _ = _anomalies(others, criteria.residual_floor)
    told = flags.neighbour_medians(around, np.ascontiguousarray(neighbour, np.int64), criteria.min_neighbours)
    space = own - told
    lean = _median_of_rows(space)
    space -= lean[:, None]
    half = criteria.residual_hours // 2
    time = own - flags.local_medians(own, half, half)
    z_space = space / _scale(space, criteria.residual_scale)[:, None]
    z_time = time / _scale(time, criteria.residual_scale)[:, None]
    expected = np.exp(told + (own_level + lean)[:, None]) - criteria.residual_floor
    return Opinion(np.maximum(expected, 0.0), z_space, _probability(z_space, z_time))


def disagreements(judged: Opinion, criteria: Screening) -> Flags:
    """
    Hours that disagree with the neighbours: improbable by both residuals, or persistently off.

    A fault that lasts for days is no surprise beside the station's own hours, so the second
    rule asks the neighbours alone, over about a day.

    Returns
    -------
    bool[n_station, n_hour]

    Examples
    --------
    >>> from hotspot.rules.sensors import Screening
    >>> z = np.zeros((1, 60))
    >>> z[0, 10:40], z[0, 50] = 3.5, 9.0
    >>> p = np.exp(-(z**2) / 2)
    >>> np.flatnonzero(disagreements(Opinion(z, z, p), Screening())[0])[[0, -2, -1]].tolist()
    [10, 39, 50]
    """
    from hotspot.kernels import flags

    half = criteria.sustained_hours // 2
    lasting = flags.local_medians(np.ascontiguousarray(judged.z_space), half, half)
    with np.errstate(invalid="ignore"):
        sudden = (judged.probability < criteria.residual_probability) & (np.abs(judged.z_space) > criteria.residual_z)
        # Within a lasting disagreement every hour that leans the same way counts.
        same = np.sign(lasting) * judged.z_space > criteria.sustained_z / 2
        return sudden | ((np.abs(lasting) > criteria.sustained_z) & same)


def _probability(z_space: Floats, z_time: Floats) -> Floats:
    """Probability of residuals at least as large, by both, or by the one there is."""
    from scipy.special import erfc

    both = np.isfinite(z_space) & np.isfinite(z_time)
    clipped = np.where(both, np.clip(z_space, -3, 3), np.nan), np.where(both, np.clip(z_time, -3, 3), np.nan)
    n = np.maximum(both.sum(axis=1), 1)
    mean = [np.nansum(part, axis=1) / n for part in clipped]
    away = [part - m[:, None] for part, m in zip(clipped, mean, strict=True)]
    norm = np.sqrt(np.nansum(away[0] ** 2, axis=1) * np.nansum(away[1] ** 2, axis=1))
    rho = np.where(norm > 0, np.nansum(away[0] * away[1], axis=1) / np.where(norm > 0, norm, 1), 0.0)
    rho = np.clip(rho, -0.9, 0.9)[:, None]
    d2 = (z_space**2 - 2 * rho * z_space * z_time + z_time**2) / (1 - rho**2)
    alone = erfc(np.abs(np.where(np.isfinite(z_time), z_time, z_space)) / np.sqrt(2))
    return np.where(both, np.exp(-d2 / 2), alone)


def _anomalies(values: Floats, floor: float) -> tuple[Floats, Floats]:
    """Logarithms with each station's median taken out, and that median."""
    logs = np.log(np.maximum(values, 0.0) + floor)
    level = _median_of_rows(logs)
    return logs - level[:, None], level


def _median_of_rows(values: Floats) -> Floats:
    """Median of each row, 0 where nothing was seen: the row is NaN anyway."""
    from hotspot.kernels.alarms import past_medians

    n = values.shape[1]
    return np.nan_to_num(past_medians(values, np.array([n]), n, 1)[:, 0])


def _scale(residual: Floats, least: float) -> Floats:
    """Robust standard deviation of each row's residuals about zero, at least ``least``."""
    return np.maximum(1.4826 * _median_of_rows(np.abs(residual)), least)


def _on_sphere(lon: Floats, lat: Floats) -> Floats:
    lon, lat = np.radians(lon), np.radians(lat)
    return np.column_stack((np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)))
