"""
The days of a month as day + cell + spatially smooth residual + error, all in logarithms:
its variances come from the month itself, not from a constant (METHODS 14).
"""

import math
from typing import NamedTuple

import numpy as np

from hotspot.kernels.arrays import Flags, Floats, Ints

RANGES_KM = (6.0, 15.0, 40.0, 100.0)  # of the exponential parts that a variogram is fitted with
SHAPES = (1.0, 2.0)  # of an error that is shared over a distance: exponential, Gaussian
_REACH = 32  # cells, of the empirical variogram
_OUTLIER = 5.0  # robust standard deviations, beyond which a residual is drawn in
_LEAST_PAIRS = 20
_MEMORY_TURNS = 8
# Proposals:
_MOST_MEMORY = 0.8
_LEAST_SMOOTH = 0.05  # of the variance, below which nothing is told of its memory


class DayModel(NamedTuple):
    """What a month's days are made of; variances of logarithms."""

    day: np.ndarray  # float64[n_day], effect of the day, NaN where nothing was seen
    cell: np.ndarray  # float64[n_cell], effect of the cell, mean 0
    slope: np.ndarray  # float64[n_day], by how much the day stretches the cells' differences, mean 0
    slope_variance: float
    smooth: np.ndarray  # float64[4], truth, by RANGES_KM
    fine: float  # truth, of each cell by itself
    own: float  # error, of each cell by itself
    shared: float  # error, shared over correlation_km
    correlation_km: float
    fine_of: np.ndarray  # float64[n_cell], the fine part of each cell
    shape: float  # of the shared error: 1 falls like exp(-d), 2 like exp(-d^2)
    memory: float  # correlation of the smooth part with that of the next day
    hides: float = 0.0  # by how much the logit of being unseen grows with the logarithm of the truth

    @property
    def total(self) -> float:
        """Variance of the truth about day and cell."""
        return float(self.smooth.sum()) + self.fine

    def covariance(self, km: np.ndarray) -> np.ndarray:
        """Smooth part of the truth at distances, km."""
        return sum(c * np.exp(-km / r) for c, r in zip(self.smooth, RANGES_KM, strict=True)) + 0.0 * km

    def error(self, km: np.ndarray) -> np.ndarray:
        """Shared part of the error at distances, km."""
        return self.shared * np.exp(-((km / self.correlation_km) ** self.shape))


