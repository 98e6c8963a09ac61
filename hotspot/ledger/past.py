"""What a cell has behind it: alarms, findings, open problems, consequences (C3, C10; LOOP 2)."""

from collections import Counter
from dataclasses import dataclass

import pandas as pd

from hotspot.ledger.alarms import alarm_bodies
from hotspot.ledger.clocks import local_minute
from hotspot.ledger.feedback import NONE, effective_feedback
from hotspot.ledger.issues import OPEN, issue_table
from hotspot.ledger.store import Ledger
from hotspot.rules.classes import problem_types
from hotspot.rules.loop import Clocks


@dataclass(frozen=True)
class CellPast:
    """
    The past of one cell up to an instant.

    ``alarms``: (time, sub-cell, hours) of the year's pushed alarms; ``recurring``: sub-cells that alarmed again
    and again; ``findings``: (day, problem) of the year; ``open``: (number, problem, due) of what is not accepted;
    ``warned``: months on the published lists; ``photos``: their numbers.
    """

    cell: str
    alarms: tuple[tuple[str, str, int], ...]
    recurring: tuple[str, ...]
    findings: tuple[tuple[str, str], ...]
    open: tuple[tuple[str, str, str], ...]
    warned: tuple[str, ...]
    photos: tuple[str, ...]


def past_of(ledger: Ledger, cell: str, asof: str, rule: Clocks) -> CellPast:
    """
    Look up what a cell has behind it.

    Parameters
    ----------
    ledger : Ledger
    cell : str
    asof : str, local ISO time; the year before it is told, later entries have not happened
    rule : Clocks, its ``repeat_days`` and ``repeat_alarms``

    Returns
    -------
    CellPast

    Examples
    --------
    >>> import tempfile
    >>> from hotspot.ledger.store import open_ledger
    >>> alarm = {"cell": "A", "hours": 3, "state": "pushed", "sub_cell": "A-27"}
    >>> with open_ledger(tempfile.mkdtemp() + "/ledger.sqlite") as ledger:
    ...     for day in ("05", "11", "20"):
    ...         _ = ledger.append("alarm", "2025-12", alarm | {"alarm": f"a{day}", "time": f"2025-12-{day}T04:00"})
    ...     past_of(ledger, "A", "2025-12-31", Clocks()).recurring
    ('A-27',)
    """
    now = local_minute(asof)
    year, recent = now - pd.DateOffset(years=1), now - pd.Timedelta(days=rule.repeat_days)

    def within(text):
        return year < local_minute(text) <= now

    alarms = sorted(
        (body["time"], body["sub_cell"], int(body["hours"]))
        for body in alarm_bodies(ledger).values()
        if body["cell"] == cell and body["state"] in ("pushed", "persistent") and within(body["time"])
    )
    often = Counter(sub for time, sub, _ in alarms if local_minute(time) > recent)
    table = issue_table(ledger, asof)
    table = table[table["cell"] == cell]
    answers = effective_feedback(ledger)
    answers = answers[answers["effective"] & (answers["cell"] == cell) & ~answers["problem"].isin(["", NONE])]
    found = {(str(row.time)[:10], row.problem) for row in answers.itertuples() if within(row.time)}
    found |= {(row.found[:10], row.problem) for row in table.itertuples() if within(row.found)}
    photos = {
        name.strip()
        for kind in ("feedback", "issue")
        for entry in ledger.entries(kind)
        if entry.body.get("cell") == cell and entry.body.get("photos")
        for name in entry.body["photos"].replace("，", ",").replace("、", ",").split(",")
    }
    return CellPast(
        cell,
        tuple(alarms),
        tuple(sorted(sub for sub, n in often.items() if n >= rule.repeat_alarms)),
        tuple(sorted(found)),
        tuple((row.issue, row.problem, row.due) for row in table[table["state"].isin(OPEN)].itertuples()),
        tuple(
            month
            for (kind, month), entry in ledger.heads().items()
            if kind == "month" and cell in {name for name, *_ in entry.body["warned"]} and within(f"{month}-01")
        ),
        tuple(sorted(filter(None, photos))),
    )


def past_words(past: CellPast) -> list[tuple[str, str]]:
    """
    A cell's past as at most four lines, Chinese and English.

    Examples
    --------
    >>> past = CellPast("A", (("2025-12-05T04:00", "A-27", 3),), (), (("2025-12-06", "bare_soil"),), (), (), ())
    >>> [zh for zh, _ in past_words(past)]
    ['近一年报警1次：12-05 04时（27号小格）', '曾发现：裸土未苫盖（2025-12-06）']
    >>> past_words(CellPast("A", (), (), (), (), (), ()))[0][1]
    'no alarm and no problem within a year'
    """
    kinds = problem_types()
    lines = []
    if past.alarms:
        last = past.alarms[-3:]
        zh = "，".join(f"{t[5:10]} {t[11:13]}时（{sub[-2:]}号小格）" for t, sub, _ in last)
        en = ", ".join(f"{t[5:10]} {t[11:13]} h ({sub[-2:]})" for t, sub, _ in last)
        n = len(past.alarms)
        more_zh, more_en = ("，最近3次", ", the last three") if n > 3 else ("", "")
        lines.append((f"近一年报警{n}次{more_zh}：{zh}", f"{n} alarm{'s'[: n != 1]} within a year{more_en}: {en}"))
    if past.recurring:
        subs = "、".join(sub[-2:] for sub in past.recurring)
        lines.append((f"重复性报警：{subs}号小格", f"alarms again and again: {subs}"))
    if past.findings:
        last_found = past.findings[-3:]
        zh = "，".join(f"{kinds[problem]['zh']}（{day}）" for day, problem in last_found)
        en = ", ".join(f"{kinds[problem]['en']} ({day})" for day, problem in last_found)
        lines.append((f"曾发现：{zh}", f"found before: {en}"))
    if past.open:
        zh = "，".join(
            f"{name} {kinds[problem]['zh']}{f'（{due}前）' if due else ''}" for name, problem, due in past.open
        )
        en = ", ".join(
            f"{name} {kinds[problem]['en']}{f' (due {due})' if due else ''}" for name, problem, due in past.open
        )
        lines.append((f"未销号：{zh}", f"open: {en}"))
    return lines or [("近一年没有报警，没有发现过问题", "no alarm and no problem within a year")]
