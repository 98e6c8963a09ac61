"""
Measures a unit was told to take, week by week (B17), and those with a place and a date whose effect can be asked (C9).

Every weekly report of a measure is an entry; the ladder and the register are computed from them.
"""

from collections.abc import Iterable
from datetime import date

import pandas as pd

from hotspot.ledger.assessment.ladders import MEASURE_STEPS, measures_step
from hotspot.ledger.chain.store import Ledger
from hotspot.ledger.chain.taking import lacking, take, text_of

REQUIRED = ("measure", "unit", "text", "week", "state")
_STATES = {"done": True, "已完成": True, "已整改": True, "not": False, "未完成": False, "未整改": False}
COLUMNS = ["measure", "unit", "text", "week", "done", "weeks", "step", "consequence", "note"]


def record_measures(ledger: Ledger, rows: Iterable[dict]) -> pd.DataFrame:
    """
    Append what was reported of measures.

    Parameters
    ----------
    rows : iterable of dict of text
        ``measure`` (its number), ``unit, text``, ``week`` ("2025-W49" or a day of it), ``state`` (done or not, or
        已完成, 未完成); ``cell`` and ``began`` (the day it was in force) where its effect is to be asked.

    Returns
    -------
    DataFrame ``row, measure, state`` recorded | repeated | quarantined, ``why, seq``

    Examples
    --------
    >>> import tempfile
    >>> from hotspot.ledger.chain.store import open_ledger
    >>> row = {"measure": "M1", "unit": "甲县", "text": "停用燃煤锅炉", "week": "2025-12-03", "state": "未完成"}
    >>> with open_ledger(tempfile.mkdtemp() + "/ledger.sqlite") as ledger:
    ...     record_measures(ledger, [row, row, row | {"week": "2025-W60"}])[["state", "why"]].values.tolist()
    [['recorded', ''], ['repeated', ''], ['quarantined', "week '2025-W60' is no week; write it like 2025-W49"]]
    """

    def month(body: dict[str, str]) -> str:
        return date.fromisocalendar(int(body["week"][:4]), int(body["week"][6:]), 1).isoformat()[:7]

    return take(ledger, "measure", map(text_of, rows), _settle, month=month, shown={"measure": "measure"})


def measure_table(ledger: Ledger, asof: str) -> pd.DataFrame:
    """
    Where every measure stands on the ladder in the last week that was reported of it.

    Parameters
    ----------
    asof : str, "YYYY-MM-DD"; later weeks have not happened yet

    Returns
    -------
    DataFrame with ``COLUMNS``, by unit and measure: ``weeks`` in a row not rectified, ``step`` 0 to 3,
    ``consequence`` in words; ``note`` names weeks without a report (they break the run) and the end of the ladder

    Examples
    --------
    >>> import tempfile
    >>> from hotspot.ledger.chain.store import open_ledger
    >>> row = {"measure": "M1", "unit": "甲县", "text": "停用燃煤锅炉", "state": "not"}
    >>> with open_ledger(tempfile.mkdtemp() + "/ledger.sqlite") as ledger:
    ...     _ = record_measures(ledger, [row | {"week": f"2025-W{n}"} for n in (48, 49)])
    ...     measure_table(ledger, "2025-12-31")[["weeks", "consequence"]].values.tolist()
    [[2, '分管领导公开约谈']]
    """
    last = iso_week(asof)
    latest: dict[tuple[str, str], dict[str, dict]] = {}
    for entry in ledger.entries("measure"):  # the later report of a week stands
        body = entry.body
        if body["week"] <= last:
            latest.setdefault((body["unit"], body["measure"]), {})[body["week"]] = body
    rows = []
    for (unit, measure), weeks in sorted(latest.items()):
        names = _weeks(min(weeks), max(weeks))
        gaps = [name for name in names if name not in weeks]
        done = [name not in weeks or _STATES[weeks[name]["state"]] for name in names]
        step, regulated = measures_step(done)
        run = next((n for n, one in enumerate(reversed(done)) if one), len(done))
        words = [f"{'、'.join(gaps)} 无报告，连续计数中断"] if gaps else []
        if not regulated:
            words.append("连续超过3周的处理方式方案未规定")
        body = weeks[max(weeks)]
        rows.append(
            {
                "measure": measure, "unit": unit, "text": body["text"], "week": max(weeks), "done": done[-1],
                "weeks": run, "step": step, "consequence": MEASURE_STEPS[step - 1] if step else "",
                "note": "；".join(words),
            }
        )  # fmt: skip
    return pd.DataFrame(rows, columns=COLUMNS)


def interventions(ledger: Ledger) -> pd.DataFrame:
    """
    Measures with a cell and a day from which they were in force: DataFrame ``measure, unit, text, cell, began``.

    Examples
    --------
    >>> import tempfile
    >>> from hotspot.ledger.chain.store import open_ledger
    >>> with open_ledger(tempfile.mkdtemp() + "/ledger.sqlite") as ledger:
    ...     len(interventions(ledger))
    0
    """
    columns = ["measure", "unit", "text", "cell", "began"]
    found = {
        (entry.body["unit"], entry.body["measure"]): [entry.body[name] for name in columns]
        for entry in ledger.entries("measure")
        if entry.body.get("cell") and entry.body.get("began")
    }
    return pd.DataFrame([found[key] for key in sorted(found)], columns=columns)


def iso_week(text: str) -> str:
    """
    The week of a day, or a week as it is written.

    Examples
    --------
    >>> iso_week("2025-12-31"), iso_week("2025-w5")
    ('2026-W01', '2025-W05')
    """
    said = text.strip().upper()
    if "W" in said:
        year, _, week = said.partition("-W")
        day = date.fromisocalendar(int(year), int(week), 1)
    else:
        day = date.fromisoformat(said[:10])
    year_, week_, _ = day.isocalendar()
    return f"{year_}-W{week_:02d}"


def _weeks(first: str, last: str) -> list[str]:
    start = date.fromisocalendar(int(first[:4]), int(first[6:]), 1)
    end = date.fromisocalendar(int(last[:4]), int(last[6:]), 1)
    days = pd.date_range(start, end, freq="7D")
    return [iso_week(str(day.date())) for day in days]


def _settle(body: dict) -> str:
    """Put a row into the ledger's words. Why it cannot be taken, or ""."""
    why = lacking(body, REQUIRED)
    if why:
        return why
    if body["state"] not in _STATES:
        return f"state {body['state']!r} is none of {', '.join(_STATES)}"
    body["state"] = "done" if _STATES[body["state"]] else "not"
    try:
        body["week"] = iso_week(body["week"])
    except ValueError:
        return f"week {body['week']!r} is no week; write it like 2025-W49"
    if body.get("began"):
        try:
            body["began"] = date.fromisoformat(body["began"][:10]).isoformat()
        except ValueError:
            return f"began {body['began']!r} is no day; write it like 2025-12-01"
    return ""
