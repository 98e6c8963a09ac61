"""The figures of a period, of any part of a ledger: answered, overdue, found, visited, rectified (C11, E3, A5)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from hotspot.ledger.answers.clocks import local_minute
from hotspot.ledger.answers.feedback import EFFECTIVE, NONE, effective_rows
from hotspot.ledger.answers.issues import OPEN, issue_table
from hotspot.ledger.answers.watch import alarm_table, rate, ratio
from hotspot.ledger.chain.store import Ledger
from hotspot.rules.loop import Clocks

UNKNOWN = "（区外）"
VISIT = ("cell", "alarm", "time", "by", "text", "facility", "photos", "problem")


@dataclass(frozen=True)
class Facts:
    """
    What a ledger holds at an instant, each row with its place.

    ``alarms``: as ``watch.alarm_table``; ``found``: effective answers and findings with a problem; ``visits``: every
    row of feedback; ``issues``: as ``issues.issue_table``. All have ``city`` and ``county``.
    """

    asof: str
    alarms: pd.DataFrame
    found: pd.DataFrame
    visits: pd.DataFrame
    issues: pd.DataFrame

    def between(self, first: pd.Timestamp, end: pd.Timestamp) -> "Facts":
        """
        Only what begins in a period: alarms by their push, findings by their time or their alarm's, problems by
        when they were found.
        """

        def part(table: pd.DataFrame, column: str) -> pd.DataFrame:
            when = pd.to_datetime(table[column], format="ISO8601")
            return table[(when >= first) & (when < end)]

        alarms = part(self.alarms, "pushed")
        of_alarm = self.found["alarm"] != ""
        found = self.found[
            (of_alarm & self.found["alarm"].isin(set(alarms["alarm"])))
            | (~of_alarm & self.found.index.isin(part(self.found, "time").index))
        ]
        return Facts(self.asof, alarms, found, part(self.visits, "time"), part(self.issues, "found"))

    def of(self, **where: str) -> "Facts":
        """Only what lies in a place, as ``of(city="甲市")``."""

        def part(table: pd.DataFrame) -> pd.DataFrame:
            for name, value in where.items():
                table = table[table[name] == value]
            return table

        return Facts(self.asof, part(self.alarms), part(self.found), part(self.visits), part(self.issues))


def facts(
    ledger: Ledger, asof: str, clocks: Clocks, places: Mapping[str, tuple[str, str]], *, rectify_days: int = 30
) -> Facts:
    """
    Read a ledger once, as it stands at an instant.

    Parameters
    ----------
    asof : str, local ISO time
    places : mapping cell -> (city, county)
    rectify_days : int, as ``issue_table``

    Examples
    --------
    >>> import tempfile
    >>> from hotspot.ledger.chain.store import open_ledger
    >>> with open_ledger(tempfile.mkdtemp() + "/ledger.sqlite") as ledger:
    ...     figures(facts(ledger, "2025-12-31", Clocks(), {}))["pushed"]
    0
    """
    now = local_minute(asof)
    rows = [
        {name: entry.body.get(name, "") for name in VISIT}
        | {name: _count(entry.body.get(name)) for name in ("persons", "sources")}
        for entry in ledger.entries("feedback")
        if pd.Timestamp(entry.body["time"]) <= now
    ]  # fmt: skip
    visits = pd.DataFrame(rows, columns=[*VISIT, "persons", "sources"])
    found = pd.DataFrame(found_rows(ledger, asof), columns=EFFECTIVE)
    tables = (
        alarm_table(ledger, asof, clocks), found, visits, issue_table(ledger, asof, rectify_days=rectify_days),
    )  # fmt: skip
    placed = []
    for table in tables:
        at = [places.get(cell, (UNKNOWN, "")) for cell in table["cell"]]
        county = [c for _, c in at]
        if "county" in table:  # a problem may carry its own county
            county = [own or known for own, known in zip(table["county"], county, strict=True)]
        placed.append(table.assign(city=[c for c, _ in at], county=county))
    return Facts(asof, *placed)


def found_rows(ledger: Ledger, asof: str) -> list[dict[str, Any]]:
    """Effective answers and findings with a problem, up to an instant: rows of ``feedback.effective_rows``."""
    now = local_minute(asof)
    return [
        row
        for row in effective_rows(ledger)
        if row["effective"] and row["problem"] not in ("", NONE) and pd.Timestamp(row["time"]) <= now
    ]


def figures(part: Facts) -> dict:
    """
    The figures of a part: counts, and rates that are None where there is nothing to divide by.

    Returns
    -------
    dict: ``pushed answered overdue late found`` alarms and problems found; ``site_overdue site_late`` of the report
    from the spot (B5); ``answer_rate`` per cent, ``per_alarm``;
    ``visits persons sources`` with ``persons_per_alarm sources_per_alarm``; ``median_hours p90_hours`` to the answer;
    ``issues`` found, ``open`` and ``late`` of them, ``reopened``
    """
    persons, sources, n = int(part.visits["persons"].sum()), int(part.visits["sources"].sum()), len(part.alarms)
    return {
        **alarm_figures(part.alarms[_OF_ALARMS].to_dict("records"), len(part.found)),
        "visits": len(part.visits),
        "persons": persons,
        "sources": sources,
        "persons_per_alarm": ratio(persons, n, 2) if persons else None,
        "sources_per_alarm": ratio(sources, n, 2) if sources else None,
        **issue_figures(part.issues[_OF_ISSUES].to_dict("records")),
    }


_OF_ALARMS = ["pushed", "received", "answered", "state", "site_state"]
_OF_ISSUES = ["state", "overdue", "reopened"]


def alarm_figures(alarms: Sequence[Mapping[str, Any]], n_found: int) -> dict[str, Any]:
    """What ``figures`` says of alarms, rows of ``watch.alarm_rows``, with so many problems found."""
    answered = [row for row in alarms if row["answered"]]
    hour = pd.Timedelta(hours=1)
    waited = [
        (local_minute(row["answered"]) - local_minute(row["received"] or row["pushed"])) / hour for row in answered
    ]
    states, sites = (Counter(row[name] for row in alarms) for name in ("state", "site_state"))
    return {
        "pushed": len(alarms),
        "answered": len(answered),
        "overdue": states["overdue"],
        "late": states["late"],
        "site_overdue": sites["overdue"],
        "site_late": sites["late"],
        "found": n_found,
        "answer_rate": rate(len(answered), len(alarms)),
        "per_alarm": ratio(n_found, len(alarms)),
        "median_hours": round(float(np.median(waited)), 1) if waited else None,
        "p90_hours": round(float(np.quantile(waited, 0.9)), 1) if waited else None,
    }


def issue_figures(issues: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What ``figures`` says of problems, rows of ``issues.issue_rows``."""
    return {
        "issues": len(issues),
        "open": sum(row["state"] in OPEN for row in issues),
        "issues_overdue": sum(bool(row["overdue"]) for row in issues),
        "reopened": sum(row["reopened"] > 0 for row in issues),
    }


