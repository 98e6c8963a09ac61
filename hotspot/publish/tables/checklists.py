"""
``checklists.xlsx``: one warning cell, one list (D13), class by class, enterprise by enterprise, item by item (C8).

Each cell has its whole list (sheet CODE) and, with the same numbers, the part that a
village patrol can see (sheet CODE巡查, B11). Sources nobody registered have rows and
photo slots of their own (C10), and blank rows wait for the rest. Before the lists stand
the index and each city's route, behind them the census and the controlled words.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from hotspot.publish.fonts import legible, printed_width, shorten
from hotspot.publish.tables.checklist_tables import (
    CENSUS,
    WORDS,
    census_sheet,
    look_formats,
    problem_choice,
    route_sheet,
    stop_zh,
    words_sheet,
)
from hotspot.publish.tables.dated import across, dated_book, heading, paper, say
from hotspot.publish.tables.workbook import sheet_name
from hotspot.publish.words import known, month_zh, reasons_zh
from hotspot.rules.classes import GRADES, source_classes
from hotspot.rules.criteria import Criteria
from hotspot.rules.pollutants import PM25, of_study
from hotspot.rules.visiting import Visiting
from hotspot.study import Study
from hotspot.text.table import rows_of, titles

if TYPE_CHECKING:
    import pandas as pd

    from hotspot.publish.tables.dated import Looks, Page

MODES = {"own": "", "joint": "（联合办理）", "cross_region": "（跨市，报上级协调）"}  # B13
MARKS = {"own": "", "joint": "（联合）", "cross_region": "（跨市）"}
INDEX, PATROL = "目录", "巡查"
_INDEX_WIDTHS = (16, 14, 18, 18, 44, 12, 10, 10, 10)
_INDEX = tuple(zip(titles("checklists.xlsx/目录").values(), _INDEX_WIDTHS, strict=True))
_WIDTHS = (6, 6, 7, 54, 20, 22, 18, 34, 10)
_HEADS = tuple(zip(titles("checklists.xlsx/清单").values(), _WIDTHS, strict=True))
_ROW = 19  # points of a line of text
_PHOTO_HEAD = tuple(titles("checklists.xlsx/照片登记").values())
_TICK = "□"
Rows = list[dict[str, Any]]
Items = dict[str, Rows]  # of a checklist, by cell


def write_checklists(
    path: Path,
    *,
    study: Study,
    month: str,
    warned: "pd.DataFrame",
    checklist: "pd.DataFrame",
    routes: "pd.DataFrame | None" = None,
    inventory: "pd.DataFrame | None" = None,
) -> Path:
    """
    Write ``checklists.xlsx``.

    Parameters
    ----------
    path : str or Path
    month : str, ``"2020-03"``
    warned : DataFrame
        The warning list; gives place and reasons of each cell.
    checklist : DataFrame, from ``trace.visits.checklist``
        One row per cell, source and item.
    routes : DataFrame, optional
        From ``trace.routes``; a sheet per city, and a line on each cell's list.
    inventory : DataFrame, optional
        From ``trace.visits.inventory``; the census by county and class.
    """
    path = Path(path)
    with dated_book(str(path), f"{month}-01", f"{month} checklists", of=of_study(study)) as book:
        look = look_formats(book)
        codes = list(warned.sort_values(["city", "cell"], kind="stable")["cell"].drop_duplicates())
        of_cell = by_cell(checklist)
        _index(book.add_worksheet(INDEX), look, study, month, warned, of_cell, codes)
        taken = {name.casefold() for name in (INDEX, CENSUS, WORDS, *codes, *(code + PATROL for code in codes))}
        plans = {}
        if routes is not None:
            plans = dict(list(routes[routes["scope"] == "cell"].groupby("of", sort=False)))
            for city, rows in routes[routes["scope"] == "city"].groupby("of", sort=False):
                sheet = book.add_worksheet(sheet_name(f"路线 {city}", taken))
                route_sheet(sheet, look, month, city, rows, study.criteria.visiting)
        for code in codes:
            rows, own = of_cell.get(code, []), warned[warned["cell"] == code]
            told = _head_lines(own, rows, plans.get(code), study.criteria)
            _sheet(book.add_worksheet(code), look, f"{code} 问题清单（{month_zh(month)}）", told, rows)
            seen = [row for row in rows if row["grade"] == "patrol"]
            sheet = book.add_worksheet(code + PATROL)
            _sheet(sheet, look, f"{code} 村（社区）巡查单（{month_zh(month)}）", told[:-1], seen, photos=True)
        if inventory is not None:
            census_sheet(book.add_worksheet(CENSUS), look, month, inventory)
        words_sheet(book.add_worksheet(WORDS), look)
    return path


def by_cell(checklist: "pd.DataFrame") -> Items:
    """
    The rows of every cell's list, as plain dicts: they are read one by one, and a table is slow at that.

    Returns
    -------
    dict of str -> list of dict

    Examples
    --------
    >>> import pandas as pd
    >>> by_cell(pd.DataFrame({"cell": ["A", "B", "A"], "zh": ["看烟", "看灰", ""]}))["A"]
    [{'cell': 'A', 'zh': '看烟'}, {'cell': 'A', 'zh': ''}]
    """
    rows: dict[str, list[dict]] = {}
    for row in rows_of(checklist):
        rows.setdefault(row["cell"], []).append(row)
    return rows


def by_class(rows: Rows) -> Rows:
    """
    The list of one cell, class by class: what is looked at, and where.

    Parameters
    ----------
    rows : list of dict, of one cell, from ``by_cell``

    Returns
    -------
    list of dict, in the order of the list: ``class_`` (a key of the vocabulary), ``items`` (one row
    per item of the class) and ``places``, a list of (facility, name, rows), a row being a dict;
    facility "" stands for sources of the class that nobody registered. Rows without an item are left out.

    Examples
    --------
    >>> names = ("class_", "facility", "name", "item", "zh")
    >>> rows = [("steel", "F1", "甲厂", "steel-1", "看烟"), ("steel", "F2", "乙厂", "steel-1", "看烟"),
    ...         ("other", "", "", "blank-1", "")]
    >>> block, = by_class([dict(zip(names, row)) for row in rows])
    >>> block["class_"], len(block["items"]), [name for _, name, _ in block["places"]]
    ('steel', 1, ['甲厂', '乙厂'])
    """
    blocks: dict[str, dict] = {}
    for row in rows:
        if row["zh"]:
            block = blocks.setdefault(row["class_"], {"items": {}, "places": {}})
            block["items"].setdefault(row["item"], row)
            block["places"].setdefault(row["facility"], []).append(row)
    return [
        {
            "class_": key,
            "items": list(block["items"].values()),
            "places": [(facility, own[0]["name"], own) for facility, own in block["places"].items()],
        }
        for key, block in blocks.items()
    ]


def _index(
    sheet: "Page", look: "Looks", study: Study, month: str, warned: "pd.DataFrame", of_cell: Items, codes: list[str]
) -> None:
    """What lies in the book, a line per cell."""
    across(sheet, 0, 8, f"{legible(study.name)[:200]}{month_zh(month)}预警网格问题清单", look["title"], 30)
    heading(sheet, 1, _INDEX, look["head"])
    first = warned.drop_duplicates("cell").set_index("cell")
    for line, code in enumerate(codes, start=2):
        rows = of_cell.get(code, [])
        reasons = _reasons(warned[warned["cell"] == code])
        sheet.write_url(line, 0, f"internal:'{code}'!A1", look["link"], code)
        for column, text in enumerate(
            (*(first.loc[code, n] for n in ("city", "county", "township")), reasons), start=1
        ):
            say(sheet, line, column, text, look["text"])
        registered = {row["facility"] for row in rows if known(row["facility"])}
        patrol = sum(row["grade"] == "patrol" for row in rows)
        for column, number in ((5, len(registered)), (6, len(rows)), (7, patrol)):
            sheet.write_number(line, column, number, look["centre"])
        sheet.write_url(line, 8, f"internal:'{code}{PATROL}'!A1", look["link"], "打开")
        sheet.set_row(line, 18 * -(-printed_width(reasons) // 42))
    sheet.freeze_panes(2, 1)
    sheet.repeat_rows(0, 1)
    paper(sheet)


def _reasons(warned: "pd.DataFrame") -> str:
    return PM25.words(reasons_zh(warned["reason"]))


def _head_lines(warned: "pd.DataFrame", rows: Rows, plan: "pd.DataFrame", criteria: Criteria) -> list[str]:
    """What stands above the items: place and reasons, who and by when, how to fill in; the order of visits last."""
    first, due = warned.iloc[0], criteria.handover
    place = " ".join(legible(str(first[n]))[:60] for n in ("city", "county", "township") if known(first[n]))
    reasons = _reasons(warned)
    area: dict = next((row for row in rows if row["facility"] == ""), {})
    duty = _duty(area) if "lead" in area else ""
    by_when = (
        f"期限：交办后{due.feedback_workdays}个工作日内填报；现场发现的问题{due.report_hours}小时内上报；"
        f"整改在移交责任部门后{due.rectify_days}日内完成。交办日期：　　　年　　月　　日"
    )
    return [
        f"{place}　预警原因：{reasons}",
        f"{duty}{by_when}",
        "级别：巡查＝村（社区）巡查可见即可判断；执法＝须由执法人员查。结果：有问题打√，无问题打×，未查留空。"
        "有问题的按所列问题类型登记，不符的改选（见“问题类型”）。",
        _order(plan, criteria.visiting),
    ]


def _duty(row: dict[str, Any]) -> str:
    """Who leads in this cell, and with whom (B13)."""
    lead, partners = legible(str(row["lead"]))[:60], legible(str(row["partners"]))[:120]
    return {
        "own": f"办理：{lead}。",
        "joint": f"办理：本格跨县，{lead}牵头，{partners}配合。",
        "cross_region": f"办理：本格跨市，{lead}先行处置，报上级协调{partners}。",
    }[row["mode"]]


def _order(plan: "pd.DataFrame", rule: Visiting) -> str:
    """The order in which to see one cell's sources when a day is all there is (D23)."""
    if plan is None or not len(plan):
        return ""
    fits, left = plan[plan["left"] == ""], plan[plan["left"] == "time"]
    names = [shorten(stop_zh(row), 24) for row in rows_of(fits)]
    hours = float(fits["leave"].max()) / 60 if len(fits) else 0.0
    said = f"一日（{rule.day_hours:g}小时）内建议顺序：{'→'.join(names)}，约{hours:.1f}小时"
    return said + (f"；排不下{len(left)}处。" if len(left) else "。")


