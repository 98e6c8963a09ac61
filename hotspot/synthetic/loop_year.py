"""
A year of the loop with known truth: alarms that are answered in time, late or never, problems that are closed,
reopened or left, some found by others first, measures, trainings.

Rows as the desk would send them; nothing is drawn, everything follows from its number, so the truth is counted
while the rows are made.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hotspot.rules.loop import Clocks

PER_MONTH = 4  # alarms
_PROBLEMS = ("bare_soil", "stockpile", "site_dust", "burning", "vocs")
_PEOPLE = ("王", "李", "赵", "钱", "孙")
_FOUND = {
    "bare_soil": "地块东侧土方未苫盖约两亩", "stockpile": "料堆顶部未覆盖，喷淋未开启", 
    "site_dust": "工地出口未冲洗，车辆带泥上路",
    "burning": "村口焚烧秸秆，已扑灭", "vocs": "喷漆房门未关闭，活性炭未更换", "none": "沿上风向逐家排查，未发现异常",
}  # fmt: skip


@dataclass
class LoopYear:
    """
    What a year brings. ``alarms``: bodies for the ledger; all else rows of text as ``hotspot feedback`` takes them.
    ``truth``: what every view must come to.
    """

    alarms: list[dict[str, Any]] = field(default_factory=list)
    receipts: list[dict[str, str]] = field(default_factory=list)
    answers: list[dict[str, str]] = field(default_factory=list)
    issues: list[dict[str, str]] = field(default_factory=list)
    steps: list[dict[str, str]] = field(default_factory=list)
    measures: list[dict[str, str]] = field(default_factory=list)
    rewards: list[dict[str, str]] = field(default_factory=list)
    consultations: list[dict[str, str]] = field(default_factory=list)
    trainings: list[dict[str, str]] = field(default_factory=list)
    truth: dict[str, Any] = field(default_factory=dict)


def loop_year(
    cells: Sequence[tuple[str, str]], year: int, *, months: int = 10, clocks: Clocks | None = None
) -> LoopYear:
    """
    Make the year.

    Parameters
    ----------
    cells : sequence of (cell, county), at least two of two counties
    months : int
        From January; the demo's own alarms begin in November.
    clocks : Clocks, optional
        Answers come in their last minute, or one minute late.

    Returns
    -------
    LoopYear; its ``truth`` holds ``pushed answered in_time late overdue problems`` of alarms (from the receipt, else
    from the push), ``site_late`` of their reports from the spot where there is such a clock, ``issues closed open
    reopened overdue`` of problems at the year's end, ``missed``
    (month, unit) -> n, ``last_measure_weeks`` and ``trained``

    Examples
    --------
    >>> made = loop_year([("A", "甲县"), ("B", "乙县")], 2025)
    >>> made.truth["pushed"], made.truth["answered"], made.truth["in_time"], made.truth["late"]
    (40, 33, 27, 6)
    """
    made = LoopYear()
    truth: dict[str, Any] = dict.fromkeys(
        ("pushed", "answered", "in_time", "late", "site_late", "overdue", "problems"), 0
    )
    truth |= dict.fromkeys(("issues", "closed", "open", "reopened", "issues_overdue"), 0)
    truth["missed"] = {}
    for month in range(1, months + 1):
        for k in range(PER_MONTH):
            _alarm(made, truth, cells, year, month, k, clocks or Clocks())
        for k in range(2):
            _issue(made, truth, cells, year, month, k)
    units = sorted({county for _, county in cells})
    for week in range(10, 14):  # one unit does nothing for four weeks, the other is done in the second
        made.measures.append(_measure("M1", units[0], f"{year}-W{week}", "not"))
        made.measures.append(_measure("M2", units[-1], f"{year}-W{week}", "not" if week == 10 else "done"))
    made.trainings.append(
        {"training": "T1", "unit": units[0], "held": f"{year}-03-01", "topic": "巡查", "persons": "40"}
    )
    for quarter in range(1, 5):
        made.rewards.append({"reward": f"R{quarter}", "reported": f"{year}-{3 * quarter:02d}-09", "amount": "500"})
    said = {"consultation": "H1", "consulted": f"{year}-12-09", "decided_on": "启动橙色预警响应，重点企业错峰生产"}
    made.consultations.append(said | {"present": "气象局；生态环境局"})
    truth["rewarded"] = 2000
    truth |= {"measure_weeks": {"M1": 4, "M2": 0}, "trained": [units[0]]}
    made.truth = truth
    return made


def _alarm(
    made: LoopYear, truth: dict[str, Any], cells: Sequence[tuple[str, str]], year: int, month: int, k: int, rule: Clocks
) -> None:
    number = (month - 1) * PER_MONTH + k
    cell, _ = cells[number % len(cells)]
    day = 3 + 6 * k
    name = f"A{year}{month:02d}{day:02d}04-{cell}"
    body = {"alarm": name, "cell": cell, "sub_cell": f"{cell}-{1 + number % 36:02d}", "hours": 3, "state": "pushed"}
    made.alarms.append(
        body | {"time": f"{year}-{month:02d}-{day:02d}T04:00", "end": f"{year}-{month:02d}-{day:02d}T07:00"}
    )
    truth["pushed"] += 1
    received = number % 3 == 0
    if received:
        when = f"{year}-{month:02d}-{day:02d} 09:00"
        made.receipts.append({"alarm": name, "received": when, "by": _PEOPLE[number % 5]})
    kind = number % 6
    if kind == 5 or number == 0:  # nobody answers
        truth["overdue"] += 1
        return
    late = kind == 4
    begun = datetime(year, month, day, 9 if received else 7)  # the receipt, else the push
    answered = begun + timedelta(hours=rule.answer_hours or rule.result_hours, minutes=int(late))
    problem = _PROBLEMS[number % 5] if number % 2 else "none"
    answer = {"month": f"{year}-{month:02d}", "cell": cell, "time": f"{answered:%Y-%m-%dT%H:%M}", "alarm": name}
    answer |= {"by": _PEOPLE[number % 5], "text": _FOUND[problem], "problem": problem, "persons": "4", "sources": "1"}
    if rule.site_hours:
        unseen = number % 7 == 3
        answer["arrived"] = f"{begun + timedelta(hours=rule.site_hours, minutes=int(unseen)):%Y-%m-%dT%H:%M}"
        truth["site_late"] += unseen
    made.answers.append(answer)
    truth["answered"] += 1
    truth["late" if late else "in_time"] += 1
    truth["problems"] += problem != "none"


def _issue(
    made: LoopYear, truth: dict[str, Any], cells: Sequence[tuple[str, str]], year: int, month: int, k: int
) -> None:
    number = 2 * (month - 1) + k
    cell, county = cells[number % len(cells)]
    name = f"I{year}{month:02d}-{k + 1:04d}"
    others = number % 4 == 1  # found by an inspection, and the unit should have
    found = {"issue": name, "origin": "inspection" if others else "self", "found": f"{year}-{month:02d}-05T10:00"}
    found |= {"by": _PEOPLE[number % 5], "cell": cell, "problem": _PROBLEMS[number % 5], "text": f"第{number + 1}处"}
    made.issues.append(found | {"unit": county, "should_have": "yes" if others else "unknown"})
    truth["issues"] += 1
    if others:
        key = (f"{year}-{month:02d}", county)
        truth["missed"][key] = truth["missed"].get(key, 0) + 1

    def step(what: str, day: int, by: int, **more: str) -> None:
        when = f"{year}-{month:02d}-{day:02d}T09:00"
        made.steps.append({"issue": name, "step": what, "time": when, "by": _PEOPLE[by], **more})

    step("assigned", 6, 2, due=f"{year}-{month:02d}-20")
    if number % 5 == 4:  # nothing more happens
        truth["open"] += 1
        truth["issues_overdue"] += 1
        return
    step("claimed", 12, 3)
    if number % 5 == 3:
        step("reopened", 14, 4)
        step("claimed", 18, 3)
        truth["reopened"] += 1
    step("accepted", 19, 4)
    step("closed", 20, 4)
    truth["closed"] += 1


def _measure(name: str, unit: str, week: str, state: str) -> dict[str, str]:
    return {"measure": name, "unit": unit, "text": "苫盖裸土", "week": week, "state": state}
