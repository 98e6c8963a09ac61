"""How pushed alarms stand against their clock (B28, E2), and the figures of the programme's desk (C11)."""

import pandas as pd

from hotspot.ledger.alarms import alarm_bodies, answers
from hotspot.ledger.clocks import clock, local_minute
from hotspot.ledger.feedback import NONE, effective_feedback
from hotspot.ledger.receipts import receipts
from hotspot.ledger.store import Ledger
from hotspot.rules.loop import Clocks

COLUMNS = ["alarm", "cell", "sub_cell", "pushed", "received", "answered", "by", "due", "state", "late_minutes", "since"]


def alarm_table(ledger: Ledger, asof: str, rule: Clocks) -> pd.DataFrame:
    """
    Every pushed alarm and its clock at an instant.

    Parameters
    ----------
    ledger : Ledger
    asof : str, local ISO time; later alarms, receipts and answers have not happened yet
    rule : Clocks
        ``answer_hours``, or ``result_hours`` where a profile knows no clock of answers; with neither nothing is late.

    Returns
    -------
    DataFrame with ``COLUMNS``, in order of time: ``state`` "in time" | "late" | "running" | "overdue" | "no clock"

    Notes
    -----
    An alarm is pushed when its hours are over. What is answered is never also overdue.

    Examples
    --------
    >>> import tempfile
    >>> from hotspot.ledger.store import open_ledger
    >>> body = {"alarm": "a1", "cell": "A", "sub_cell": "A-27", "time": "2025-12-01T05:00", "end": "2025-12-01T07:00"}
    >>> with open_ledger(tempfile.mkdtemp() + "/ledger.sqlite") as ledger:
    ...     _ = ledger.append("alarm", "2025-12", body | {"state": "pushed", "hours": 2})
    ...     alarm_table(ledger, "2025-12-02T07:01", Clocks())[["state", "late_minutes"]].values.tolist()
    [['overdue', 1]]
    """
    now = local_minute(asof)
    received, answered = receipts(ledger), answers(ledger)
    hours = rule.answer_hours or rule.result_hours
    rows = []
    for name, body in alarm_bodies(ledger).items():
        pushed = body.get("end") or body["time"]
        if body.get("state") != "pushed" or local_minute(pushed) > now:
            continue
        given = sorted((str(a["time"]), a["by"]) for a in answered.get(name, []) if local_minute(a["time"]) <= now)
        row = {"alarm": name, "cell": body["cell"], "sub_cell": body["sub_cell"], "pushed": pushed}
        row |= {"received": received.get(name, ""), "answered": given[0][0] if given else ""}
        row |= {"by": given[0][1] if given else "", "due": "", "state": "no clock", "late_minutes": 0, "since": ""}
        if hours:
            told = clock(pushed, row["received"] or None, row["answered"] or None, asof, hours, rule)
            row |= {"due": told.due.isoformat(timespec="minutes"), "state": told.state}
            row |= {"late_minutes": told.late_minutes, "since": told.since}
        rows.append(row)
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.sort_values(["pushed", "alarm"], kind="stable").reset_index(drop=True)


def desk_figures(ledger: Ledger, asof: str, rule: Clocks, *, n_cell: int = 0, months: float = 0.0) -> dict:
    """
    The desk's figures: how many were answered, how soon, what was found (C11).

    Parameters
    ----------
    ledger, asof, rule : as ``alarm_table``
    n_cell, months : instrumented cells and months, for the load; 0 where not known

    Returns
    -------
    dict: ``pushed answered overdue problems`` (counts), ``answer_rate`` (per cent), ``problems_per_alarm``,
    ``load``, ``median_hours, p90_hours`` to the answer; None where it cannot be said

    Examples
    --------
    >>> import tempfile
    >>> from hotspot.ledger.store import open_ledger
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
        "problems": len(found),
        "answer_rate": rate(len(answered), len(table)),
        "problems_per_alarm": ratio(len(found), len(table)),
        "load": None if not n_cell or not months else len(table) / n_cell / months,
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