def by_department(part: Facts) -> pd.DataFrame:
    """
    How each department stands (A5): problems handed to it, accepted, open, overdue, reopened, median days.

    Returns
    -------
    DataFrame ``department, issues, accepted, in_time, open, overdue, reopened, median_days``, by department; a
    problem that was handed to nobody is under ""
    """
    rows = []
    for name, own in part.issues.groupby("department", sort=True):
        done = own[own["done"] != ""]
        days = (pd.to_datetime(done["done"]) - pd.to_datetime(done["found"])) / pd.Timedelta(days=1)
        in_time = int((done["done"].str[:10] <= done["due"]).sum())
        rows.append(
            {
                "department": str(name), "issues": len(own), "accepted": len(done), "in_time": in_time,
                "open": int(own["state"].isin(OPEN).sum()), "overdue": int(own["overdue"].sum()),
                "reopened": int((own["reopened"] > 0).sum()),
                "median_days": None if done.empty else round(float(days.median()), 1),
            }
        )  # fmt: skip
    names = ["department", "issues", "accepted", "in_time", "open", "overdue", "reopened", "median_days"]
    return pd.DataFrame(rows, columns=names)


def patrol_coverage(
    visits: pd.DataFrame, sources: Mapping[str, str], first: pd.Timestamp, end: pd.Timestamp, *, visits_a_day: int = 1
) -> pd.DataFrame:
    """
    How much of what should be patrolled each day was (rule 17): visits over sources times days.

    Parameters
    ----------
    visits : DataFrame ``facility, time``
    sources : mapping facility -> unit that patrols it
    first, end : Timestamp, the end not inside
    visits_a_day : int, that each source should have

    Returns
    -------
    DataFrame ``unit, sources, needed, made, rate``, by unit: more visits of a day to one source than needed count
    as needed

    Examples
    --------
    >>> visits = pd.DataFrame({"facility": ["f1", "f1", "f2"], "time": ["2025-12-01T09:00"] * 3})
    >>> days = pd.Timestamp("2025-12-01"), pd.Timestamp("2025-12-03")
    >>> patrol_coverage(visits, {"f1": "甲村", "f2": "甲村"}, *days).values.tolist()
    [['甲村', 2, 4, 2, 50.0]]
    """
    when = pd.to_datetime(visits["time"], format="ISO8601")
    inside = visits[(when >= first) & (when < end) & visits["facility"].isin(set(sources))]
    daily = inside.groupby(["facility", inside["time"].str[:10]]).size().clip(upper=visits_a_day)
    made: dict[str, int] = {}
    for (facility, _), n in daily.items():
        made[sources[facility]] = made.get(sources[facility], 0) + int(n)
    counts = pd.Series(list(sources.values()), dtype=object).value_counts()
    n_days = (end - first).days
    rows = []
    for unit in sorted(counts.index):
        n, needed = int(counts[unit]), int(counts[unit]) * n_days * visits_a_day
        rows.append((unit, n, needed, made.get(unit, 0), rate(made.get(unit, 0), needed)))
    return pd.DataFrame(rows, columns=["unit", "sources", "needed", "made", "rate"])


def _count(text: str | None) -> int:
    text = str(text or "").strip()
    return int(text) if text.isdigit() else 0
