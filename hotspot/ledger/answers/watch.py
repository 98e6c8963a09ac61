"""How pushed alarms stand against their clock (B28, E2), and the figures of the programme's desk (C11)."""

from typing import Any

import pandas as pd

from hotspot.ledger.answers.alarms import alarm_bodies, answers
from hotspot.ledger.answers.clocks import clock, local_minute
from hotspot.ledger.answers.feedback import NONE, effective_feedback
from hotspot.ledger.answers.receipts import receipts
from hotspot.ledger.chain.store import Ledger
from hotspot.rules.loop import Clocks

COLUMNS = [
    "alarm", "cell", "sub_cell", "pushed", "received", "answered", "by", "due", "state", "late_minutes", "since",
    "site", "site_due", "site_state", "site_late",
]  # fmt: skip
# The states of an alarm's clock, as pages and books name them: zh, en.
ALARM_STATES = {
    "in time": ("按时反馈", "in time"), "late": ("逾期反馈", "late"), "running": ("待反馈", "waiting"),
    "overdue": ("超期未反馈", "overdue"), "no clock": ("无时限", "no clock"),
}  # fmt: skip


def alarm_table(ledger: Ledger, asof: str, rule: Clocks) -> pd.DataFrame:
    """
    Every pushed alarm and its clock at an instant.

    Parameters
    ----------
    asof : str, local ISO time; later alarms, receipts and answers have not happened yet
    rule : Clocks
        ``answer_hours``, or ``result_hours`` where a profile knows no clock of answers; with neither nothing is late.
        ``site_hours`` is a clock of its own (B5): what is seen on the spot is reported.

    Returns
    -------
    DataFrame with ``COLUMNS``, in order of time: ``state`` "in time" | "late" | "running" | "overdue" | "no clock" of
    the answer (or result), ``site_state`` of the report from the spot; ``late_minutes``, ``site_late`` of each

    Notes
    -----
    An alarm is pushed when its hours are over. What is answered is never also overdue: an answer is a report from
    the spot, too. Where a row names ``arrived`` or ``result_time``, that instant counts instead of the row's own.

    Examples
    --------
    >>> import tempfile
    >>> from hotspot.ledger.chain.store import open_ledger
    >>> body = {"alarm": "a1", "cell": "A", "sub_cell": "A-27", "time": "2025-12-01T05:00", "end": "2025-12-01T07:00"}
    >>> with open_ledger(tempfile.mkdtemp() + "/ledger.sqlite") as ledger:
    ...     _ = ledger.append("alarm", "2025-12", body | {"state": "pushed", "hours": 2})
    ...     alarm_table(ledger, "2025-12-02T07:01", Clocks())[["state", "late_minutes"]].values.tolist()
    [['overdue', 1]]
    """
    return pd.DataFrame(alarm_rows(ledger, asof, rule), columns=COLUMNS)


def alarm_rows(ledger: Ledger, asof: str, rule: Clocks) -> list[dict[str, Any]]:
    """The rows of ``alarm_table``, for whoever needs no frame."""
    now = local_minute(asof)
    received, answered = receipts(ledger), answers(ledger)
    hours = rule.answer_hours or rule.result_hours
    rows = []
    for name, body in alarm_bodies(ledger).items():
        pushed = body.get("end") or body["time"]
        if body.get("state") != "pushed" or local_minute(pushed) > now:
            continue
        own = answered.get(name, [])
        given = _until(now, own, "result_time", "time")
        seen = _until(now, own, "arrived", "time")
        row = {"alarm": name, "cell": body["cell"], "sub_cell": body["sub_cell"], "pushed": pushed}
        row |= {"received": received.get(name, ""), "answered": given[0][0] if given else ""}
        row |= {"by": given[0][1] if given else "", "due": "", "state": "no clock", "late_minutes": 0, "since": ""}
        row |= {"site": seen[0][0] if seen else "", "site_due": "", "site_state": "no clock", "site_late": 0}
        if hours:
            told = clock(pushed, row["received"] or None, row["answered"] or None, asof, hours, rule)
            row |= {"due": told.due.isoformat(timespec="minutes"), "state": told.state}
            row |= {"late_minutes": told.late_minutes, "since": told.since}
        if rule.site_hours:
            told = clock(pushed, row["received"] or None, row["site"] or None, asof, rule.site_hours, rule)
            row |= {"site_due": told.due.isoformat(timespec="minutes"), "site_state": told.state}
            row |= {"site_late": told.late_minutes, "since": told.since}
        rows.append(row)
    return sorted(rows, key=lambda row: (row["pushed"], row["alarm"]))


def _until(now: pd.Timestamp, rows: list[dict[str, Any]], *names: str) -> list[tuple[str, str]]:
    """(instant, who) of the rows up to now, the earliest first: the first of the names that a row has."""
    told = [(next((str(row[name]) for name in names if row.get(name)), ""), str(row["by"])) for row in rows]
    return sorted(one for one in told if one[0] and local_minute(one[0]) <= now)


def desk_figures(ledger: Ledger, asof: str, rule: Clocks) -> dict:
    """
    The desk's figures: how many were answered, how soon, what was found (C11).

    Parameters
    ----------
    ledger, asof, rule : as ``alarm_table``

    Returns
    -------
    dict: ``pushed answered overdue site_overdue problems`` (counts), ``answer_rate`` (per cent),
    ``problems_per_alarm``, ``median_hours, p90_hours`` to the answer; None where it cannot be said

    Examples
    --------
    >>> import tempfile
    >>> from hotspot.ledger.chain.store import open_ledger
    >>> with open_ledger(tempfile.mkdtemp() + "/ledger.sqlite") as ledger:
    ...     desk_figures(ledger, "2025-12-31", Clocks())["answer_rate"] is None
    True
    """
    table = alarm_table(ledger, asof, rule)
    answered = table[table["answered"] != ""]
    found = effective_feedback(ledger)
    found = found[found["effective"] & found["alarm"].isin(set(table["alarm"])) & ~found["problem"].isin(["", NONE])]
    waited = [
        (local_minute(row.answered) - local_minute(row.received or row.pushed)) / pd.Timedelta(hours=1)
        for row in answered.itertuples()
    ]
    hours = pd.Series(waited, dtype="float64")
    return {
        "pushed": len(table),
        "answered": len(answered),
        "overdue": int((table["state"] == "overdue").sum()),
        "site_overdue": int((table["site_state"] == "overdue").sum()),
        "problems": len(found),
        "answer_rate": rate(len(answered), len(table)),
        "problems_per_alarm": ratio(len(found), len(table)),
        "median_hours": None if hours.empty else round(float(hours.median()), 1),
        "p90_hours": None if hours.empty else round(float(hours.quantile(0.9)), 1),
    }


def rate(n: int, of: int) -> float | None:
    """
    Per cent with two decimals, half to even; None of nothing.

    Examples
    --------
    >>> rate(5030, 5093), rate(0, 0)
    (98.76, None)
    """
    from hotspot.rules.rounding import decimal_half_even, to_decimal

    return None if not of else float(decimal_half_even(to_decimal(n) * 100 / to_decimal(of), 2))


def ratio(n: int, of: int, decimals: int = 3) -> float | None:
    """
    So many of one per one of another, half to even; None of nothing.

    Examples
    --------
    >>> ratio(3273, 5093), ratio(44400, 10100, 2), ratio(10500, 10100, 2)
    (0.643, 4.4, 1.04)
    """
    from hotspot.rules.rounding import decimal_half_even, to_decimal

    return None if not of else float(decimal_half_even(to_decimal(n) / to_decimal(of), decimals))
