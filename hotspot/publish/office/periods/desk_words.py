"""Sentences and tables that several products of the calendar share: rates with their counts, problems, cases."""

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from hotspot.ledger.answers.issues import OPEN
from hotspot.ledger.answers.past import CellPast, past_words
from hotspot.ledger.answers.watch import rate
from hotspot.ledger.assessment.figures import Facts, figures
from hotspot.ledger.assessment.problems import problem_sentences
from hotspot.ledger.network.events import type_shares
from hotspot.publish.office.paper import Grid
from hotspot.rules.classes import NONE, departments, problem_types, source_classes
from hotspot.text.labels import label_of

GOOD_DAYS, HEAVY_POLLUTION = "优良天\n/有效天", "重污染天气应对"
NO_PROBLEM, KEEP_ON = "本期没有发现问题。", "请继续做好日常巡查。"
NO_VALUE = "—"
CASE = 90  # characters of a case's text


def of(n: int, total: int) -> str:
    """
    A rate with its counts beside it.

    Examples
    --------
    >>> of(5030, 5093), of(0, 0)
    ('98.76%（5030/5093）', '—')
    """
    share = rate(n, total)
    return NO_VALUE if share is None else f"{share:.2f}%（{n}/{total}）"


def before_of(told: dict) -> str:
    """
    The feedback rate of the period before, in words.

    Examples
    --------
    >>> before_of({"answered": 9, "pushed": 10}), before_of({"answered": 0, "pushed": 0})
    ('上期90.00%（9/10）', '上期没有推送报警')
    """
    return f"上期{of(told['answered'], told['pushed'])}" if told["pushed"] else "上期没有推送报警"


def per(value: float | None, digits: int, n: int, total: int) -> str:
    """
    So many of one per one of another, with the counts.

    Examples
    --------
    >>> per(0.643, 3, 3273, 5093), per(None, 3, 0, 0)
    ('0.643（3273/5093）', '—')
    """
    return NO_VALUE if value is None else f"{value:.{digits}f}（{n}/{total}）"


def changed(now: int, before: int) -> str:
    """
    A count against the period before.

    Examples
    --------
    >>> changed(12, 15), changed(3, 3), changed(5, 2)
    ('比上期减少3', '与上期持平', '比上期增加3')
    """
    if now == before:
        return "与上期持平"
    return f"比上期{'增加' if now > before else '减少'}{abs(now - before)}"


def cities_table(now: Facts, before: Facts | None = None, cities: Iterable[str] = ()) -> Grid:
    """
    Alarms and answers of every city, the lowest rate first; with the period before where it is given.

    ``cities``: that have a row though they had no alarm.
    """
    earlier = () if before is None else before.alarms["city"]
    names = sorted({*now.alarms["city"], *now.found["city"], *earlier, *cities})
    rows = []
    for city in names:
        told = figures(now.of(city=city))
        row = [city, *_counts(told)]
        if before is not None:
            row.insert(2, str(figures(before.of(city=city))["pushed"]))
        rows.append((101.0 if told["answer_rate"] is None else told["answer_rate"], city, row))
    body = [row for *_, row in sorted(rows, key=lambda one: one[:2])]
    whole = ["合计", *_counts(figures(now))]
    if before is not None:
        whole.insert(2, str(figures(before)["pushed"]))
    heads = ["城市", label_of("pushed_alarms"), "反馈率", "超期\n未反馈", "逾期\n反馈", "发现问题", "问题/报警"]
    widths = [14.0, 9, 21, 9, 9, 9, 17]
    if before is not None:
        heads.insert(2, "上期推送")
        widths.insert(2, 9)
    return Grid(heads, widths, [*body, whole] if len(body) > 1 else body)


def _counts(told: dict[str, Any]) -> list[str]:
    return [
        str(told["pushed"]), of(told["answered"], told["pushed"]), str(told["overdue"]), str(told["late"]),
        str(told["found"]), per(told["per_alarm"], 3, told["found"], told["pushed"]),
    ]  # fmt: skip


def problems_of(part: Facts) -> pd.DataFrame:
    """Problems of a period, found in answers and entered by the desk: ``problem, city, county``."""
    names = ["problem", "city", "county"]
    return pd.concat([part.found[names], part.issues[names]], ignore_index=True)


def kinds_table(now: pd.DataFrame, before: pd.DataFrame) -> tuple[Grid, str]:
    """Problems by kind, the most frequent first, with the residual row (A2), and what the printed shares add up to."""
    past = before["problem"].value_counts()
    table = type_shares({str(kind): int(n) for kind, n in now["problem"].value_counts().items()})
    rows = [[r.zh, str(r.n), f"{r.share}%", str(int(past.get(r.kind, 0)))] for r in table.itertuples()]
    said = table.attrs["said"]
    return Grid(
        [label_of("problem_type"), "本期（个）", "占比", "上期（个）"], [30.0, 14, 14, 14], rows
    ), f"{said}。" if said else ""


def kinds_sentences(rows: pd.DataFrame) -> list[str]:
    """The sentence of each kind by county, as the ministry's page prints it."""
    return problem_sentences(rows[rows["county"] != ""])


