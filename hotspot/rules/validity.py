"""
When a mean counts: GB 3095-2026 table 4 (clause 6.4), same numbers in 2012.

The 27-day rule for a month (25 in February) stands in the standard's annual row;
using it for a single month is common practice and our adopted rule (STANDARDS 1.5).
A satellite month has a rule of its own, a proposal.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from hotspot.kernels.arrays import Flags, Ints
from hotspot.rules.calendar import parse_month
from hotspot.rules.criteria import Validity


def month_days_needed(month: str, validity: Validity) -> int:
    """
    Valid days a month of station data must have.

    Parameters
    ----------
    month : str, e.g. ``"2015-02"``
    validity : Validity, from ``Criteria.validity``

    Examples
    --------
    >>> from hotspot.rules.criteria import Validity
    >>> month_days_needed("2020-02", Validity()), month_days_needed("2020-04", Validity())
    (25, 27)
    """
    return validity.february_days if parse_month(month)[1] == 2 else validity.month_days


def day_is_valid(n_hours: Ints, validity: Validity) -> Flags:
    """
    Is a daily mean valid: at least 20 hourly means.

    Examples
    --------
    >>> from hotspot.rules.criteria import Validity
    >>> day_is_valid([19, 20], Validity())
    array([False,  True])
    """
    return np.asarray(n_hours) >= validity.day_hours


def month_is_valid(n_days: Ints, month: str, validity: Validity) -> Flags:
    """
    Is a monthly mean of valid days valid: at least 27 of them, 25 in any February.

    Examples
    --------
    >>> from hotspot.rules.criteria import Validity
    >>> month_is_valid([26, 27], "2020-04", Validity()), month_is_valid([24, 25], "2020-02", Validity())
    (array([False,  True]), array([False,  True]))
    """
    return np.asarray(n_days) >= month_days_needed(month, validity)


def year_is_valid(n_days_of_months: ArrayLike, validity: Validity) -> Any:
    """
    Is a yearly mean valid: at least 324 valid days, and every month valid by itself.

    Parameters
    ----------
    n_days_of_months : array (12, ...), valid days in January to December

    Returns
    -------
    bool array of the trailing shape

    Examples
    --------
    >>> from hotspot.rules.criteria import Validity
    >>> year_is_valid([27, 25] + [27] * 9 + [29], Validity())     # 324 days
    np.True_
    >>> year_is_valid([27, 25] + [27] * 9 + [28], Validity()), year_is_valid([26, 28] + [30] * 10, Validity())
    (np.False_, np.False_)
    """
    days = np.asarray(n_days_of_months)
    if days.shape[:1] != (12,):
        raise ValueError(f"n_days_of_months has {days.shape[:1]} rows; give one for each of twelve months.")
    needed = np.full(12, validity.month_days)
    needed[1] = validity.february_days
    enough = (days >= needed.reshape((12,) + (1,) * (days.ndim - 1))).all(axis=0)
    return enough & (days.sum(axis=0) >= validity.year_days)


def satellite_month_is_valid(n_days: ArrayLike, coverage: ArrayLike, validity: Validity) -> Flags:
    """
    Is a month of daily satellite values valid for a cell: enough days, enough of the area.

    Parameters
    ----------
    n_days : array, days on which the cell had a value
    coverage : array, mean share of the cell's area seen on those days
    validity : Validity
        ``satellite_month_days`` and ``min_coverage``, both proposals.

    Examples
    --------
    >>> from hotspot.rules.criteria import Validity
    >>> satellite_month_is_valid([9, 10, 10], [1.0, 1.0, 0.4], Validity())
    array([False,  True, False])
    """
    with np.errstate(invalid="ignore"):
        return (np.asarray(n_days) >= validity.satellite_month_days) & (np.asarray(coverage) >= validity.min_coverage)


def year_of_products_is_valid(n_months: ArrayLike, validity: Validity) -> Flags:
    """
    Is a year of monthly products valid: as many months as the criteria ask (a proposal).

    Examples
    --------
    >>> from hotspot.rules.criteria import Validity
    >>> year_of_products_is_valid([11, 12], Validity())
    array([False,  True])
    """
    return np.asarray(n_months) >= validity.product_year_months
