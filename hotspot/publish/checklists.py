"""
``checklists.xlsx``: one warning cell, one list (D13), class by class, enterprise by enterprise, item by item (C8).

A sheet per cell, named by its code. Two grades of person share it (B11): what a
village patrol can see, and what only an officer may look at. Sources nobody
registered have rows of their own (C10), and blank rows wait for the rest.
"""

import datetime
from pathlib import Path

from hotspot.publish.fonts import harmless, legible, printed_width
from hotspot.publish.words import REASONS, known, month_zh
from hotspot.rules.classes import GRADES, source_classes

MODES = {"own": "", "joint": "（联合办理）", "cross_region": "（跨市，报上级协调）"}  # B13
_HEAD = ("勾选", "序号", "级别", "检查项", "责任部门", "办理期限", "发现的问题与处理", "照片编号")
_WIDTHS = (6, 6, 7, 58, 26, 14, 36, 12)
_TICK = "□"


def write_checklists(path, *, study, month, warned, checklist):
    """
    Write ``checklists.xlsx``.

    Parameters
    ----------
    path : str or Path
    study : Study
    month : str, ``"2020-03"``
    warned : DataFrame
        The warning list; gives place and reasons of each cell.
    checklist : DataFrame, from ``trace.checklist``
        One row per cell, source and item.

    Returns
    -------
    Path
    """
    import xlsxwriter

    path = Path(path)
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        # A date of the data, not of the writing: the same month gives the same bytes.
        created = datetime.datetime(int(month[:4]), int(month[5:7]), 1)
        book.set_properties({"title": f"{month} checklists", "created": created})
        look = _formats(book)
        codes = list(warned.sort_values(["city", "cell"], kind="stable")["cell"].drop_duplicates())
        _index(book.add_worksheet("目录"), look, study, month, warned, checklist, codes)
        of_cell = dict(list(checklist.groupby("cell", sort=False)))
        for code in codes:
            rows = of_cell.get(code, checklist.iloc[:0])
            _sheet(book.add_worksheet(code), look, month, code, warned[warned["cell"] == code], rows)
    return path


def by_class(checklist):
    """
    The list of one cell, class by class: what is looked at, and where.

    Parameters
    ----------
    checklist : DataFrame, the rows of one cell

    Returns
    -------
    list of dict, in the order of the list: ``class_`` (a key of the vocabulary), ``items`` (one row
    per item of the class) and ``places``, a list of (facility, name, rows), a row being a dict;
    facility "" stands for sources of the class that nobody registered. Rows without an item are left out.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [["steel", "F1", "甲厂", "steel-1", "看烟"], ["steel", "F2", "乙厂", "steel-1", "看烟"],
    ...         ["other", "", "", "blank-1", ""]]
    >>> block, = by_class(pd.DataFrame(rows, columns=["class_", "facility", "name", "item", "zh"]))
    >>> block["class_"], len(block["items"]), [name for _, name, _ in block["places"]]
    ('steel', 1, ['甲厂', '乙厂'])
    """
    blocks: dict[str, dict] = {}
    for row in checklist.to_dict("records"):
        if row["zh"]:
            block = blocks.setdefault(row["class_"], {"items": {}, "places": {}})
            block["items"].setdefault(row["item"], row)
            block["places"].setdefault(row["facility"], []).append(row)
    return [
        {
            "class_": key,
            "items": list(block["items"].values()),
            "places": [(facility, rows[0]["name"], rows) for facility, rows in block["places"].items()],
        }
        for key, block in blocks.items()
    ]


def _formats(book):
    base = {"font_name": "宋体", "font_size": 10.5, "valign": "vcenter", "text_wrap": True}
    return {
        "title": book.add_format(base | {"bold": True, "font_size": 16}),
        "line": book.add_format(base),
        "head": book.add_format(base | {"bold": True, "border": 1, "align": "center", "bg_color": "#E4E4E4"}),
        "class": book.add_format(base | {"bold": True, "border": 1, "bg_color": "#F0F0F0"}),
        "place": book.add_format(base | {"bold": True, "border": 1}),
        "text": book.add_format(base | {"border": 1}),
        "centre": book.add_format(base | {"border": 1, "align": "center"}),
        "tick": book.add_format(base | {"border": 1, "align": "center", "font_size": 14}),
    }


def _say(sheet, row, column, text, look):
    sheet.write_string(row, column, harmless(str(text)) if known(text) else "", look)


