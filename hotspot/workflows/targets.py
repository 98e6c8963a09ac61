"""Targets of units: the month's and the year's, what is left of each at the end of a day (B8)."""

from typing import Any

import pandas as pd

from hotspot.rank.city.air import Left, left, months_of
from hotspot.workflows.desk import Desk


def targets_left(desk: Desk) -> list[dict[str, Any]]:
    """
    Where every target stands at the period's end.

    Parameters
    ----------
    desk : Desk

    Returns
    -------
    list of dict: ``unit, pollutant, span`` ("month" or "year"), ``left`` (Left), ``zh``; a unit without days has none
    """
    table = desk.table("targets")
    if table is None:
        return []
    last, told = desk.period.end - pd.Timedelta(days=1), []
    percentile = desk.study.criteria.targets.attainable_percentile
    for row in table[table["year"] == str(last.year)].itertuples():
        own = desk.days[desk.days["unit"] == row.unit].dropna(subset=[row.pollutant])
        past = own.loc[own["day"] < f"{last:%Y-%m}-01", row.pollutant].tolist()
        month = months_of(row.target, row.months, desk.days, row.unit, row.pollutant, last.year)[last.month - 1]
        spans = [("year", row.target, f"{last.year}-01-01", 366 if last.is_leap_year else 365)]
        if month == month:
            spans.insert(0, ("month", month, f"{last:%Y-%m}-01", last.days_in_month))
        for span, target, first, n_days in spans:
            done = own.loc[(own["day"] >= first) & (own["day"] <= f"{last:%Y-%m-%d}"), row.pollutant].tolist()
            if not done:
                continue
            before = past if span == "month" else own.loc[own["day"] < first, row.pollutant].tolist()
            one = left(round(target, 1), done, n_days, past=before, percentile_=percentile)
            told.append(
                {
                    "unit": row.unit,
                    "pollutant": row.pollutant,
                    "span": span,
                    "left": one,
                    "zh": _zh(span, row, one, last),
                }
            )
    return told


def _zh(span: str, row: Any, one: Left, last: pd.Timestamp) -> str:
    from hotspot.rank.city.compare import NAMES

    when = f"{last.month}月" if span == "month" else f"{last.year}年"
    return f"{when}{NAMES[row.pollutant]}{one.zh}"
