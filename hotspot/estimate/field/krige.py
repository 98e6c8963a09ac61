"""
Local ordinary kriging: a field and its error from scattered stations.

Distances are metres in the lattice's projected CRS; over a region the scale of
an equal-area projection is off by a few per cent at most, which moves a
variogram's range, not a rank. Nothing here is random, and stations are put in
order of place first, so neither their order nor the number of threads changes a bit.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from hotspot.kernels.arrays import Floats, Ints
from hotspot.variables import DataError

MODELS = {"spherical": 0.0, "exponential": 1.0}


@dataclass(frozen=True)
class Variogram:
    """
    A fitted model: semivariance ``nugget + psill * shape(h / range_m)`` for h > 0, 0 at h = 0.

    Shapes: spherical 1.5 r - 0.5 r^3 up to r = 1; exponential 1 - exp(-r), so
    its practical range is three times ``range_m`` (gstat's meaning, not pykrige's).
    ``origin`` says where the numbers come from: "fitted" or "proposal".
    """

    model: str
    nugget: float
    psill: float
    range_m: float
    origin: str = "fitted"

    def __post_init__(self) -> None:
        if self.model not in MODELS:
            raise ValueError(f"variogram model {self.model!r} is not known; there are: {', '.join(MODELS)}.")
        if not (self.nugget >= 0 and self.psill >= 0 and self.range_m > 0 and self.sill > 0):
            raise ValueError(f"no variogram: nugget {self.nugget}, psill {self.psill}, range {self.range_m} m.")

    @property
    def sill(self) -> float:
        """Semivariance far away, in squared units of the values."""
        return self.nugget + self.psill

    def at(self, h: ArrayLike) -> Floats:
        """
        Semivariance at distances h, m.

        Examples
        --------
        >>> Variogram("spherical", 1.0, 3.0, 1000.0).at([0.0, 500.0, 2000.0]).tolist()
        [0.0, 3.0625, 4.0]
        """
        h = np.asarray(h, dtype=float)
        return np.where(h > 0, self.nugget + self.psill * _shape(self.model, h / self.range_m), 0.0)

    def as_array(self) -> Floats:
        """Model number (see ``MODELS``), nugget, partial sill, range: what the kernels take. float64[4]"""
        return np.array([MODELS[self.model], self.nugget, self.psill, self.range_m])


def _shape(model: str, r: Floats) -> Floats:
    if model == "spherical":
        r = np.minimum(r, 1.0)
        return 1.5 * r - 0.5 * r**3
    return 1.0 - np.exp(-r)


def empirical_variogram(
    x: ArrayLike, y: ArrayLike, values: ArrayLike, *, cutoff: float | None = None, n_bins: int = 15
) -> pd.DataFrame:
    """
    Mean half squared difference of pairs of stations, by distance class.

    Parameters
    ----------
    x, y : float arrays (station), m
    values : float array (station) or (station, time), NaN where missing
        With several times, only pairs of one time are compared.
    cutoff : float, optional
        Largest distance, m. Default: a third of the diagonal of the stations'
        bounding box, as gstat does.

    Returns
    -------
    DataFrame ``n, distance, gamma``, classes without pairs left out

    Notes
    -----
    Matheron's estimator, ``gamma(h) = sum (z_i - z_j)^2 / (2 N(h))``. Equal to
    gstat's published 15 classes on meuse (counts exactly, values to their print).

    Examples
    --------
    >>> table = empirical_variogram([0.0, 1.0, 3.0], [0.0, 0.0, 0.0], [1.0, 2.0, 5.0], cutoff=3.0, n_bins=3)
    >>> table.gamma.tolist()
    [0.5, 4.5, 8.0]
    """
    from hotspot.kernels import krige as kernel

    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    values = np.asarray(values, dtype=float).reshape(x.size, -1)
    order = np.lexsort((y, x))
    x, y, values = x[order], y[order], values[order]
    if x.size < 2:
        raise DataError(f"{x.size} station: a variogram needs pairs; deliver more stations.")
    if cutoff is None:
        cutoff = float(np.hypot(np.ptp(x), np.ptp(y))) / 3
    if not cutoff > 0:
        raise DataError("all stations stand in one place: there is no variogram; check their coordinates.")
    pairs, distance, half = kernel.semivariance(x, y, np.ascontiguousarray(values), cutoff / n_bins, n_bins)
    seen = pairs > 0
    n = pairs[seen]
    return pd.DataFrame({"n": n.astype(np.int64), "distance": distance[seen] / n, "gamma": half[seen] / n})


def fit_variogram(empirical: pd.DataFrame, *, model: str = "spherical") -> Variogram:
    """
    Fit a variogram model by weighted least squares, weights N / h^2.

    For a given range, nugget and partial sill are a linear problem with signs,
    solved in closed form; the range is searched on a fine ladder and refined by
    golden section. So there is no start value and one answer.

    Parameters
    ----------
    empirical : DataFrame ``n, distance, gamma``, from ``empirical_variogram``
    model : "spherical" or "exponential"

    Raises
    ------
    DataError
        Fewer than three classes, or no variation at all.

    Notes
    -----
    gstat's default weights; on meuse the published nugget, partial sill and
    range come out to 1e-4 relative.

    Examples
    --------
    >>> h = np.arange(1.0, 16.0)
    >>> truth = Variogram("spherical", 2.0, 5.0, 9.0)
    >>> fit = fit_variogram(pd.DataFrame({"n": 10, "distance": h, "gamma": truth.at(h)}))
    >>> round(fit.nugget, 4), round(fit.psill, 4), round(fit.range_m, 4)
    (2.0, 5.0, 9.0)
    """
    table = empirical[empirical["distance"] > 0]
    h, gamma = table["distance"].to_numpy(float), table["gamma"].to_numpy(float)
    if h.size < 3 or not gamma.max() > 0:
        raise DataError(f"{h.size} distance classes, largest semivariance {gamma.max(initial=0)}: no variogram to fit.")
    weight = table["n"].to_numpy(float) / h**2
    shape_of = {"spherical": 1.0, "exponential": 1 / 3}
    if model not in shape_of:
        raise ValueError(f"variogram model {model!r} is not known; there are: {', '.join(MODELS)}.")

    def loss(range_m: float) -> tuple[float, float, float]:
        return _linear_part(weight, _shape(model, h / range_m), gamma)

    # Ranges from the first class to three times the last: beyond it, a straight line fits as well.
    ladder = np.geomspace(h[0], 3 * h[-1], 200) * shape_of[model]
    losses = [loss(r)[0] for r in ladder]
    best = int(np.argmin(losses))
    low, high = ladder[max(best - 1, 0)], ladder[min(best + 1, ladder.size - 1)]
    golden = (np.sqrt(5) - 1) / 2
    for _ in range(80):
        left, right = high - golden * (high - low), low + golden * (high - low)
        if loss(left)[0] <= loss(right)[0]:
            high = right
        else:
            low = left
    range_m = (low + high) / 2
    _, nugget, psill = loss(range_m)
    return Variogram(model, float(nugget), float(psill), float(range_m))


def _linear_part(weight: Floats, shape: Floats, gamma: Floats) -> tuple[float, float, float]:
    """Weighted least squares of gamma on nugget + psill * shape, neither below zero: (loss, nugget, psill)."""
    total = weight.sum()
    mean_s, mean_g = (weight * shape).sum() / total, (weight * gamma).sum() / total
    spread = (weight * (shape - mean_s) ** 2).sum()
    psill = (weight * (shape - mean_s) * (gamma - mean_g)).sum() / spread if spread > 0 else 0.0
    nugget = mean_g - psill * mean_s
    if psill < 0:
        nugget, psill = mean_g, 0.0
    elif nugget < 0:
        nugget, psill = 0.0, (weight * shape * gamma).sum() / (weight * shape**2).sum()
    return (weight * (gamma - nugget - psill * shape) ** 2).sum(), nugget, psill


def krige(
    x: ArrayLike,
    y: ArrayLike,
    values: ArrayLike,
    target_x: ArrayLike,
    target_y: ArrayLike,
    variogram: Variogram,
    *,
    neighbours: int = 32,
    noise: ArrayLike | None = None,
) -> tuple[Floats, Floats]:
    """
    Ordinary kriging from each target's nearest stations.

    Times at which the same stations report share one factorisation.

    Parameters
    ----------
    x, y : float arrays (station), m, in the lattice's CRS
    values : float array (station) or (station, time), NaN where missing
        Stations in one place are averaged first.
    target_x, target_y : float arrays (target), m
    neighbours : int
        Nearest stations used per target; ties are broken by place.
    noise : float array (station), optional
        Variance of each value's own error, squared units; what is estimated is free of it. Default: none.

    Returns
    -------
    (estimate, variance), each float (target) or (target, time); NaN at times
    without a single station. The variance is that of a point value, in squared
    units, and includes the nugget.

    Raises
    ------
    DataError
        A coordinate is missing or infinite, or the system has no solution.

    Notes
    -----
    Cressie (1993), Statistics for Spatial Data, 3.2; with ``noise`` 3.2.1, "filtered". Equal to pykrige to 1e-8
    (its exponential range is three times ours).

    Examples
    --------
    >>> flat = Variogram("spherical", 0.0, 1.0, 10.0)
    >>> estimate, variance = krige([0.0, 2.0], [0.0, 0.0], [10.0, 20.0], [1.0, 0.0], [0.0, 0.0], flat)
    >>> estimate.round(9).tolist(), bool(variance[1] < 1e-12)
    ([15.0, 10.0], True)
    """
    own = np.zeros(np.size(x)) if noise is None else noise
    own = by_place(x, y, own)[2][:, 0]
    x, y, values, shape = by_place(x, y, values)
    target_x, target_y = np.asarray(target_x, dtype=float), np.asarray(target_y, dtype=float)
    if not (np.isfinite(target_x).all() and np.isfinite(target_y).all()):
        raise DataError("a target has no coordinates; drop it before kriging.")
    estimate, variance = of_places(x, y, values, target_x, target_y, variogram, neighbours, own)
    return estimate.reshape(-1, *shape), variance.reshape(-1, *shape)


def of_places(
    x: Floats, y: Floats, values: Floats, target_x: Floats, target_y: Floats, variogram: Variogram,
    neighbours: int, own: Floats,
) -> tuple[Floats, Floats]:  # fmt: skip
    """``krige`` of float (place, time) from ``by_place``, with ``own`` the variance of each place's own error."""
    estimate = np.full((target_x.size, values.shape[1]), np.nan)
    variance = np.full_like(estimate, np.nan)
    for seen, times in _availability(values):
        weight, neighbour, spread = _weights(x[seen], y[seen], target_x, target_y, variogram, neighbours, own[seen])
        estimate[:, times], variance[:, times] = _apply(weight, neighbour, values[np.ix_(seen, times)]), spread[:, None]
    return estimate, variance


