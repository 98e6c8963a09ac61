"""The figures of units, months and departments (A5, C11, E3, E4): one offline page and one workbook."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from hotspot.ledger.answers.issues import OPEN
from hotspot.ledger.answers.watch import ratio
from hotspot.ledger.assessment.figures import Facts, by_department, figures
from hotspot.ledger.network.events import cross_events, type_shares
from hotspot.patterns import below
from hotspot.publish.office.periods.desk_words import problems_of
from hotspot.publish.tables.kpi_book import write_kpi_book
from hotspot.publish.web.kpi_page import kpi_page
from hotspot.rank.city.air import good_days
from hotspot.rules.calendar import month_minus, parse_month
from hotspot.rules.readings import footer
from hotspot.study import Study
from hotspot.workflows.periods.calendar import desk_of
from hotspot.workflows.periods.desk import Desk
from hotspot.workflows.periods.targets import targets_left


def write_kpi(study: Study, asof: str, *, out: Path | str = "out", months: int = 12) -> dict[str, Any]:
    """
    Write ``loop/kpi.html`` and ``loop/kpi.xlsx``.

    Parameters
    ----------
    asof : str
        A local month "2025-12" or day: figures up to its end; the machine's clock is never asked.
    months : int, 1 to 60
        That are shown, the last one first asked for.

    Returns
    -------
    dict: ``rows`` (records, a unit and month each), ``departments``, ``kinds``, ``targets``, ``files``, ``sentences``

    Raises
    ------
    DataError
        Nothing was published.
    ValueError
        ``asof`` is no period, or ``months`` no number of months.
    """
    if not 1 <= months <= 60:
        raise ValueError(f"months is {months}; give 1 to 60.")
    with desk_of(study, asof[:10], out=out) as desk:
        last = f"{desk.period.end - pd.Timedelta(days=1):%Y-%m}"
        names = [month_minus(last, back) for back in range(months - 1, -1, -1)]
        cells = instrumented(study, desk)
        rows = kpi_rows(desk, names, cells)
        whole = desk.whole
        told = {
            "title": study.name, "asof": f"{desk.asof}", "profile": study.criteria.profile, "months": names,
            "rows": rows, "departments": by_department(whole).to_dict("records"),
            "kinds": _kinds(whole, names), "hours": _hours(whole, names), "targets": _targets(desk),
            "details": _details(whole, names), "notes": footer(study.criteria, "clocks"),
            "cells": sum(cells.values()) if cells else None,
        }  # fmt: skip
        head = desk.head
    folder = Path(out) / study.id / "loop"
    folder.mkdir(parents=True, exist_ok=True)
    files = [
        kpi_page(told | {"head": head}).save(folder / "kpi.html"),
        write_kpi_book(folder / "kpi.xlsx", told | {"head": head}, created=f"{last}-01", of=study.pollutant),
    ]
    newest = [row for row in rows if row["month"] == last and row["level"] == "study"]
    lines = [
        f"{row['unit']} {row['month']}: {row['answered']}/{row['pushed']} answered"
        + (f" ({row['answer_rate']:.2f} %)" if row["answer_rate"] is not None else "")
        + f", {row['overdue']} overdue, {row['found']} problems, {row['open_end']} open at the end"
        for row in newest
    ]
    lines += [f"{row['unit']}: {row['zh']}" for row in told["targets"]]
    lines += [f"written: {path}" for path in files]
    return {
        "rows": rows, "departments": told["departments"], "kinds": told["kinds"], "targets": told["targets"],
        "files": [str(path) for path in files], "sentences": lines,
    }  # fmt: skip


def kpi_rows(desk: Desk, months: list[str], cells: dict[str, int] | None) -> list[dict[str, Any]]:
    """
    The figures of every unit and month: the study, its cities, their counties.

    Parameters
    ----------
    cells : mapping city -> instrumented cells, or None where no micro-station was delivered

    Returns
    -------
    list of dict: ``unit, level`` (study, city, county), ``month``, the figures of
        ``ledger.assessment.figures.figures`` of what
    began in the month, ``open_end`` (problems open at its end: 动态清零 is 0), ``load`` (alarms per instrumented
    cell), ``good, valid`` days of air of a city
    """
    facts, rows = desk.whole, []
    units = [("study", desk.study.name, "")] + [
        part
        for city in desk.cities
        for part in [("city", city, city), *(("county", county, city) for county in _counties(desk, city))]
    ]
    for month in months:
        parse_month(month)
        first, end = pd.Timestamp(f"{month}-01"), pd.Timestamp(f"{month_minus(month, -1)}-01")
        of_month = facts.between(first, end)
        air = desk.air_between(first, end) if len(desk.days) else None
        for level, unit, city in units:
            own = _of(of_month, level, unit, city)
            told = figures(own)
            n = None if cells is None else cells.get(city, 0) if level == "city" else sum(cells.values())
            load = ratio(told["pushed"], n, 2) if n and level != "county" else None
            good, valid = (0, 0)
            if air is not None and level == "city":
                good, valid = good_days(air[air["unit"] == unit])
            open_end = _open_at(_of(facts, level, unit, city).issues, end)
            rows.append(
                {"unit": unit, "level": level, "city": city, "month": month, **told, "open_end": open_end, "load": load,
                 "cells": n or 0, "good": good, "valid": valid}
            )  # fmt: skip
    return rows


def instrumented(study: Study, desk: Desk) -> dict[str, int] | None:
    """City -> cells with a micro-station, from the stations' places; None where no micro-station is declared."""
    from hotspot.sources.places.positions import read_positions

    declared = [one for one in study.stations if one.role == "micro" and one.coordinates]
    if not declared:
        return None
    codes: set[str] = set()
    for one in declared:
        path = below(study.root, str(one.coordinates), "coordinates")
        places = read_positions(path, desk.intake, datum=one.datum, encoding=one.encoding)
        col, row = study.grid.locate(np.asarray(places.lon, float), np.asarray(places.lat, float))
        codes |= set(np.atleast_1d(study.grid.code(col, row)).astype(str).tolist())
    found: dict[str, int] = dict.fromkeys(desk.cities, 0)
    for code in codes:
        if code in desk.places:
            found[desk.places[code][0]] += 1
    return found


