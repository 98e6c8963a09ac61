"""Monthly targets from a yearly one, and what is left of them (B8, A3). Nothing of it is published: a proposal."""

from collections.abc import Sequence

from hotspot.rules.rounding import round_half_even


def monthly_targets(target: float, last_year: Sequence[float], days: Sequence[int]) -> list[float]:
    """
    Spread a yearly target over the months as last year's air lay over them.

    Parameters
    ----------
    target : float, ug/m3, of the year
    last_year : monthly means of last year, ug/m3, twelve
    days : days of each month, twelve

    Returns
    -------
    list of float: last year's profile scaled so that the mean weighted by days is the target

    Examples
    --------
    >>> months = monthly_targets(36.0, [80.0] * 6 + [40.0] * 6, [30] * 12)
    >>> months[0], months[-1]
    (48.0, 24.0)
    """
    if len(last_year) != 12 or len(days) != 12:
        raise ValueError(f"{len(last_year)} means and {len(days)} lengths of months; give twelve of each.")
    mean = sum(m * d for m, d in zip(last_year, days, strict=True)) / sum(days)
    return [target * m / mean for m in last_year]


def control_value(target: float, done: float, n_done: int, n_days: int) -> float | None:
    """
    Mean that the days left may have for a target still to be met: ``(T D - sum of days done) / (D - d)``.

    Parameters
    ----------
    target : float, ug/m3
    done : float, mean of the days done, ug/m3
    n_done, n_days : int, days done and days in all

    Returns
    -------
    float, one decimal; None where no day is left

    Examples
    --------
    >>> control_value(45, 52, 20, 31), control_value(36, 57, 200, 365), control_value(45, 52, 31, 31)
    (32.3, 10.5, None)
    """
    if n_done >= n_days:
        return None
    return round_half_even((target * n_days - done * n_done) / (n_days - n_done), 1)