def _sheet(sheet: "Page", look: "Looks", title: str, told: list[str], rows: Rows, *, photos: bool = False) -> None:
    """One list: its head, its classes with their enterprises, blank rows, and who signs."""
    last = len(_HEADS) - 1
    across(sheet, 0, last, title, look["title"], 28)
    line = 1
    for text in filter(None, told):
        across(sheet, line, last, text, look["line"], 18 * max(1, -(-printed_width(text) // 160)))
        line += 1
    heading(sheet, line, _HEADS, look["head"])
    sheet.freeze_panes(line + 1, 0)
    sheet.repeat_rows(line)
    top = line = line + 1
    for number, block in enumerate(by_class(rows), start=1):
        kind = source_classes()[block["class_"]]
        across(sheet, line, last, f"{number}　{kind.zh} {kind.en}", look["class"], 20)
        line += 1
        for place_number, (facility, name, own) in enumerate(block["places"], start=1):
            named = (name if known(name) else facility) or "未登记的"
            line = _place(sheet, look, line, last, f"{number}.{place_number}　{named}", own)
    across(sheet, line, last, "补充：未登记的源（子网格号、位置、类别） Unregistered sources", look["class"], 20)
    for row in (row for row in rows if row["zh"] == ""):
        line += 1
        texts = (_TICK, str(row["number"]), *[""] * (last - 2), row.get("photos", ""))
        for column, text in enumerate(texts):
            say(sheet, line, column, text, look["tick" if column == 0 else "centre" if column in (1, last) else "text"])
        sheet.set_row(line, 26)
    if line >= top:
        choices = {"validate": "list", "source": [_TICK, "√", "×"]}
        sheet.data_validation(top, 0, line, 0, choices | {"ignore_blank": True})
        sheet.data_validation(top, 4, line, 4, problem_choice())
    if photos:
        line = _photos(sheet, look, line + 1, last, rows)
    line += 2
    for text in (
        "巡查人：　　　　　　　　　　网格监督员：　　　　　　　　　　网格长：",
        "核查时间：　　　年　　月　　日　　　　　　　　　　整改完成复核：　　　年　　月　　日",
    ):
        across(sheet, line, last, text, look["line"], 28)
        line += 1
    paper(sheet)


def _place(sheet: "Page", look: "Looks", line: int, last: int, title: str, rows: Rows) -> int:
    """One enterprise: its name, why it is on the list, its papers, its items; the next free line is returned."""
    first = rows[0]
    text = f"{legible(title)}　（{legible(str(first['why_zh']))}）"
    across(sheet, line, last, text, look["place"], min(400, 18 * max(1, -(-printed_width(text) // 150))))
    handed = first["mode"] != "own" and known(first["facility"])
    where = (
        f"所在地：{legible(str(first.get('lead', '')))[:60] or '研究区以外'}{MODES[first['mode']]}" if handed else ""
    )
    papers = "　".join(filter(None, (where, legible(str(first.get("dossier_zh", "")))[:600])))
    if papers:
        line += 1
        across(sheet, line, last, papers, look["papers"], 16 * max(1, -(-printed_width(papers) // 170)))
    for row in rows:
        line += 1
        duty = row["department"] + MARKS.get(row["mode"], "")
        texts = (
            _TICK, str(row["number"]), GRADES[row["grade"]], row["zh"], row.get("problem_zh", ""), duty,
            row["deadline"], "", row.get("photos", ""),
        )  # fmt: skip
        for column, text in enumerate(texts):
            centred = column in (1, 2, last)
            say(sheet, line, column, text, look["tick" if column == 0 else "centre" if centred else "text"])
        rooms = ((row["zh"], 52), (row.get("problem_zh", ""), 19), (duty, 22), (row["deadline"], 17))
        deep = max(-(-printed_width(text) // room) for text, room in rooms)
        sheet.set_row(line, _ROW * max(1, deep))
    return line + 1


def _photos(sheet: "Page", look: "Looks", line: int, last: int, listed: Rows) -> int:
    """A row per numbered photo: what it shows, where, when (C10)."""
    across(sheet, line, last, "照片登记：照片以“网格编号-照片编号”命名", look["class"], 20)
    line += 1
    rows = [(tuple(_PHOTO_HEAD), "head")]
    for row in (row for row in listed if row.get("photos")):
        subject = source_classes()[row["class_"]].zh if row["zh"] else f"补充第{row['number']}项"
        slots = row["photos"].split()
        views = ("远景", "近景") if len(slots) == 2 else ("",) * len(slots)
        rows += [((slot, f"{subject}{view}："), "text") for slot, view in zip(slots, views, strict=True)]
    for texts, kind in rows:
        line += 1
        for column in (0, *range(4, last + 1)):
            at = max(0, column - 2)  # the second text stands on three columns
            say(sheet, line, column, texts[at] if at < len(texts) else "", look[kind])
        sheet.merge_range(line, 1, line, 3, "", look[kind])
        say(sheet, line, 1, texts[1], look[kind])
        sheet.set_row(line, 24)
    return line
