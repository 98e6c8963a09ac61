"""
The prompt letter (提示函) of a city: which points gave alarms, when, how often, and
what the teams reported back so far (C3); one DOCX to send and one CSV to compute with.

The office owns the template: any DOCX with the same names works. The official fonts
are named in it, never shipped.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from hotspot.contracts.records import PUSHED, SUPPRESSED, UNCONFIRMED
from hotspot.grid.city_files import city_files
from hotspot.grid.sub_cells import centre_of
from hotspot.ledger.answers.past import past_words
from hotspot.publish.fonts import check_glyphs, legible
from hotspot.publish.office.alarmed.alarm_words import alarm_why_zh, also_zh
from hotspot.publish.office.docx import filled
from hotspot.publish.office.paper import title_lines
from hotspot.publish.office.warned.notice import template_of
from hotspot.publish.paper.alarm_card import clock_zh
from hotspot.publish.paper.typeset import set_texts, typeset
from hotspot.rules.pollutants import of_study
from hotspot.study import Study
from hotspot.text.csv_rows import escape_text, write_csv
from hotspot.text.table import columns

CSV_COLUMNS = tuple(columns("alarms.csv"))
STATE_ZH = {PUSHED: "推送", UNCONFIRMED: "存疑", SUPPRESSED: "未推送"}


def write_letters(
    directory: Path | str,
    *,
    study: Study,
    alarms: pd.DataFrame,
    period: str,
    answered: Mapping[str, Any] | None = None,
    outstanding: pd.DataFrame | None = None,
    past: Mapping[str, Any] | None = None,
    persistent: pd.DataFrame | None = None,
    head: str = "",
    signer: str = "",
) -> list[Path]:
    """
    Write one letter per city with alarms in the period, or with earlier ones that nobody answered.

    Parameters
    ----------
    directory : str or Path
        Made where it is missing; ``letter-CITYCODE.docx``, ``.csv`` and, as it is printed, ``.pdf``.
    alarms : DataFrame, from ``find_alarms``
        Of the period, of every state.
    period : str
        A local month "2025-12" or day "2025-12-05".
    answered : dict, optional
        Alarm -> list of feedback, from ``ledger.answers.alarms.answers``.
    outstanding : DataFrame, optional
        Pushed before the period and not answered, from ``ledger.answers.watch.alarm_table``, with ``waited`` (hours).
    past : mapping, optional
        Cell -> ``CellPast``; its first line is printed beside an alarm that waits.
    persistent : DataFrame, optional
        Persistent highs of the period, from ``find_persistent``; they are no alarms and are counted apart.
    head : str
        Head of the ledger's chain, printed at the foot.
    signer : str
        The office; empty leaves the line blank.

    Returns
    -------
    list of Path, by city code: DOCX, on the office's own template where ``[office]`` names one, CSV and PDF of each

    Examples
    --------
    >>> import tempfile
    >>> from hotspot.rank.alarm.episodes import empty
    >>> from hotspot.synthetic.study import synthetic_month
    >>> write_letters(tempfile.mkdtemp(), study=synthetic_month(size="small").study, alarms=empty(), period="2025-12")
    []
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    written, template, of = [], template_of(study, "letter_template"), of_study(study)
    high = _at_cells(persistent, study) if persistent is not None and len(persistent) else None
    for name, rows, waiting in by_city(alarms, study, answered or {}, outstanding):
        city = (rows if len(rows) else waiting)["city"].iloc[0]
        own = pd.DataFrame() if high is None else high[(high["city"] == city) & (high["state"] == "persistent")]
        context = of.told(
            letter_context(rows, waiting, study, period, past=past or {}, persistent=own, head=head, signer=signer)
        )
        path = directory / f"letter-{name}.docx"
        path.write_bytes(filled("letter.docx", context, template, of=of))
        written += [path, _csv(directory / f"letter-{name}.csv", rows), directory / f"letter-{name}.pdf"]
        written[-1].write_bytes(letter_pdf(context))
    return written


def letter_pdf(context: dict[str, Any]) -> bytes:
    """The same texts as the DOCX, set as a page by ``templates/letter.typ``: bytes."""
    check_glyphs(set_texts(context))
    lines = title_lines(context["heading"])
    return typeset(
        "letter.typ",
        context | {"title": context["heading"], "title_lines": lines},
        parts=["page_parts.typ"],
    )