def _counties(desk: Desk, city: str) -> list[str]:
    return sorted({county for owner, county in desk.places.values() if owner == city and county})


def _of(facts: Facts, level: str, unit: str, city: str) -> Facts:
    if level == "study":
        return facts
    return facts.of(city=unit) if level == "city" else facts.of(city=city, county=unit)


def _open_at(issues: pd.DataFrame, end: pd.Timestamp) -> int:
    """Problems found before an instant and not accepted by then, read from their steps."""
    n = 0
    for row in issues.itertuples():
        if pd.Timestamp(row.found) >= end:
            continue
        done = pd.Timestamp(row.done) if row.done else None
        n += row.state in OPEN or done is None or done >= end
    return n


def _kinds(facts: Facts, months: list[str]) -> dict[str, Any]:
    """Problems by kind with the residual row (A2), of all months shown."""
    part = _within(facts, months)
    table = type_shares({str(kind): int(n) for kind, n in problems_of(part)["problem"].value_counts().items()})
    rows = [{"zh": r.zh, "n": int(r.n), "share": f"{r.share}"} for r in table.itertuples()]
    return {"rows": rows, "said": table.attrs["said"], "total": int(table["n"].sum())}


def _hours(facts: Facts, months: list[str]) -> dict[str, Any]:
    """Problems by kind and hour of the visit, by kind and month (A 5.3)."""
    part = _within(facts, months)
    found = pd.concat(
        [part.found[["problem", "time"]], part.issues[["problem", "found"]].rename(columns={"found": "time"})]
    )
    if not len(found):
        return {}
    found = found.assign(time=pd.to_datetime(found["time"], format="ISO8601"), county="")
    return {by: cross_events(found, by).reset_index(names="kind").to_dict("records") for by in ("hour", "month")}


def _within(facts: Facts, months: list[str]) -> Facts:
    return facts.between(pd.Timestamp(f"{months[0]}-01"), pd.Timestamp(f"{month_minus(months[-1], -1)}-01"))


def _targets(desk: Desk) -> list[dict[str, Any]]:
    names = ("unit", "pollutant", "span", "zh")
    return [{name: row[name] for name in names} for row in targets_left(desk)]


def _details(facts: Facts, months: list[str]) -> dict[str, Any]:
    """What a click opens: the alarms and the problems of each unit and month; no names of persons or enterprises."""
    part = _within(facts, months)
    alarms = [
        [
            r.city,
            r.county,
            r.pushed[:7],
            r.alarm,
            r.pushed[5:16].replace("T", " "),
            r.state,
            round(r.late_minutes / 60, 1),
        ]
        for r in part.alarms.itertuples()
    ]
    issues = [
        [r.city, r.county, r.found[:7], r.issue, r.problem, r.department, r.due, r.state, bool(r.overdue)]
        for r in part.issues.itertuples()
    ]
    return {"alarms": alarms, "issues": issues}
