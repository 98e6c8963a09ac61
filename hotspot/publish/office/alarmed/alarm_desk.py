"""
What goes with the letters of a day: a return form with a row per alarm, a text and a picture for the chat
group, and the table over all cities that says who answers (C3, C4, C11).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from hotspot.contracts.records import PUSHED
from hotspot.ledger.answers.watch import rate
from hotspot.publish.fonts import check_glyphs, legible, shorten
from hotspot.publish.maps.backdrop import Backdrop
from hotspot.publish.maps.borders import Borders
from hotspot.publish.office.alarmed.letter import by_city, period_zh
from hotspot.publish.paper.atlas_map import index_maps
from hotspot.publish.paper.typeset import set_texts, typeset
from hotspot.publish.tables.book import Sheet, write_book
from hotspot.rules.classes import problem_types
from hotspot.rules.pollutants import of_study
from hotspot.rules.readings import footer
from hotspot.study import Study
from hotspot.text.labels import label_of
from hotspot.text.table import heads

CHAT_LETTERS = 500
PHONE_PX = 1080
_FORM = heads("return-alarms.xlsx")
_CITY = heads("cities.xlsx")


def write_desk(
    directory: Path | str,
    *,
    study: Study,
    alarms: pd.DataFrame,
    period: str,
    answered: Mapping,
    outstanding: pd.DataFrame,
) -> list[Path]:
    """
    Write what goes with the letters of a period.

    Parameters
    ----------
    alarms : DataFrame, from ``find_alarms``
    period : str, "YYYY-MM" or "YYYY-MM-DD"
    answered : mapping, from ``ledger.answers.alarms.answers``
    outstanding : DataFrame, from ``ledger.answers.watch.alarm_table``, with ``waited``; pushed before the period

    Returns
    -------
    list of Path: per city ``return-alarms-CITY.xlsx``, ``digest-CITY.txt``, ``digest-CITY.png``; then ``cities.xlsx``
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    first_day = f"{period[:7]}-01"
    borders, ways = Borders(study.grid, study.boundaries), Backdrop(study.grid, None)
    written, cities = [], []
    for name, rows, waiting in by_city(alarms, study, answered, outstanding):
        pushed = rows[rows["state"] == PUSHED]
        city = legible((rows if len(rows) else waiting)["city"].iloc[0])
        written.append(_form(directory / f"return-alarms-{name}.xlsx", city, pushed, waiting, first_day))
        figures = city_figures(pushed, waiting, answered)
        text = of_study(study).words(chat_text(city, period, pushed, figures))
        written.append(directory / f"digest-{name}.txt")
        written[-1].write_text(text, encoding="utf-8")
        if len(pushed) or len(waiting):  # without an alarm there is nothing to show on a map
            written.append(directory / f"digest-{name}.png")
            written[-1].write_bytes(_picture(city, period, pushed, waiting, figures, study, borders, ways))
        cities.append({"city": city} | figures)
    table = pd.DataFrame(cities, columns=list(_CITY))
    order = table["rate"].fillna(101.0)
    table = table.assign(order=order).sort_values(["order", "city"], kind="stable").drop(columns="order")
    notes = ["按反馈率由低到高排列；没有推送报警的城市列在最后。", *footer(study.criteria, "clocks")]
    sheet = Sheet(f"{period_zh(period)}各城市报警反馈调度表", _CITY, table, notes)
    return [*written, write_book(directory / "cities.xlsx", {"调度": sheet}, created=first_day, of=of_study(study))]


def city_figures(pushed: pd.DataFrame, waiting: pd.DataFrame, answered: Mapping) -> dict:
    """
    The figures of one city: ``pushed answered rate overdue waiting problems``; ``rate`` None without an alarm.

    Examples
    --------
    >>> pushed = pd.DataFrame({"alarm": ["a", "b"], "feedback": [1, 0]})
    >>> city_figures(pushed, pd.DataFrame(), {"a": [{"problem": "bare_soil"}]})
    {'pushed': 2, 'answered': 1, 'rate': 50.0, 'overdue': 0, 'waiting': 0, 'problems': 1}
    """
    kinds = problem_types()
    n_answered = int((pushed["feedback"] > 0).sum()) if len(pushed) else 0
    return {
        "pushed": len(pushed),
        "answered": n_answered,
        "rate": rate(n_answered, len(pushed)),
        "overdue": int((waiting["state"] == "overdue").sum()) if len(waiting) else 0,
        "waiting": len(waiting),
        "problems": sum(
            body.get("problem", "") in kinds for name in pushed.get("alarm", ()) for body in answered.get(name, ())
        ),
    }


