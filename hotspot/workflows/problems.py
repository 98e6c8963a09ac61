"""Problems and alarms as the desk sees them at an instant: what is open, what is overdue, by kind and county."""

from pathlib import Path
from typing import Any

import pandas as pd

from hotspot.ledger.issues import OPEN, STATES, issue_table
from hotspot.ledger.problems import cross_table, problem_sentences
from hotspot.ledger.watch import alarm_table, desk_figures
from hotspot.publish.tables.book import Sheet, write_book
from hotspot.rules.classes import problem_types
from hotspot.rules.readings import footer
from hotspot.study import Study
from hotspot.workflows.loop import published_ledger

_ALARM = {"in time": "按时反馈", "late": "逾期反馈", "running": "待反馈", "overdue": "超期未反馈", "no clock": "无时限"}


def open_problems(
    study: Study, asof: str, *, out: Path | str = "out", overdue: bool = False, to: Path | None = None
) -> dict[str, Any]:
    """
    Every problem and pushed alarm at an instant.

    Parameters
    ----------
    study : Study
    asof : str, local ISO time
        Given, never the machine's clock: the same ledger answers the same.
    out : str or Path
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
        problems, alarms = problems[problems["overdue"]], alarms[alarms["state"] == "overdue"]
    lines = [
        f"{study.id} at {asof}: {int(problems['state'].isin(OPEN).sum())} problems open, "
        f"{int(problems['overdue'].sum())} overdue; {figures['pushed']} alarms pushed, {figures['answered']} answered"
        + (f" ({figures['answer_rate']:.2f} %)" if figures["answer_rate"] is not None else "")
        + f", {figures['overdue']} overdue",
        *sentences,
        *(
            f"{r.issue}  {r.cell}  {STATES[r.state]}  {problem_types()[r.problem]['zh']}  {_due(r)}"
            for r in problems.itertuples()
        ),
        *(f"{r.alarm}  {_ALARM[r.state]}  {r.pushed}  {_late(r)}" for r in alarms.itertuples() if r.state == "overdue"),
    ]
    if to is not None:
        notes = [f"截至 {asof}；规则档案 {study.criteria.profile}", *footer(study.criteria, "clocks")]
        write_book(to, _sheets(problems, alarms, by_kind, notes), created=asof[:10])
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
    columns = {
        "issue": ("问题编号", 14), "state": ("状态", 9), "cell": ("网格编号", 11), "city": ("城市", 10),
        "county": ("县（区、市）", 12), "problem": ("问题类型", 18), "text": ("情况", 30), "unit": ("责任单位", 14),
        "due": ("整改期限", 11), "overdue": ("超期", 6), "done": ("验收时间", 16), "reopened": ("退回次数", 8),
        "steps": ("办理过程", 44),
    }  # fmt: skip
    of_alarms = {
        "alarm": ("报警编号", 24), "sub_cell": ("小格", 13), "pushed": ("推送时间", 16), "received": ("签收时间", 16),
        "answered": ("反馈时间", 16), "by": ("填报人", 9), "due": ("时限", 16), "state": ("状态", 11),
        "late_minutes": ("逾期（分钟）", 9),
    }  # fmt: skip
    counties = {name: (str(name), 10) for name in by_kind.columns if name != "problem"}
    return {
        "问题": Sheet("热点网格问题台账", columns, shown, notes),
        "报警": Sheet("报警反馈台账", of_alarms, alarms.assign(state=alarms["state"].map(_ALARM)), notes),
        "分类": Sheet("问题分类统计", {"problem": ("问题类型", 20)} | counties, by_kind, notes),
    }


def _due(row: Any) -> str:
    return f"期限 {row.due}{'，已超期' if row.overdue else ''}" if row.due else "未交办"


def _late(row: Any) -> str:
    return f"超期{row.late_minutes // 60}小时{row.late_minutes % 60}分"
