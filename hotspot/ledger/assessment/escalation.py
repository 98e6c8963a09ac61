"""
What follows from repeated warnings: D11 (ministry) and D12 (city).

Months are counted, not reasons: a cell on the list for three reasons was
warned once (RELIABILITY 99). "Within one year" is not defined by D11, so the
rolling window decides and the calendar year is printed beside it.
"""

from typing import Any

import pandas as pd

from hotspot.ledger.chain.store import Ledger
from hotspot.rules.calendar import month_minus, parse_month
from hotspot.rules.criteria import Criteria, Escalation

COLUMNS = [
    "cell",
    "warned",
    "run",
    "longest_run",
    "count",
    "longest_run_calendar",
    "count_calendar",
    "d11",
    "d11_calendar",
    "d11_since",
    "d12",
    "history",
    "next_zh",
    "next_en",
]


def escalation(history: pd.DataFrame, criteria: Criteria, month: str) -> pd.DataFrame:
    """
    How far every warned cell has come on the ladder, and what comes next.

    Parameters
    ----------
    history : DataFrame ``month, cell``
        Every published warning, one row per cell and reason; months after
        ``month`` are ignored. See ``warned_history``.
    criteria : Criteria
        Its ``escalation`` section: 3 in a row, 6 in all, 12 months; city rule 3.
    month : str, "YYYY-MM"
        The month that is judged, the last of the window.

    Returns
    -------
    DataFrame, a row per cell warned at least once in the rolling window or the
    calendar year, sorted by cell:

    - ``warned`` in this month; ``run`` of consecutive months ending in it
    - ``longest_run, count`` in the rolling window (D11), and the same ``_calendar``
    - ``d11`` reached, ``d11_since`` the month that reached it; ``d12`` reached now
    - ``history``: the warned months of the window
    - ``next_zh, next_en``: the consequence that stands or the nearest one, in words

    Notes
    -----
    D11: 3 consecutive or 6 cumulative warnings within one year are named
    publicly, a work team is sent, and an open interview held. D12: 3
    consecutive months, the city government interviews the grid chief. A run is of
    calendar months: a month without a list breaks it. Runs count only months
    inside the window; ``d12`` looks back as far as the run goes.

    Examples
    --------
    >>> from hotspot.rules.criteria import Criteria
    >>> history = pd.DataFrame({"month": ["2019-12", "2020-01", "2020-02", "2020-02"], "cell": ["A"] * 4})
    >>> row = escalation(history, Criteria(), "2020-02").iloc[0]
    >>> int(row["run"]), int(row["count"]), bool(row["d11"]), bool(row["d11_calendar"]), row["d11_since"]
    (3, 3, True, False, '2020-02')
    """
    rule = criteria.escalation
    year = parse_month(month)[0]
    window = [month_minus(month, n) for n in range(rule.window_months - 1, -1, -1)]
    calendar = [name for name in (f"{year:04d}-{n:02d}" for n in range(1, 13)) if name <= month]
    rows = []
    for cell in sorted(set(history["cell"])):
        months = {name for name in history.loc[history["cell"] == cell, "month"] if name <= month}
        if not months.intersection({*window, *calendar}):
            continue
        count, longest, since = _ladder(months, window, rule)
        count_c, longest_c, since_c = _ladder(months, calendar, rule)
        run = _run(months, month)
        row = {
            "cell": cell,
            "warned": month in months,
            "run": run,
            "longest_run": longest,
            "count": count,
            "longest_run_calendar": longest_c,
            "count_calendar": count_c,
            "d11": bool(since),
            "d11_calendar": bool(since_c),
            "d11_since": since,
            "d12": run >= rule.city_consecutive,
            "history": " ".join(sorted(months.intersection(window))),
        }
        row["next_zh"], row["next_en"] = _words(row, rule)
        rows.append(row)
    return pd.DataFrame(rows, columns=COLUMNS)


def warned_history(ledger: Ledger) -> pd.DataFrame:
    """
    Every published warning that stands, from the ledger.

    Of a month published again the latest revision counts.

    Returns
    -------
    DataFrame ``month, cell, reason``, sorted

    Examples
    --------
    >>> import tempfile
    >>> from hotspot.ledger.chain.store import open_ledger
    >>> with open_ledger(tempfile.mkdtemp() + "/ledger.sqlite") as ledger:
    ...     _ = ledger.append("month", "2020-02", {"warned": [["A", "highest"], ["B", "highest"]]})
    ...     _ = ledger.append("month", "2020-02", {"warned": [["A", "highest"]]})
    ...     warned_history(ledger)["cell"].tolist()
    ['A']
    """
    rows = [
        (entry.month, cell, reason)
        for (kind, _), entry in ledger.heads().items()
        if kind == "month"
        for cell, reason, *_ in entry.body["warned"]
    ]
    return pd.DataFrame(sorted(rows), columns=["month", "cell", "reason"])


def _ladder(months: set[str], window: list[str], rule: Escalation) -> tuple[int, int, str]:
    """Warned months of a window, their longest run, and the month that reached D11 ("" if none did)."""
    count = longest = run = 0
    since = ""
    for name in window:
        run = run + 1 if name in months else 0
        count += name in months
        longest = max(longest, run)
        if not since and (run >= rule.consecutive or count >= rule.cumulative):
            since = name
    return count, longest, since


def _run(months: set[str], month: str) -> int:
    """Consecutive warned months that end in ``month``."""
    run = 0
    while month_minus(month, run) in months:
        run += 1
    return run


def _words(row: dict[str, Any], rule: Escalation) -> tuple[str, str]:
    """The consequence that stands, or what would bring the nearest one."""
    zh, en = [], []
    if row["d11"]:
        zh.append(
            f"近{rule.window_months}个月内最长连续预警{row['longest_run']}个月、累计{row['count']}个月，"
            f"{row['d11_since']}已达到条件：公开通报、派驻工作组、公开约谈（D11）"
        )
        en.append(
            f"{row['longest_run']} months in a row and {row['count']} in all within {rule.window_months} months, "
            f"reached {row['d11_since']}: named publicly, work team sent, open interview (D11)"
        )
    else:
        # The run that can still grow is the one that ends now.
        in_row, in_all = rule.consecutive - row["run"], rule.cumulative - row["count"]
        zh.append(f"再连续预警{in_row}个月或累计再预警{in_all}个月，将公开通报、派驻工作组、公开约谈（D11）")
        en.append(
            f"{in_row} more in a row or {in_all} more in all: named publicly, work team sent, open interview (D11)"
        )
    if row["d12"]:
        zh.append(f"已连续预警{row['run']}个月：市政府约谈网格长（D12）")
        en.append(f"{row['run']} months in a row: the city government interviews the grid chief (D12)")
    else:
        left = rule.city_consecutive - row["run"]
        zh.append(f"再连续预警{left}个月，由市政府约谈网格长（D12）")
        en.append(f"{left} more in a row: the city government interviews the grid chief (D12)")
    return "；".join(zh) + "。", "; ".join(en) + "."
