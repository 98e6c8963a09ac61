"""
Doubts that a station's own series raises, without asking anybody else: range, spikes
against the hours beside, flat lines, zeros, copied days, heaped digits.

Names follow QARTOD (gross range, spike, rate of change, flat line). Every function
takes consecutive hours and gives a mask of the same shape.
"""

import numpy as np

from hotspot.kernels.arrays import Flags, Floats, Ints
from hotspot.rules.sensors import Screening


def gross_range(values: Floats, criteria: Screening) -> dict[str, Flags]:
    """
    Impossible, slightly negative, and saturated hours.

    Parameters
    ----------
    values : float64[n_station, n_hour]

    Returns
    -------
    dict of flag name -> bool[n_station, n_hour]

    Examples
    --------
    >>> from hotspot.rules.sensors import Screening
    >>> found = gross_range(np.array([[-50.0, -2.0, 40.0, 985.0, 2500.0, np.inf]]), Screening())
    >>> {name: np.flatnonzero(mask[0]).tolist() for name, mask in found.items()}
    {'impossible': [0, 4, 5], 'negative': [1], 'saturation': [3]}
    """
    impossible = ~np.isnan(values) & np.isnan(possible(values, criteria))
    with np.errstate(invalid="ignore"):
        return {
            "impossible": impossible,
            "negative": (values < 0) & ~impossible,
            "saturation": (values >= criteria.saturation) & ~impossible,
        }


def possible(values: Floats, criteria: Screening) -> Floats:
    """The values that air can have; NaN in place of the others, so that they sway nobody."""
    with np.errstate(invalid="ignore"):
        return np.where((values < criteria.low) | (values > criteria.high), np.nan, values)


