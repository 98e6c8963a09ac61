"""Conditional probability: was it dirty oftener when the wind came from there."""

from functools import cache

import numpy as np
from numpy.typing import ArrayLike

from hotspot.kernels.arrays import Flags, Floats, Ints
from hotspot.rules.tracing import Tracing


def sector_hours(bearing: ArrayLike, direction: ArrayLike, sector_deg: float) -> Floats:
    """
    Hours with wind from the sector around each bearing.

    Parameters
    ----------
    bearing : float array (source), degrees
    direction : float array (hour), degrees the wind comes from, NaN for calm
    sector_deg : float, width of the sector

    Returns
    -------
    float array (source)

    Examples
    --------
    >>> sector_hours([0.0, 180.0], [350.0, 20.0, 30.0, np.nan], 45.0).tolist()
    [2.0, 0.0]
    """
    from hotspot.kernels import sector as kernel

    bearing, direction = np.asarray(bearing, dtype=float), np.asarray(direction, dtype=float)
    nothing = np.zeros(direction.size, dtype=np.int64)
    return kernel.sector_counts(bearing, direction, nothing > 0, nothing, float(sector_deg) / 2, 1)[0][:, 0]


def sector_lift(
    bearing: ArrayLike, direction: Floats, values: Floats, block: Ints, *, tracing: Tracing
) -> dict[str, Floats]:
    """
    Lift of each source's own sector over the base rate, with its interval.

    Parameters
    ----------
    bearing : float array (source), degrees from the receptor to the source
    direction : float array (hour), degrees the wind comes from, NaN for calm
    values : float array (hour), concentration, no NaN
    block : int array (hour), number of the block of days

    Returns
    -------
    dict of arrays (source): ``hours`` with wind from the sector, ``lift``,
    ``low``, ``high`` (NaN where the sector saw no wind)

    Notes
    -----
    High hours are those above the (1 - ``top_share``) quantile of the hours with
    wind; the quantile stays fixed. Whole blocks of days are drawn with
    replacement, ``n_draws`` times from ``seed``; all sources see the same draws.

    Examples
    --------
    >>> from hotspot.rules.criteria import Tracing
    >>> toward = np.tile([0.0, 90.0], 50)
    >>> dirty = np.tile([80.0, 10.0], 50)
    >>> found = sector_lift([0.0, 90.0], toward, dirty, np.arange(100) // 10, tracing=Tracing(top_share=0.5))
    >>> found["lift"].tolist(), found["hours"].tolist()
    ([2.0, 0.0], [50.0, 50.0])
    """
    from hotspot.kernels import sector as kernel

    bearing, direction = np.asarray(bearing, dtype=float), np.asarray(direction, dtype=float)
    values, block = np.asarray(values, dtype=float), np.asarray(block)
    windy = ~np.isnan(direction)
    unknown = np.full(bearing.size, np.nan)
    if not windy.any():
        return {"hours": np.zeros(bearing.size), "lift": unknown, "low": unknown, "high": unknown}
    direction, values = direction[windy], values[windy]
    names, block = np.unique(block[windy], return_inverse=True)
    high = _high(values, tracing.top_share)
    counts = kernel.sector_counts(bearing, direction, high, block.astype(np.int64), tracing.sector_deg / 2, names.size)
    every = np.bincount(block, minlength=names.size).astype(float)
    dirty = np.bincount(block, weights=high, minlength=names.size)
    times = _times_drawn(tracing.seed, tracing.n_draws, names.size)
    # Counts are whole numbers, so these sums are exact in any order.
    lifts = _ratio(_ratio(counts[1] @ times.T, counts[0] @ times.T), _ratio(times @ dirty, times @ every))
    lift = _ratio(_ratio(counts[1].sum(axis=1), counts[0].sum(axis=1)), dirty.sum() / every.sum())
    tail = (1 - tracing.level) / 2
    low, top = _quantiles(lifts, (tail, 1 - tail))
    return {"hours": counts[0].sum(axis=1), "lift": lift, "low": low, "high": top}


def share_high(values: Floats, chosen: Flags, *, share: float) -> float:
    """
    Share of chosen hours that were high by the limit of all others: what calm hours are held against.

    Parameters
    ----------
    values : float array (hour), no NaN
    chosen : bool array (hour)
    share : float
        Hours above the (1 - share) quantile of the others are high.

    Returns
    -------
    float; NaN where no hour or every hour is chosen

    Examples
    --------
    >>> share_high(np.array([1.0, 2.0, 3.0, 4.0, 9.0, 1.0]), np.arange(6) > 3, share=0.25)
    0.5
    """
    if chosen.all() or not chosen.any():
        return float("nan")
    return float((values[chosen] > np.quantile(values[~chosen], 1 - share)).mean())


@cache
def _times_drawn(seed: int, n_draws: int, n_block: int) -> Floats:
    """How often each draw takes each block, float64[draw, block]; not to be written to."""
    drawn = np.random.default_rng(seed).integers(0, n_block, (n_draws, n_block))
    times = np.zeros((n_draws, n_block))
    np.add.at(times, (np.arange(n_draws)[:, None], drawn), 1.0)
    return times


def _quantiles(draws: Floats, shares: tuple[float, ...]) -> list[Floats]:
    """Quantiles along each row, of what is not NaN; NaN where nothing is."""
    ordered, row, found = np.sort(draws, axis=1), np.arange(len(draws)), []  # NaN last
    last = np.maximum((~np.isnan(ordered)).sum(axis=1) - 1, 0)
    for share in shares:
        lower = np.floor(last * share).astype(int)
        below, above = ordered[row, lower], ordered[row, np.minimum(lower + 1, last)]
        found.append(below + (above - below) * (last * share - lower))
    return found


def _high(values: Floats, share: float) -> Flags:
    """Hours above their (1 - share) quantile; the ties at the top where none is above it."""
    limit = np.quantile(values, 1 - share)
    above = values > limit
    return above if above.any() else values >= limit


def _ratio(part: Floats, whole: float | Floats) -> Floats:
    """part / whole, NaN where the whole is zero."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.asarray(whole) > 0, np.asarray(part, dtype=float) / whole, np.nan)