def _index(sheet, look, study, month, warned, checklist, codes):
    """What lies in the book, a line per cell."""
    head = ("预警网格编号", "城市", "所属县（区、市）", "乡镇（街道）", "预警原因", "登记源（家）", "检查项")
    widths = (16, 14, 18, 18, 44, 12, 10)
    sheet.merge_range(0, 0, 0, 6, "", look["title"])
    _say(sheet, 0, 0, f"{legible(study.name)[:200]}{month_zh(month)}预警网格问题清单", look["title"])
    sheet.set_row(0, 30)
    for column, (text, width) in enumerate(zip(head, widths, strict=True)):
        sheet.set_column(column, column, width)
        _say(sheet, 1, column, text, look["head"])
    first = warned.drop_duplicates("cell").set_index("cell")
    for line, code in enumerate(codes, start=2):
        of_cell = checklist[checklist["cell"] == code]
        reasons = "；".join(REASONS.get(r, r) for r in warned.loc[warned["cell"] == code, "reason"])
        texts = (code, *(first.loc[code, name] for name in ("city", "county", "township")), reasons)
        for column, text in enumerate(texts):
            _say(sheet, line, column, text, look["text"])
        registered = of_cell.loc[of_cell["facility"].map(known), "facility"].nunique()
        sheet.write_number(line, 5, registered, look["centre"])
        sheet.write_number(line, 6, len(of_cell), look["centre"])
    sheet.freeze_panes(2, 1)
    sheet.repeat_rows(0, 1)
    _paper(sheet)


def _sheet(sheet, look, month, code, warned, checklist):
    last = len(_HEAD) - 1
    first = warned.iloc[0]
    place = " ".join(legible(str(first[n]))[:60] for n in ("city", "county", "township") if known(first[n]))
    reasons = "；".join(REASONS.get(reason, reason) for reason in warned["reason"])
    for line, (text, kind, height) in enumerate(
        (
            (f"{code} 问题清单（{month_zh(month)}）", "title", 28),
            (f"{place}　预警原因：{reasons}", "line", 18),
            (
                "级别：巡查＝村（社区）巡查可见即可判断；执法＝须由执法人员查。有问题打√，无问题打×，未查留空。",
                "line",
                18,
            ),
        )
    ):
        sheet.merge_range(line, 0, line, last, "", look[kind])
        _say(sheet, line, 0, text, look[kind])
        sheet.set_row(line, height)
    line = 3
    for column, (text, width) in enumerate(zip(_HEAD, _WIDTHS, strict=True)):
        sheet.set_column(column, column, width)
        _say(sheet, line, column, text, look["head"])
    sheet.freeze_panes(line + 1, 0)
    sheet.repeat_rows(0, line)
    line += 1
    for number, block in enumerate(by_class(checklist), start=1):
        kind = source_classes()[block["class_"]]
        sheet.merge_range(line, 0, line, last, "", look["class"])
        _say(sheet, line, 0, f"{number}　{kind.zh} {kind.en}", look["class"])
        sheet.set_row(line, 20)
        line += 1
        for place_number, (facility, name, rows) in enumerate(block["places"], start=1):
            title = (name if known(name) else facility) or "未登记的，逐格必查"
            line = _place(sheet, look, line, last, f"{number}.{place_number}　{title}", rows)
    sheet.merge_range(line, 0, line, last, "", look["class"])
    _say(sheet, line, 0, "补充：未登记的源（子网格号、位置、类别） Unregistered sources", look["class"])
    blank = checklist[checklist["zh"] == ""]
    for number in blank["number"]:
        line += 1
        for column, text in enumerate((_TICK, str(number), *[""] * (last - 1))):
            _say(sheet, line, column, text, look["tick" if column == 0 else "centre" if column == 1 else "text"])
        sheet.set_row(line, 26)
    line += 2
    for text in (
        "巡查人：　　　　　　　　　　网格监督员：　　　　　　　　　　网格长：",
        "核查时间：　　　年　　月　　日　　　　　　　　　　整改完成复核：　　　年　　月　　日",
    ):
        sheet.merge_range(line, 0, line, last, "", look["line"])
        _say(sheet, line, 0, text, look["line"])
        sheet.set_row(line, 28)
        line += 1
    _paper(sheet)


def _place(sheet, look, line, last, title, rows):
    """One enterprise: its name, why it is on the list, its items; the next free line is returned."""
    why = str(rows[0]["why_zh"])
    text = f"{legible(title)}　（{legible(why)}）"
    sheet.merge_range(line, 0, line, last, "", look["place"])
    _say(sheet, line, 0, text, look["place"])
    sheet.set_row(line, min(400, 18 * max(1, -(-printed_width(text) // 150))))
    for row in rows:
        line += 1
        duty = row["department"] + MODES.get(row["mode"], "")
        texts = (_TICK, str(row["number"]), GRADES[row["grade"]], row["zh"], duty, row["deadline"], "", "")
        for column, text in enumerate(texts):
            _say(sheet, line, column, text, look["tick" if column == 0 else "centre" if column < 3 else "text"])
        deep = max(-(-printed_width(row["zh"]) // 54), -(-printed_width(duty) // 24))
        sheet.set_row(line, 18 * max(1, deep))
    return line + 1


def _paper(sheet):
    sheet.set_paper(9)  # A4
    sheet.set_landscape()
    sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.7)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&L&A&C&P / &N")