def spikes(values: Floats, expected: Floats, criteria: Screening) -> Flags:
    """
    One hour that stands far above or below both hours beside it, while the neighbours are calm.

    The step is the lesser of the two (QARTOD spike test, method "differential"). It must exceed
    ``spike_height`` and ``spike_ratio`` of the local level; a downward spike cannot exceed the
    level, so it is measured against the value it falls to.

    Parameters
    ----------
    values, expected : float64[n_station, n_hour]
        ``expected`` from the neighbours, NaN where nobody knows.

    Returns
    -------
    bool[n_station, n_hour]

    Examples
    --------
    >>> from hotspot.rules.sensors import Screening
    >>> values = np.array([[40.0, 42, 41, 43, 410, 44, 42, 40, 41]])
    >>> np.flatnonzero(spikes(values, values * np.nan, Screening())[0]).tolist()
    [4]
    """
    from hotspot.kernels import flags

    height = flags.spike_heights(values)
    level = flags.local_medians(values, criteria.spike_hours // 2, 4)
    calm = flags.spike_heights(np.ascontiguousarray(expected))
    with np.errstate(invalid="ignore"):
        base = np.where(height > 0, level, np.maximum(values, 0.0))
        large = (np.abs(height) > criteria.spike_height) & (np.abs(height) > criteria.spike_ratio * base)
        shared = (np.sign(calm) == np.sign(height)) & (np.abs(calm) >= criteria.spike_shared * np.abs(height))
    return large & ~shared


def fast_changes(values: Floats, criteria: Screening) -> Flags:
    """
    Hours whose step from the hour before exceeds what air does (QARTOD rate of change).

    Examples
    --------
    >>> from hotspot.rules.sensors import Screening
    >>> fast_changes(np.array([[40.0, 45, 240, 241]]), Screening()).tolist()
    [[False, False, True, False]]
    """
    step = np.full(values.shape, np.nan)
    step[:, 1:] = np.diff(values, axis=1)
    with np.errstate(invalid="ignore"):
        return np.abs(step) > criteria.change_per_hour


def flat_lines(values: Floats, criteria: Screening) -> Flags:
    """
    Hours inside a stretch of ``flat_hours`` or more without a change, above the level where rounding repeats.

    Examples
    --------
    >>> from hotspot.rules.sensors import Screening
    >>> flat_lines(np.array([[50.0] * 6 + [51.0] + [3.0] * 8]), Screening())[0].astype(int).tolist()
    [1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    """
    from hotspot.kernels import flags

    with np.errstate(invalid="ignore"):
        above = values >= criteria.flat_level
    return flags.flat_windows(np.where(above, values, np.nan), criteria.flat_hours, criteria.flat_tolerance)


def zero_runs(values: Floats, criteria: Screening) -> Flags:
    """
    Hours inside ``zero_hours`` or more zeros in a row.

    Examples
    --------
    >>> from hotspot.rules.sensors import Screening
    >>> int(zero_runs(np.array([[0.0] * 7 + [1.0] + [0.0] * 6]), Screening()).sum())
    7
    """
    from hotspot.kernels import flags

    return flags.run_lengths(values == 0) >= criteria.zero_hours


def repeated_days(values: Floats, first_hour: int, criteria: Screening) -> Flags:
    """
    Hours of a local day that copies, hour by hour, one of the days before it.

    Parameters
    ----------
    values : float64[n_station, n_hour]
    first_hour : int
        Local hour of day of the first sample.
    criteria : Screening
        At least ``repeated_hours`` equal hours and none unequal; a day with fewer than three
        different values is a flat line, not a copy.

    Returns
    -------
    bool[n_station, n_hour]; the copy is flagged, not the original

    Examples
    --------
    >>> from hotspot.rules.sensors import Screening
    >>> day = np.arange(24.0) + 20
    >>> copied = repeated_days(np.r_[day, day, day[::-1]][None], 0, Screening())
    >>> copied[0].reshape(3, 24).all(axis=1).tolist()
    [False, True, False]
    """
    n_station, n_hour = values.shape
    before = first_hour % 24
    n_day = -(-(before + n_hour) // 24)
    padded = np.full((n_station, n_day * 24), np.nan)
    padded[:, before : before + n_hour] = values
    days = padded.reshape(n_station, n_day, 24)
    ordered = np.sort(days, axis=2)
    with np.errstate(invalid="ignore"):
        lively = (np.diff(ordered, axis=2) > 0).sum(axis=2) >= 2
    copied = np.zeros((n_station, n_day), bool)
    for lag in range(1, min(criteria.repeated_lookback_days, n_day - 1) + 1):
        late, early = days[:, lag:], days[:, :-lag]
        known = np.isfinite(late) & np.isfinite(early)
        equal = (late == early) & known
        copied[:, lag:] |= (equal.sum(2) >= criteria.repeated_hours) & (equal.sum(2) == known.sum(2))
    copied &= lively
    hours = np.repeat(copied, 24, axis=1)[:, before : before + n_hour]
    return hours & np.isfinite(values)


def heaped_digits(values: Floats, month: Ints, criteria: Screening) -> Flags:
    """
    Hours of months whose values heap on multiples of 5 or 10, or are whole at one station only.

    Parameters
    ----------
    values : float64[n_station, n_hour]
    month : int[n_hour], the local month of each hour

    Returns
    -------
    bool[n_station, n_hour]

    Examples
    --------
    >>> from hotspot.rules.sensors import Screening
    >>> rng = np.random.default_rng(1)
    >>> values = rng.uniform(20, 90, (5, 100)).round(1)
    >>> values[1], values[2] = values[1].round(), (values[2] / 5).round() * 5
    >>> heaped_digits(values, np.zeros(100), Screening()).all(axis=1).tolist()
    [False, True, True, False, False]
    """
    heaped = np.zeros(values.shape, bool)
    for one in np.unique(month):
        here = month == one
        part = values[:, here]
        seen = np.isfinite(part) & (part > 0)
        n = seen.sum(axis=1)
        enough = n >= criteria.heaped_values
        with np.errstate(invalid="ignore"):
            fives = (seen & (np.mod(part, 5) == 0)).sum(axis=1) / np.maximum(n, 1)
            whole = (seen & (np.mod(part, 1) == 0)).sum(axis=1) / np.maximum(n, 1)
        suspect = enough & (fives >= criteria.heaped_share)
        if enough.sum() >= 4:
            # Whole numbers are a fault only where the others report decimals.
            suspect |= enough & (whole >= 0.999) & (np.median(whole[enough]) < 0.3)
        heaped[np.ix_(suspect, here)] = True
    return heaped & np.isfinite(values)
