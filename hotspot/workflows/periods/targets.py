"""Targets of units: the month's and the year's, what is left of each at the end of a day (B8)."""

from pathlib import Path
from typing import Any

import pandas as pd

from hotspot.rank.city.air import Left, left, months_of
from hotspot.rules.rounding import round_half_even
from hotspot.study import Study
from hotspot.workflows.periods.desk import Desk


def targets_left(desk: Desk) -> list[dict[str, Any]]:
    """
    Where every target stands at the period's end.

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


def missed_targets(study: Study, month: str, *, out: Path | str = "out") -> list[str]:
    """
    Units that missed a yearly target of ``[loop] targets``, known at the end of a year (B22, B16's gate).

    Parameters
    ----------
    study : Study
        Its ``[loop] days`` are what the targets are held against, else its reference stations.
    month : str, "YYYY-MM"; of another month than December nothing is known yet

    Returns
    -------
    list of str, sorted; a unit without days is not judged
    """
    from hotspot.workflows.periods.calendar import desk_of

    if not month.endswith("-12") or study.loop.targets is None:
        return []
    with desk_of(study, month[:4], out=out) as desk:
        table, days = desk.table("targets"), desk.days
    if table is None:
        return []
    missed = set()
    for row in table[table["year"] == month[:4]].itertuples():
        own = days[(days["unit"] == row.unit) & days["day"].str.startswith(month[:4])][row.pollutant].dropna()
        digits = len(f"{row.target:g}".partition(".")[2])
        if len(own) and round_half_even(float(own.mean()), digits) > row.target:
            missed.add(str(row.unit))
    return sorted(missed)


def _zh(span: str, row: Any, one: Left, last: pd.Timestamp) -> str:
    from hotspot.rank.city.compare import NAMES

    when = f"{last.month}月" if span == "month" else f"{last.year}年"
    return f"{when}{NAMES[row.pollutant]}{one.zh}"
