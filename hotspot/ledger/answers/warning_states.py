"""How each warning of a month stands in the ledger at an instant: waiting, answered, overdue, closed (B28, D20)."""

from typing import Any

import numpy as np
import pandas as pd

from hotspot.ledger.answers.clocks import local_minute
from hotspot.ledger.answers.feedback import NONE, effective_feedback
from hotspot.ledger.answers.issues import OPEN, issue_table
from hotspot.ledger.chain.store import Ledger
from hotspot.rules.calendar import month_start
from hotspot.rules.loop import Handover

COLUMNS = ("cell", "state", "due", "visited", "problems", "open")


def warning_states(ledger: Ledger, month: str, asof: str, rule: Handover, *, handed: str = "") -> pd.DataFrame:
    """
    The state of every warned cell of a month.

    Parameters
    ----------
    asof : str, local ISO time; later entries have not happened yet
    rule : Handover, the days an answer and a rectification may take
    handed : str, optional
        Local day on which the list was handed over. Without it no answer is overdue, only a problem can be.

    Returns
    -------
    DataFrame with ``COLUMNS``, in order of cell: ``state`` "waiting" | "answered" | "overdue" | "closed"; ``due``, the
    date that counts next ("" where none does); ``visited``, the latest visit; ``problems`` found since the month
    began, ``open`` of them not accepted

    Notes
    -----
    A cell is closed when it was answered and nothing that was found in it is open; an answer that names a problem
    which is not in the register of problems yet leaves it answered. Working days are Monday to Friday: the ledger
    knows no public holidays (proposal).

    Examples
    --------
    >>> import tempfile
    >>> from hotspot.ledger.chain.store import open_ledger
    >>> with open_ledger(tempfile.mkdtemp() + "/ledger.sqlite") as ledger:
    ...     _ = ledger.append("month", "2025-11", {"warned": [["A", "highest"], ["B", "highest"]]})
    ...     _ = ledger.append("feedback", "2025-11", {"month": "2025-11", "cell": "A", "problem": "none",
    ...                                               "time": "2025-12-04T09:00", "by": "w", "text": "nothing"})
    ...     warning_states(ledger, "2025-11", "2025-12-12T08:00", Handover(), handed="2025-12-03")["state"].tolist()
    ['closed', 'overdue']
    """
    now, began = local_minute(asof), month_start(month)
    entry = ledger.heads().get(("month", month))
    cells = sorted({cell for cell, *_ in entry.body["warned"]}) if entry else []
    due = ""
    if handed:
        day = local_minute(handed).to_datetime64().astype("datetime64[D]")
        due = str(np.busday_offset(day, rule.feedback_workdays, roll="backward"))
    answers = effective_feedback(ledger)
    answers = answers[answers["effective"] & (answers["month"] == month)]
    answers = answers[answers["time"].map(local_minute) <= now] if len(answers) else answers
    issues = issue_table(ledger, asof, rectify_days=rule.rectify_days)
    issues = issues[issues["found"].map(local_minute) >= began] if len(issues) else issues
    rows = [_row(cell, answers[answers["cell"] == cell], issues[issues["cell"] == cell], due, now) for cell in cells]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _row(cell: str, answers: pd.DataFrame, issues: pd.DataFrame, due: str, now: pd.Timestamp) -> dict[str, Any]:
    still = issues[issues["state"].isin(OPEN)]
    said = set(answers["problem"]) - {"", NONE}
    if len(still):
        state = "overdue" if still["overdue"].any() else "answered"
        due = min((day for day in still["due"] if day), default="")
    elif len(answers) or len(issues):
        state, due = ("closed" if said <= set(issues["problem"]) else "answered"), ""
    else:
        state = "overdue" if due and now >= local_minute(due) + pd.Timedelta(days=1) else "waiting"
    visited = max((str(time)[:10] for time in answers["time"]), default="")
    return {
        "cell": cell, "state": state, "due": due, "visited": visited, "problems": len(issues), "open": len(still),
    }  # fmt: skip
