"""Problems and alarms as the desk sees them at an instant: what is open, what is overdue, by kind and county."""

from pathlib import Path
from typing import Any

import pandas as pd

from hotspot.ledger.answers import watch
from hotspot.ledger.answers.issues import OPEN, STATES, issue_table
from hotspot.ledger.answers.watch import alarm_table, desk_figures
from hotspot.ledger.assessment.problems import cross_table, problem_sentences
from hotspot.publish.tables.book import Sheet, write_book
from hotspot.rules.classes import problem_types
from hotspot.rules.readings import footer
from hotspot.study import Study
from hotspot.text.table import heads
from hotspot.workflows.closing.loop import published_ledger

ALARM_STATES = {state: zh for state, (zh, _) in watch.ALARM_STATES.items()}


def open_problems(
    study: Study, asof: str, *, out: Path | str = "out", overdue: bool = False, to: Path | None = None
) -> dict[str, Any]:
    """
    Every problem and pushed alarm at an instant.

    Parameters
    ----------
    asof : str, local ISO time
        Given, never the machine's clock: the same ledger answers the same.
    overdue : bool
        Only what is past its date.
    to : Path, optional
        Workbook 台账: a sheet of problems, one of alarms, one by kind and county.

    Returns
    -------
    dict: ``problems``, ``alarms`` (records), ``figures``, ``file``, ``sentences``

    Raises
    ------
    DataError
        Nothing was published.
    ValueError
        ``asof`` is no local time.
    """
    clocks = study.criteria.clocks
    with published_ledger(study, out) as ledger:
        ledger.verify()
        problems = issue_table(ledger, asof, rectify_days=study.criteria.handover.rectify_days)
        alarms = alarm_table(ledger, asof, clocks)
        figures = desk_figures(ledger, asof, clocks)
    problems = problems.assign(**_place(study, problems["cell"]))
    by_kind = _by_kind(problems)
    sentences = problem_sentences(problems[problems["county"] != ""]) if len(problems) else []
    if overdue:
        late = (alarms["state"] == "overdue") | (alarms["site_state"] == "overdue")
        problems, alarms = problems[problems["overdue"]], alarms[late]
    lines = [
        f"{study.id} at {asof}: {int(problems['state'].isin(OPEN).sum())} problems open, "
        f"{int(problems['overdue'].sum())} overdue; {figures['pushed']} alarms pushed, {figures['answered']} answered"
        + (f" ({figures['answer_rate']:.2f} %)" if figures["answer_rate"] is not None else "")
        + f", {figures['overdue']} overdue"
        + (f", {figures['site_overdue']} without a report from the spot in time" if clocks.site_hours else ""),
        *sentences,
        *(
            f"{r.issue}  {r.cell}  {STATES[r.state]}  {problem_types()[r.problem]['zh']}  {_due(r)}"
            for r in problems.itertuples()
        ),
        *(
            f"{r.alarm}  {ALARM_STATES[r.state]}  {r.pushed}  {_late(r.late_minutes)}"
            for r in alarms.itertuples()
            if r.state == "overdue"
        ),
        *(
            f"{r.alarm}  现场情况{ALARM_STATES[r.site_state]}  {r.pushed}  {_late(r.site_late)}"
            for r in alarms.itertuples()
            if r.site_state == "overdue" and r.state != "overdue"
        ),
    ]
    if to is not None:
        notes = [f"截至 {asof}；规则档案 {study.criteria.profile}", *footer(study.criteria, "clocks")]
        write_book(to, _sheets(problems, alarms, by_kind, notes), created=asof[:10], of=study.pollutant)
        lines.append(f"written: {to}")
    return {
        "problems": problems.to_dict("records"), "alarms": alarms.to_dict("records"), "figures": figures,
        "file": str(to or ""), "sentences": lines,
    }  # fmt: skip


def _place(study: Study, cells: Any) -> dict[str, list[str]]:
    """City and county of cells, "" where the study has no such cell."""
    known = {
        name: (city, county)
        for name, city, county in zip(
            study.cells["cell"].values.astype(str), study.cells["city"].values.astype(str),
            study.cells["county"].values.astype(str), strict=True,
        )
    }  # fmt: skip
    places = [known.get(cell, ("", "")) for cell in cells]
    return {"city": [city for city, _ in places], "county": [county for _, county in places]}


def _by_kind(problems: Any) -> pd.DataFrame:
    if not len(problems):
        return pd.DataFrame({"problem": []})
    table = cross_table(problems)
    kinds = problem_types()
    names = [kinds[kind]["zh"] if kind in kinds else "合计" for kind in table.index]
    return table.rename(columns={"total": "合计"}).reset_index(drop=True).assign(problem=names)


def _sheets(problems: pd.DataFrame, alarms: pd.DataFrame, by_kind: pd.DataFrame, notes: list[str]) -> dict[str, Sheet]:
    kinds = problem_types()
    shown = problems.assign(
        state=problems["state"].map(STATES), problem=[kinds[name]["zh"] for name in problems["problem"]]
    )
    columns = heads("loop/problems.xlsx/问题")
    of_alarms = heads("loop/problems.xlsx/报警")
    if (alarms["site_state"] != "no clock").any():  # B5: a clock of its own
        of_alarms |= heads("loop/problems.xlsx/现场")
    counties = {name: (str(name), 10) for name in by_kind.columns if name != "problem"}
    return {
        "问题": Sheet("热点网格问题台账", columns, shown, notes),
        "报警": Sheet("报警反馈台账", of_alarms, _said(alarms), notes),
        "分类": Sheet("问题分类统计", {"problem": (columns["problem"][0], 20)} | counties, by_kind, notes),
    }


def _said(alarms: pd.DataFrame) -> pd.DataFrame:
    return alarms.assign(**{name: alarms[name].map(ALARM_STATES) for name in ("state", "site_state")})


def _due(row: Any) -> str:
    return f"期限 {row.due}{'，已超期' if row.overdue else ''}" if row.due else "未交办"


def _late(minutes: int) -> str:
    return f"超期{minutes // 60}小时{minutes % 60}分"