def cases(part: Facts, most: int) -> list[str]:
    """
    Cases that a summary tells: findings with a photograph first, then the longest text; one of a cell.

    Which case is typical nobody has defined (proposal): these are the ones somebody documented best.
    """
    rows = part.visits[~part.visits["problem"].isin(["", NONE])]
    rows = rows.assign(
        photo=(rows["photos"] == "").astype(int), long=-rows["text"].str.len() if len(rows) else 0
    ).sort_values(["photo", "long", "time", "cell"], kind="stable")
    rows = rows.drop_duplicates("cell").head(most)
    kinds = problem_types()
    told = []
    for row in rows.itertuples():
        text = row.text if len(row.text) <= CASE else row.text[: CASE - 1] + "…"
        where = f"{row.city}{row.county}{row.cell}网格"
        told.append(f"{where}：{row.time[5:10]}排查发现{kinds[row.problem]['zh']}，{text.rstrip('。')}。")
    return told


def overdue_table(part: Facts) -> Grid | None:
    """Alarms that nobody answered, or nobody saw on the spot (B5), in time, the longest first; None without any."""
    alarms = part.alarms
    late = (alarms["state"] == "overdue") | (alarms["site_state"] == "overdue")
    rows = alarms[late].sort_values("pushed", kind="stable")
    if not len(rows):
        return None
    told = []
    for r in rows.itertuples():
        what, due, minutes = ("反馈", r.due, r.late_minutes)
        if r.state != "overdue":
            what, due, minutes = ("现场情况", r.site_due, r.site_late)
        hours = f"{minutes // 60}小时" if minutes >= 60 else f"{minutes}分钟"
        told.append([r.alarm, f"{r.city}\n{r.county}", what, _when(r.pushed), _when(due), hours])
    return Grid([label_of("alarm_id"), "城市、县", "缺", "推送时间", "时限", "超期"], [32.0, 22, 11, 15, 15, 11], told)


def open_issues(part: Facts, most: int = 20) -> tuple[Grid | None, int, int]:
    """(table of open problems, the overdue first; how many are open; how many overdue)."""
    rows = part.issues[part.issues["state"].isin(OPEN)]
    late = int(rows["overdue"].sum())
    if not len(rows):
        return None, 0, 0
    kinds, desks = problem_types(), departments()
    shown = rows.sort_values(["overdue", "due", "issue"], ascending=[False, True, True], kind="stable").head(most)
    table = Grid(
        [label_of("issue_id"), "县（区、市）", "问题", label_of("department"), "期限", "状态"],
        [18.0, 15, 21, 15, 15, 9],
        [
            [r.issue, r.county or r.city, kinds[r.problem]["zh"], desks.get(r.department, {"zh": "未交办"})["zh"],
             r.due or NO_VALUE, "超期" if r.overdue else "办理中"]
            for r in shown.itertuples()
        ],
    )  # fmt: skip
    return table, len(rows), late


def busy_cells(part: Facts, pasts: dict[str, CellPast]) -> Grid | None:
    """The ten cells with most alarms of a period and what lies behind them."""
    counts = part.alarms["cell"].value_counts()
    order = sorted(counts.index, key=lambda cell: (-int(counts[cell]), cell))[:10]
    if not order:
        return None
    at = part.alarms.drop_duplicates("cell").set_index("cell")
    rows = []
    for cell in order:
        behind = past_words(pasts[cell])[-1][0] if cell in pasts else ""
        rows.append([cell, f"{at.at[cell, 'city']}\n{at.at[cell, 'county']}", str(int(counts[cell])), behind])
    return Grid([label_of("cell_code"), "城市、县", "报警次数", "以往情况"], [14.0, 22, 10, 50], rows)


def advice(rows: pd.DataFrame) -> list[str]:
    """
    What the commonest problems call for: kind, departments that answer for its sources; templates, nothing invented.
    """
    vocabulary, counts = problem_types(), rows["problem"].value_counts()
    order = sorted(counts.index, key=lambda name: (-int(counts[name]), list(vocabulary).index(name)))
    said = []
    for name in [one for one in order if one != "other"][:3]:
        answers = sorted({kind.department_zh for kind in source_classes().values() if kind.problem == name})
        who = "、".join(answers[:3]) or "网格办"
        said.append(f"{vocabulary[name]['zh']}问题{int(counts[name])}个，建议由{who}组织专项排查整治。")
    return said


def numbered(texts: Sequence[str]) -> list[str]:
    """
    Texts as （1） （2）, alone where there is one.

    Examples
    --------
    >>> numbered(["甲。", "乙。"])
    ['（1）甲。', '（2）乙。']
    """
    return list(texts) if len(texts) < 2 else [f"（{n}）{text}" for n, text in enumerate(texts, 1)]


def _when(text: str) -> str:
    return text[5:16].replace("T", " ")


def number(value: float) -> str:
    """
    A concentration with one decimal, a dash where there is none.

    Examples
    --------
    >>> number(32.04), number(float("nan"))
    ('32.0', '—')
    """
    return NO_VALUE if value != value else f"{value:.1f}"