def by_city(
    alarms: pd.DataFrame, study: Study, answered: Mapping[str, Any], outstanding: pd.DataFrame | None = None
) -> list[tuple[str, pd.DataFrame, pd.DataFrame]]:
    """
    Alarms of the period and earlier ones that wait, by city.

    Returns
    -------
    list of (name for a file, rows, waiting), by ``city_files``; ``waiting`` has ``alarm cell sub_cell pushed waited
    state`` and the place
    """
    table = _placed(alarms, study, answered)
    waits = None if outstanding is None or not len(outstanding) else _at_cells(outstanding, study)
    there = {*table["city"], *(() if waits is None else waits["city"])}
    return [
        (name, table[table["city"] == city], pd.DataFrame() if waits is None else waits[waits["city"] == city])
        for city, name in city_files(study.cells).items()
        if city in there
    ]


def _placed(alarms: pd.DataFrame, study: Study, answered: Mapping[str, Any]) -> pd.DataFrame:
    """Alarms with where they are, how often the cell alarmed, and how many answers there are."""
    table = _at_cells(alarms, study)
    grid, fine = study.grid, study.lattice.fine
    places = [grid.unproject(*centre_of(code, grid, fine=fine)) for code in table["sub_cell"]]
    table["lon"], table["lat"] = ([float(place[axis]) for place in places] for axis in (0, 1))
    pushed = table[table["state"] == PUSHED].groupby("cell").size()
    table["count"] = table["cell"].map(pushed).fillna(0).astype(int)
    table["feedback"] = [len(answered.get(name, ())) for name in table["alarm"]]
    return table