def nearest(x: ArrayLike, y: ArrayLike, target_x: ArrayLike, target_y: ArrayLike) -> tuple[Floats, Ints]:
    """
    The nearest station of each target.

    Parameters
    ----------
    x, y : float arrays (station), m
    target_x, target_y : float arrays (target), m

    Returns
    -------
    (distance, station): float array (target), m; int array (target)

    Examples
    --------
    >>> [found.tolist() for found in nearest([0.0, 9.0], [0.0, 0.0], [1.0, 7.0], [0.0, 0.0])]
    [[1.0, 2.0], [0, 1]]
    """
    from scipy.spatial import KDTree

    return KDTree(np.c_[x, y]).query(np.c_[target_x, target_y])


def by_place(x: ArrayLike, y: ArrayLike, values: ArrayLike) -> tuple[Floats, Floats, Floats, tuple[int, ...]]:
    """
    Stations in order of place, those in one place averaged.

    Parameters
    ----------
    x, y : float arrays (station), m
    values : float array (station, ...), NaN where missing

    Returns
    -------
    (x, y, values, shape): places, float (place, time), and the trailing shape of the values

    Examples
    --------
    >>> x, y, values, shape = by_place([2.0, 0.0, 2.0], [0.0, 0.0, 0.0], [1.0, 5.0, 3.0])
    >>> x.tolist(), values.ravel().tolist(), shape
    ([0.0, 2.0], [5.0, 2.0], ())
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    shape = np.shape(values)[1:]
    values = np.asarray(values, dtype=float).reshape(x.size, -1)
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise DataError("a station has no coordinates; give them or leave the station out.")
    order = np.lexsort((y, x))
    x, y, values = x[order], y[order], values[order]
    first = np.r_[True, (np.diff(x) != 0) | (np.diff(y) != 0)] if x.size else np.zeros(0, bool)
    if not first.all():
        place = np.cumsum(first) - 1
        seen = np.zeros((first.sum(), values.shape[1]))
        total = np.zeros_like(seen)
        # Equal places may come in any order; sorting their values keeps the sum the same.
        inner = np.lexsort((values[:, 0], place)) if values.shape[1] == 1 else np.arange(x.size)
        np.add.at(total, place[inner], np.nan_to_num(values[inner]))
        np.add.at(seen, place[inner], ~np.isnan(values[inner]))
        values = np.where(seen > 0, total / np.maximum(seen, 1), np.nan)
        x, y = x[first], y[first]
    return x, y, values, shape


def _availability(values: Floats) -> Iterator[tuple[Ints, Ints]]:
    """(positions of the stations that report, positions of the times) per distinct pattern."""
    if not values.size:
        return
    seen = ~np.isnan(values)
    if (seen == seen[:, :1]).all():  # told without sorting, as most are that leave one station out
        if seen[:, 0].any():
            yield np.flatnonzero(seen[:, 0]), np.arange(seen.shape[1])
        return
    patterns, group = np.unique(seen, axis=1, return_inverse=True)
    group = np.ravel(group)
    for number in range(patterns.shape[1]):
        if patterns[:, number].any():
            yield np.flatnonzero(patterns[:, number]), np.flatnonzero(group == number)


def _weights(
    x: Floats, y: Floats, target_x: Floats, target_y: Floats, variogram: Variogram, neighbours: int, noise: Floats
) -> tuple[Floats, Ints, Floats]:
    from scipy.spatial import KDTree

    from hotspot.kernels import krige as kernel

    k = min(int(neighbours), x.size)
    if k == x.size:
        neighbour = np.tile(np.arange(k), (target_x.size, 1))
    else:
        nearest = KDTree(np.c_[x, y]).query(np.c_[target_x, target_y], k)[1]
        neighbour = np.sort(nearest.reshape(target_x.size, k), axis=1).astype(np.int64)
    # Laid in a row: for columns of a table the kernel would be compiled once more.
    target_x, target_y = np.ascontiguousarray(target_x), np.ascontiguousarray(target_y)
    weight, variance = kernel.weights(x, y, target_x, target_y, neighbour, variogram.as_array(), noise)
    if np.isnan(variance).any():
        raise DataError(
            "the kriging system has no solution; two stations nearly coincide, give the variogram a nugget."
        )
    return weight, neighbour, variance


def _apply(weight: Floats, neighbour: Ints, values: Floats) -> Floats:
    from hotspot.kernels import krige as kernel

    return kernel.apply(weight, neighbour, np.ascontiguousarray(values))