def day_model(
    logs: Floats, at: Ints, spacing_km: float, *, error_share: float = math.nan, correlation_km: float = 25.0
) -> DayModel:
    """
    Effects and variances of one month of days.

    Parameters
    ----------
    logs : float64[n_cell, n_day], logarithm of the daily means, NaN where not seen
    at : int64[2, n_cell], row and column on the lattice
    error_share : float
        Stated relative error of a day, 1 sd; NaN: none is stated, and none is assumed.
    correlation_km : float
        Over what distance errors of one day are shared, as far as they are.

    Notes
    -----
    The empirical variogram of the residuals (pairs of one day) is fitted with a nugget and
    exponentials of ``RANGES_KM``, all at least 0. The stated error is as much nugget as the data
    have; what is left of it is shared over ``correlation_km`` and taken out of the smooth part.
    A cell beside strong sources differs from its neighbours in its own way each day: its nugget is
    drawn from the common one towards its own by as much as cells disagree (Smyth 2004,
    10.2202/1544-6115.1027).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> at = np.stack([a.ravel() for a in np.meshgrid(np.arange(20), np.arange(20), indexing="ij")])
    >>> logs = 4 + 0.3 * rng.normal(size=(1, 30)) + 0.1 * rng.normal(size=(400, 1)) + 0.15 * rng.normal(size=(400, 30))
    >>> model = day_model(logs, at, 3.0, error_share=0.12)
    >>> round(math.sqrt(model.own), 2), round(math.sqrt(model.fine), 2), float(model.smooth.sum()) < 1e-3
    (0.12, 0.09, True)
    """
    seen = np.isfinite(logs)
    n_seen = seen.sum(axis=1)
    cell, day = two_way(logs)
    centred = np.where(n_seen > 0, cell - cell[n_seen > 0].mean() if (n_seen > 0).any() else 0.0, 0.0)
    residual = logs - cell[:, None] - day
    weight = (seen * centred[:, None] ** 2).sum(axis=0)
    slope = (np.where(seen, residual, 0.0) * centred[:, None]).sum(axis=0) / np.maximum(weight, 1e-9)
    slope = np.where(weight > 1e-9, np.clip(slope, -1.0, 1.0), 0.0)
    residual = residual - slope * centred[:, None]
    raw = residual
    # Two effects were taken out of each row of few days.
    residual = residual * np.sqrt(np.maximum(n_seen, 2) / (np.maximum(n_seen, 2) - 1.0))[:, None]
    distance, gamma, _ = variogram(residual, at, spacing_km)
    nugget, smooth, _ = _fitted(distance, gamma, gamma)
    stated = math.log1p(error_share**2) if math.isfinite(error_share) else 0.0
    own = min(stated, nugget)
    shared = min(stated - own, float(smooth.sum()))
    shape = SHAPES[0]
    if shared > 1e-9:
        # How the shared error falls with distance nobody states: as what leaves the likelier rest.
        rests = [gamma - nugget - shared * -np.expm1(-((distance / correlation_km) ** one)) for one in SHAPES]
        fits = [_fitted(distance, rest, gamma) for rest in rests]
        best = min(range(len(SHAPES)), key=lambda one: fits[one][2])
        shape, smooth = SHAPES[best], fits[best][1]
    fine = nugget - own
    return DayModel(
        day, centred, slope - slope.mean(), float(slope.var()), smooth, fine, own, shared, correlation_km,
        _fine_of(residual, at, fine), shape, day_memory(raw, nugget, shared),
        preference(day + centred[:, None] * (1 + slope), seen, float(smooth.sum()) + fine),
    )  # fmt: skip


def day_memory(residual: Floats, nugget: float, shared: float) -> float:
    """
    How much of a day's smooth residual is left on the next day.

    Parameters
    ----------
    residual : float64[n_cell, n_day], about the effects of cells and days, NaN where not seen
    nugget, shared : float
        Variance of each cell by itself, and of the error that cells share: both new every day.

    Returns
    -------
    float, 0 to ``_MOST_MEMORY``

    Notes
    -----
    With x the residuals of a cell, n its days and s the smooth variance, taking out the cell's mean takes
    ``v = (nugget + shared + s (1 + memory) / (1 - memory)) / n`` from the variance and from the products of
    neighbouring days; so ``s = mean x^2 + v - nugget - shared`` and ``memory s = mean x(d) x(d + 1) + v``, by turns.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(300, 30))
    >>> for d in range(1, 30):
    ...     x[:, d] = 0.5 * x[:, d - 1] + np.sqrt(0.75) * x[:, d]
    >>> round(day_memory(x - x.mean(axis=1, keepdims=True), 0.0, 0.0), 1)
    0.5
    """
    seen = np.isfinite(residual)
    pairs = seen[:, 1:] & seen[:, :-1]
    if not pairs.any():
        return 0.0
    x = np.where(seen, residual, 0.0)
    square = float((x**2).sum() / seen.sum())
    product = float((x[:, 1:] * x[:, :-1])[pairs].sum() / pairs.sum())
    days = float(seen.sum() / (seen.sum(axis=1) > 0).sum())
    noise, memory, lost = nugget + shared, 0.0, square / days
    for _ in range(_MEMORY_TURNS):
        smooth = square + lost - noise
        if smooth <= _LEAST_SMOOTH * square:
            return 0.0  # next to nothing but noise
        memory = min(max((product + lost) / smooth, 0.0), _MOST_MEMORY)
        lost = (noise + smooth * (1 + memory) / (1 - memory)) / days
    return memory