def chat_text(city: str, period: str, pushed: pd.DataFrame, figures: Mapping) -> str:
    """
    What a chat group is sent: at most 500 characters, the newest alarms first as far as there is room.

    Returns
    -------
    str, lines of text
    """
    said = "" if figures["rate"] is None else f"，反馈率{figures['rate']:.1f}%"
    lines = [
        f"【热点网格】{city}{period_zh(period)}推送PM2.5报警{figures['pushed']}次，已反馈{figures['answered']}次{said}。",
        f"以前推送至今未反馈{figures['waiting']}次，其中超期{figures['overdue']}次。"
        if figures["waiting"]
        else "以前推送的报警均已反馈。",
    ]
    tail = "请对未反馈的点位抓紧现场排查，按报警编号填报。"
    room = CHAT_LETTERS - sum(len(line) + 1 for line in lines) - len(tail) - 12
    shown = 0
    for row in pushed.sort_values("start", ascending=False, kind="stable").itertuples():
        place = shorten(legible(f"{row.county}{row.township}"), 24)
        line = f"{row.start:%m-%d %H}时 {row.sub_cell} {place} {row.peak:.0f}μg/m³" + (
            "" if row.feedback else " 未反馈"
        )
        if len(line) + 1 > room:
            break
        lines.append(line)
        room -= len(line) + 1
        shown += 1
    if shown < len(pushed):
        lines.append(f"另有{len(pushed) - shown}次见函。")
    return "\n".join([*lines, tail])


def _form(path: Path, city: str, pushed: pd.DataFrame, waiting: pd.DataFrame, created: str) -> Path:
    """A row per alarm, those of the period first; ``hotspot feedback`` reads it back."""
    rows = [
        {"alarm": r.alarm, "cell": r.cell, "sub_cell": r.sub_cell, "month": when[:7], "pushed": when[:16]}
        for part in (pushed, waiting)
        for r in part.itertuples()
        for when in [str(r.pushed).replace("T", " ") if hasattr(r, "pushed") else f"{r.end:%Y-%m-%d %H:%M}"]
    ]
    table = pd.DataFrame(rows, columns=list(_FORM), dtype=object).fillna("")
    words = "、".join(kind["zh"] for kind in problem_types().values())
    notes = [f"问题类型：{words}、未发现问题。", "同一报警有几个问题的，复制整行；没有填写的行不计。"]
    sheet = Sheet(f"{city}报警反馈表", _FORM, table, notes)
    return write_book(path, {label_of("alarm_answers"): sheet}, created=created, title_row=False)


def _picture(
    city: str,
    period: str,
    pushed: pd.DataFrame,
    waiting: pd.DataFrame,
    figures: Mapping[str, Any],
    study: Study,
    borders: Borders,
    ways: Backdrop | None,
) -> bytes:
    """Three numbers and a map of the cells that alarmed, numbered by how often."""
    codes = [code for part in (pushed, waiting) if len(part) for code in part["cell"]]
    counts = pd.Series(codes, dtype=str).value_counts().sort_index()
    place = [study.grid.parse(code) for code in counts.index]
    cells = pd.DataFrame(
        {"number": counts.to_numpy(), "col": [c for c, _ in place], "row": [r for _, r in place], "city": city}
    )
    (drawn, *rest) = index_maps(study.grid, cells, borders, ways, size=108.0)
    drawn |= {"title": "数字为该网格的报警次数" + (f"；另有{len(rest)}幅见函" if rest else "")}
    percent = "—" if figures["rate"] is None else f"{figures['rate']:.0f}%"
    data = {
        "title": city, "heading": f"{city}PM2.5报警", "when": period_zh(period), "map": drawn,
        "numbers": [[str(figures["pushed"]), label_of("pushed_alarms")], [percent, "反馈率"],
        [str(figures["waiting"]), "以前未反馈"]],
        "lines": ["数据未经最终审核，供排查参考。"],
    }  # fmt: skip
    check_glyphs(set_texts(data))
    page = typeset(
        "digest.typ", data, kind="png", ppi=PHONE_PX / (120 / 25.4), parts=["map_parts.typ", "page_parts.typ"]
    )
    return page[0] if isinstance(page, list) else page