def _at_cells(rows: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Rows with the city, county, township and label of their cell."""
    cells = study.cells
    table = rows.reset_index(drop=True).copy()
    at = cells.indexes["cell"].get_indexer(table["cell"])
    for name in ("city", "county", "township", "label"):
        table[name] = cells[name].values[at].astype(str) if len(at) else ""
    return table


def letter_context(
    rows: pd.DataFrame,
    waiting: pd.DataFrame,
    study: Study,
    period: str,
    *,
    past: Mapping[str, Any],
    persistent: pd.DataFrame,
    head: str = "",
    signer: str = "",
) -> dict[str, Any]:
    """What the template prints; every text from data is made legible, the template escapes it."""
    rule = study.criteria.alarms.on(period)
    pushed = rows[rows["state"] == PUSHED]
    aside = rows[rows["state"] != PUSHED]
    city = legible((rows if len(rows) else waiting)["city"].iloc[0])
    when = period_zh(period)
    answered = int((pushed["feedback"] > 0).sum())
    return {
        "heading": f"关于{city}{when}热点网格排查反馈情况提示的函",
        "state_zh": f"（{legible(study.name)}，依据{legible(study.criteria.legal_basis)}）",
        "city": city,
        "summary": f"{when}，你市{pushed['cell'].nunique()}个热点网格共发出PM2.5报警{len(pushed)}次；"
        f"另有{len(aside)}次因数据存疑或非本地原因未作推送，一并列出备查。",
        "feedback": f"截至本函印发，上述报警已反馈{answered}次，未反馈{len(pushed) - answered}次"
        + (f"，反馈率{100 * answered / len(pushed):.1f}%。" if len(pushed) else "。"),
        "rows": [_row(number, row) for number, row in enumerate(pushed.itertuples(), 1)],
        "none_text": "" if len(pushed) else "本期没有推送的报警。",
        "outstanding": [_waiting(row, past.get(row.cell)) for row in waiting.itertuples()],
        "outstanding_text": f"以前推送、至今未反馈的报警{len(waiting)}次，请优先办理。" if len(waiting) else "无。",
        "form_text": "反馈请填写随函所附《报警反馈表》（return-alarms），每个报警编号一行，用本函所列报警编号对应；"
        f"{clock_zh(study.criteria.clocks)}。",
        "persistent": [_persistent(row) for row in persistent.itertuples()],
        "persistent_text": f"以下{len(persistent)}个点位一周内高值小时多、天数多，不计入报警次数，请列入日常排查。"
        if len(persistent)
        else "无。",
        "aside": [_aside(row) for row in aside.itertuples()],
        "aside_text": "以下情况不计入报警次数；仪器存疑的，请运维单位核查。" if len(aside) else "无。",
        "request": "请组织网格长、网格监督员对未反馈的报警点位抓紧开展现场排查，核实涉气污染源，"
        "按“一个热点网格、一份问题清单”要求反馈排查和整改情况。",
        "method": f"报警规则：500米网格小时浓度不低于{rule.floor:g}微克/立方米，且超过周边点位中位数"
        f"{100 * (rule.ratio - 1):.0f}%以上，且显著高于按周边点位、风向风速和时段推算的应有水平，"
        f"并持续{rule.min_hours}小时以上；"
        "区域性升高、外来沙尘、高湿、烟花爆竹时段不推送。时间为北京时间，数据未经最终审核。",
        "chain": f"台账校验：{head[:16]}" if head else "",
        "signer": legible(signer),
        "date_zh": "年　　月　　日",  # the day it is signed is the signer's
    }


def _row(number: int, row: Any) -> dict[str, Any]:
    return _point(row) | {
        "number": number,
        "place": legible(f"{row.county}{row.township}"),
        "county": legible(row.county),
        "township": legible(row.township),
        "lonlat": f"{row.lon:.4f}, {row.lat:.4f}",
        "lon": f"{row.lon:.4f}",
        "lat": f"{row.lat:.4f}",
        "ratio": f"{row.ratio:.1f}",
        "count": row.count,
        "answer": f"已反馈{row.feedback}次" if row.feedback else "未反馈",
    }


def _aside(row: Any) -> dict[str, Any]:
    return _point(row) | {"state": STATE_ZH.get(row.state, row.state), "why": legible(alarm_why_zh(row.why))}


def _persistent(row: Any) -> dict[str, Any]:
    return {
        "point": _named(row),
        "week": f"{row.week:%m-%d}起一周",
        "hours": str(row.hours),
        "days": str(row.days),
        "ratio": f"{row.ratio:.1f}",
        "usual": legible(str(row.usual_hours)),
    }


def _waiting(row: Any, past: Any) -> dict[str, Any]:
    behind = past_words(past)[0][0] if past is not None else ""
    return {
        "alarm": row.alarm,
        "point": _named(row),
        "pushed": row.pushed[5:16].replace("T", " "),
        "hours": f"{row.waited:.0f}",
        "state": "超期" if row.state == "overdue" else "待反馈",
        "past": legible(behind),
    }


def _label(row: Any) -> str:
    return legible(row.label) if row.label != row.cell else ""


def _named(row: Any) -> str:
    """A sub-cell with the label of its cell, where it has one of its own."""
    label = _label(row)
    return row.sub_cell + (f"（{label}）" if label else "")


def _point(row: Any) -> dict[str, Any]:
    """What both tables print; ``point`` is code and label in one, for a template with one line."""
    return {
        "alarm": row.alarm,
        "code": row.sub_cell,
        "label": _label(row),
        "point": _named(row),
        "also": legible(also_zh(row.why)),  # other sub-cells of the same alarm
        "time": f"{row.start:%m-%d %H:%M}",
        "hours": row.hours,
        "peak": f"{row.peak:.0f}",
    }


def period_zh(period: str) -> str:
    """A local month or day in Chinese."""
    year, month, *day = period.split("-")
    return f"{year}年{int(month)}月" + (f"{int(day[0])}日" if day else "")


def _csv(path: Path, rows: pd.DataFrame) -> Path:
    """The same rows for a machine: local times, values as they are printed, formulas made harmless."""
    shown = rows.assign(
        start=rows["start"].map(lambda t: f"{t:%Y-%m-%d %H:%M}"),
        end=rows["end"].map(lambda t: f"{t:%Y-%m-%d %H:%M}"),
        lon=rows["lon"].map("{:.5f}".format),
        lat=rows["lat"].map("{:.5f}".format),
        **{name: rows[name].map("{:.1f}".format) for name in ("peak", "mean", "neighbours")},
        **{name: rows[name].map("{:.2f}".format) for name in ("ratio", "z")},
    )
    rows = (
        [escape_text(value) if isinstance(value, str) else value for value in row]
        for row in shown[list(CSV_COLUMNS)].itertuples(index=False)
    )
    return write_csv(path, CSV_COLUMNS, rows)