def preference(expected: Floats, seen: Flags, rest: float) -> float:
    """
    How much what was not seen prefers the dirty: days and cells that are dirtier than others and seen less.

    Parameters
    ----------
    expected : float64[n_cell, n_day], logarithms, from the effects of cells and days; NaN on days without any seen cell
    seen : bool[n_cell, n_day]
    rest : float, variance of the truth about them, which a day's effect is off by where few cells tell it

    Returns
    -------
    float, of the logit of being unseen for one of the logarithm

    Notes
    -----
    The linear discriminant: the gap between unseen and seen over the variance within both (Fisher 1936,
    10.1111/j.1469-1809.1936.tb02137.x), drawn to 0 by as much as so many days differ by chance.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> logs = 0.4 * rng.normal(size=(1, 400)) + np.zeros((50, 1))
    >>> seen = rng.random(logs.shape) > 1 / (1 + np.exp(-2 * logs))
    >>> round(preference(logs, seen, 0.0)), preference(logs, np.isfinite(logs), 0.0)
    (2, 0.0)
    """
    some = np.ix_(seen.any(axis=1), seen.any(axis=0))
    logs, of = expected[some], seen[some]
    if of.all() or not of.any():
        return 0.0
    gap = float(logs[~of].mean() - logs[of].mean())
    within = float((logs - np.where(of, logs[of].mean(), logs[~of].mean())).var())
    more = (~of).sum(axis=0) / (~of).sum() - of.sum(axis=0) / of.sum()
    chance = float((logs.mean(axis=0).var() + rest) * (more**2).sum())
    return gap**3 / (gap**2 + chance) / within if within > 1e-9 and gap else 0.0


def two_way(logs: Floats, n_turns: int = 12) -> tuple[Floats, Floats]:
    """
    Effects of cells and of days by turns, until they hardly move; outliers drawn in.

    Parameters
    ----------
    logs : float64[n_cell, n_day], NaN where not seen

    Returns
    -------
    (float64[n_cell], float64[n_day]); 0 for a cell, NaN for a day of which nothing was seen

    Examples
    --------
    >>> cell, day = two_way(np.array([[1.0, 2.0, 3.0, 4.0], [2.0, 3.0, np.nan, 5.0]]), 200)
    >>> 0.8 < float(cell[1] - cell[0]) < 1.05, bool(np.abs(day - day[0] - np.arange(4)).max() < 0.15)
    (True, True)
    """
    seen = np.isfinite(logs)
    values = np.where(seen, logs, 0.0)
    n_cell, n_day = seen.sum(axis=1), seen.sum(axis=0)
    cell, day = np.zeros(logs.shape[0]), np.zeros(logs.shape[1])
    for turn in range(n_turns):
        day = ((values - cell[:, None]) * seen).sum(axis=0) / np.maximum(n_day, 1)
        cell = ((values - day) * seen).sum(axis=1) / (n_cell + 0.5)
        if turn == n_turns // 2 and seen.any():
            fitted = cell[:, None] + day
            apart = np.abs(values - fitted)[seen]
            most = _OUTLIER * 1.4826 * float(np.median(apart)) + 1e-9
            values = np.where(seen, np.clip(values, fitted - most, fitted + most), 0.0)
    return cell, np.where(n_day > 0, day, np.nan)


