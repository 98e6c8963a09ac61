"""
The composite index of a unit's month from the days of its points (B18), with falsified days replaced (B19).

A unit is the mean of its points per day; CO counts by its 95th percentile of days, O3 by the 90th percentile of
the daily largest 8 h mean. Each is rounded to its published precision before it is divided (STANDARDS 4).
"""

import numpy as np
import pandas as pd

from hotspot.rules.calendar import parse_month
from hotspot.rules.criteria import Validity
from hotspot.rules.index import SIX, composite_index, percentile, terms
from hotspot.rules.rounding import round_half_even
from hotspot.rules.validity import month_days_needed

DECIMALS = {"co": 1}  # published precision: whole ug/m3, CO one decimal, mg/m3
_PERCENTILE = {"co": 95, "o3": 90}


def replace_days(days: pd.DataFrame, decisions: pd.DataFrame, *, highest: pd.DataFrame | None = None) -> pd.DataFrame:
    """
    Put a point's highest day of the month in the place of days that were declared falsified (B19).

    Parameters
    ----------
    days : DataFrame ``unit, point, day`` ("YYYY-MM-DD") and the ``SIX``
    decisions : DataFrame ``point, day, signer, reason`` and ``withdrawn_by`` ("" while it stands)
    highest : DataFrame ``point, day`` and the ``SIX``, optional
        What the highest is taken of; default the days themselves, else each day's highest hour

    Returns
    -------
    DataFrame like ``days`` with ``replaced`` (bool); all six pollutants of the day are replaced, named days do
    not count for the highest; without a standing decision the values are those given

    Raises
    ------
    ValueError
        A decision has no signer or reason, or names a point or day that is not there.

    Examples
    --------
    >>> two = {"day": ["2023-01-01", "2023-01-02"], **dict.fromkeys(SIX, [40.0, 10.0])}
    >>> days = pd.DataFrame({"unit": "a", "point": "p", **two})
    >>> one = {"point": "p", "day": "2023-01-02", "signer": "李某", "reason": "喷淋", "withdrawn_by": ""}
    >>> replace_days(days, pd.DataFrame([one]))["pm25"].tolist()
    [40.0, 40.0]
    """
    out = days.assign(replaced=False)
    if not len(decisions):
        return out
    standing = decisions[decisions["withdrawn_by"].fillna("") == ""]
    named = {(str(row.point), str(row.day)) for row in standing.itertuples()}
    source = days if highest is None else highest
    for row in standing.itertuples():
        here = (out["point"] == str(row.point)) & (out["day"] == str(row.day))
        if not str(row.signer).strip() or not str(row.reason).strip():
            raise ValueError(f"decision on {row.point}, {row.day}: it has no signer or no reason.")
        if not here.any():
            raise ValueError(f"decision on {row.point}, {row.day}: there is no such point and day.")
        honest = np.array([(p, d) not in named for p, d in zip(source["point"], source["day"], strict=True)])
        month = source[(source["point"] == str(row.point)) & source["day"].str.startswith(str(row.day)[:7]) & honest]
        if month.empty:
            raise ValueError(f"decision on {row.point}, {row.day}: no other day of its month to take the highest of.")
        out.loc[here, list(SIX)] = month[list(SIX)].max().to_numpy()
        out.loc[here, "replaced"] = True
    return out


def month_index(
    days: pd.DataFrame, month: str, *, validity: Validity | None = None, convention: str = "two_decimals"
) -> pd.DataFrame:
    """
    Composite index of every unit in one month.

    Parameters
    ----------
    days : DataFrame ``unit, point, day`` and the ``SIX``: valid day means (O3 the largest 8 h mean), NaN where invalid
    validity : Validity, optional; the days a month needs, per pollutant
    convention : as ``composite_index``

    Returns
    -------
    DataFrame by unit: the ``SIX`` as published, ``<pollutant>_term``, ``index`` (float, NaN where not ranked),
    ``main`` (the largest term), ``n_days`` (of the pollutant with fewest), ``why`` it is not ranked

    Examples
    --------
    >>> day = [f"2023-01-{n:02d}" for n in range(1, 32)]
    >>> same = {"so2": 6.0, "no2": 13.0, "pm10": 33.0, "pm25": 22.0, "co": 0.8, "o3": 108.0}
    >>> row = month_index(pd.DataFrame({"unit": "Heyuan", "point": "p", "day": day, **same}), "2023-01").iloc[0]
    >>> float(row["index"]), row["main"]
    (2.4, 'o3')
    """
    parse_month(month)
    needed = month_days_needed(month, validity or Validity())
    part = days[days["day"].str.startswith(month)]
    rows = []
    for unit, points in part.groupby("unit", sort=True):
        by_day = points.groupby("day")[list(SIX)].mean()
        counts = by_day.notna().sum()
        short = [name for name in SIX if counts[name] < needed]
        row: dict = {"unit": unit, "n_days": int(counts.min())}
        row["why"] = f"{short[0]}: {int(counts[short[0]])} valid days of {needed} needed" if short else ""
        for name in SIX:
            values = by_day[name].dropna().to_numpy()
            value = np.nan
            if values.size:
                value = percentile(values, _PERCENTILE[name]) if name in _PERCENTILE else float(values.mean())
            row[name] = round_half_even(value, DECIMALS.get(name, 0))
        row["index"], row["main"] = np.nan, ""
        if not short:
            six = {name: row[name] for name in SIX}
            row["index"] = float(composite_index(six, convention=convention))
            shares = terms(six)
            row |= {f"{name}_term": float(value) for name, value in shares.items()}
            row["main"] = max(SIX, key=lambda name: (shares[name], name))
        rows.append(row)
    columns = ["unit", *SIX, *(f"{name}_term" for name in SIX), "index", "main", "n_days", "why"]
    return pd.DataFrame(rows).reindex(columns=columns)