def variogram(residual: Floats, at: Ints, spacing_km: float) -> tuple[Floats, Floats, np.ndarray]:
    """
    Empirical variogram of residuals, pairs of one day only, by whole cells of distance.

    Parameters
    ----------
    residual : float64[n_cell, n_day], NaN where not seen
    at : int64[2, n_cell], row and column

    Returns
    -------
    three float64 arrays: mean distance (km), half mean squared difference, pairs
    """
    n_row, n_col = (int(v.max() - v.min()) + 1 for v in at)
    row, col = at[0] - at[0].min(), at[1] - at[1].min()
    shape = (n_row + _REACH, n_col + _REACH)
    sums = np.zeros((3, shape[0], shape[1] // 2 + 1), dtype=complex)
    for day in range(residual.shape[1]):
        seen = np.isfinite(residual[:, day])
        mask, value = np.zeros(shape), np.zeros(shape)
        mask[row, col], value[row, col] = seen, np.where(seen, residual[:, day], 0.0)
        m, v, q = (np.fft.rfft2(part) for part in (mask, value, value**2))
        sums[0] += m * m.conj()
        sums[1] += v * v.conj()
        sums[2] += q * m.conj() + m * q.conj()
    pairs, products, squares = (np.fft.irfft2(part, s=shape) for part in sums)
    down, across = (np.rint(np.fft.fftfreq(n, 1 / n)).astype(int) for n in shape)
    distance = np.hypot(down[:, None], across[None, :])
    use = (np.abs(down)[:, None] <= _REACH) & (np.abs(across)[None, :] <= _REACH)
    use &= (pairs > _LEAST_PAIRS) & (distance > 0) & (distance <= _REACH)
    if not use.any():
        return (np.zeros(0),) * 3
    which = np.rint(distance[use]).astype(int)
    n = np.bincount(which, pairs[use])
    there = n > 0
    total = np.bincount(which, distance[use] * pairs[use])[there]
    half = np.bincount(which, 0.5 * (squares - 2 * products)[use])[there]
    return total / n[there] * spacing_km, np.maximum(half / n[there], 0.0), n[there]


def _fitted(distance: Floats, gamma: Floats, whole: Floats) -> tuple[float, Floats, float]:
    """
    Nugget, smooth parts, none below 0, and the misfit: relative least squares that trusts near classes most.

    ``whole`` is the variogram that ``gamma`` is a part of: what is unsure of the part is unsure of the whole.
    """
    from scipy.optimize import nnls

    if not distance.size:
        return 0.0, np.zeros(len(RANGES_KM)), 0.0
    parts = [np.ones(distance.size), *(-np.expm1(-distance / r) for r in RANGES_KM)]
    scale = max(float(whole.max()), 1e-9)
    weight = 1.0 / (np.maximum(whole, 1e-3 * scale) * np.sqrt(distance))
    found, misfit = nnls(np.stack(parts, axis=1) * weight[:, None], gamma * weight)
    return float(found[0]), found[1:], float(misfit)


def _fine_of(residual: Floats, at: Ints, fine: float) -> Floats:
    """The fine part of each cell, from how far it is from the mean of its seen queen neighbours."""
    from scipy.special import polygamma

    row, col = at[0] - at[0].min() + 1, at[1] - at[1].min() + 1
    shape = (int(row.max()) + 2, int(col.max()) + 2)
    squares, n = np.zeros(residual.shape[0]), np.zeros(residual.shape[0])
    steps = [(r, c) for r in (-1, 0, 1) for c in (-1, 0, 1) if r or c]
    for day in range(residual.shape[1]):
        seen = np.isfinite(residual[:, day])
        mask, value = np.zeros(shape), np.zeros(shape)
        mask[row, col], value[row, col] = seen, np.where(seen, residual[:, day], 0.0)
        around = sum(mask[row + r, col + c] for r, c in steps)
        total = sum(value[row + r, col + c] for r, c in steps)
        use = seen & (around >= 3)
        many = np.maximum(around, 1)
        squares += np.where(use, (value[row, col] - total / many) ** 2 / (1 + 1 / many), 0.0)
        n += use
    enough = n > 5
    if enough.sum() < 10 or squares.sum() <= 0:
        return np.full(n.size, fine)
    common, alone = squares.sum() / n.sum(), squares / np.maximum(n, 1)
    logs = np.log(np.maximum(alone[enough], 1e-6 * common) / common)
    excess = max(float(logs.var()) - float(polygamma(1, (n[enough] - 1) / 2).mean()), 1e-3)
    prior = min(2 / excess + 1, 1000.0)
    drawn = (prior * common + squares) / (prior + n)
    return np.where(enough, np.maximum(fine + drawn - common, 0.0), fine)
