"""
The tables around the lists in ``checklists.xlsx``: routes (D23), the census (D14), the words of D24.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from hotspot.publish.fonts import legible, printed_width, shorten
from hotspot.publish.tables.dated import across, heading, paper, say
from hotspot.publish.words import CHOOSE, known, month_zh, name_of
from hotspot.rules.classes import problem_types, source_classes
from hotspot.rules.visiting import Visiting
from hotspot.text.labels import label_of
from hotspot.text.table import rows_of, titles
from hotspot.trace.visits.inventory import by_county, reconcile

if TYPE_CHECKING:
    import pandas as pd
    import xlsxwriter

    from hotspot.publish.tables.dated import Look, Looks, Page

CENSUS, WORDS = "污染源清册", label_of("problem_type")
_PLACES = {"outside": "研究区以外（登记册邻近范围）", "no place": "无可用位置", "total": "合计"}
_ROUTE_WIDTHS = (5, 5, 8, 8, 8, 10, 36, 22, 30, 12, 12, 9, 10)
_ROUTE = tuple(zip(titles("checklists.xlsx/巡查路线").values(), _ROUTE_WIDTHS, strict=True))


def look_formats(book: "xlsxwriter.Workbook") -> "Looks":
    """Every look of the book by name."""
    base = {"font_name": "宋体", "font_size": 10.5, "valign": "vcenter", "text_wrap": True}
    grey = base | {"bold": True, "border": 1}
    framed = base | {"border": 1}
    return {
        name: book.add_format(kind)
        for name, kind in {
            "title": base | {"bold": True, "font_size": 16},
            "line": base,
            "small": base | {"font_size": 9, "valign": "top"},
            "head": grey | {"align": "center", "bg_color": "#E4E4E4"},
            "class": grey | {"bg_color": "#F0F0F0"},
            "place": grey,
            "papers": framed | {"font_size": 9},
            "text": framed,
            "link": framed | {"underline": 1},
            "centre": framed | {"align": "center"},
            "number": framed | {"num_format": "0.0", "align": "center"},
            "degrees": framed | {"num_format": "0.0000", "align": "center"},
            "tick": framed | {"align": "center", "font_size": 14},
            "bold": grey | {"align": "center"},
        }.items()
    }


def route_sheet(sheet: "Page", look: "Looks", month: str, city: str, rows: "pd.DataFrame", rule: Visiting) -> None:
    """
    The plan of one city's team: stops by day with cumulative minutes, then what did not fit.

    Parameters
    ----------
    sheet : xlsxwriter worksheet
    look : dict, from ``look_formats``
    rows : DataFrame, the city's rows of ``trace.routes``
    """
    last = len(_ROUTE) - 1
    across(sheet, 0, last, f"{legible(city)[:60]} {month_zh(month)}巡查路线（建议）", look["title"], 30)
    text = (
        f"每组每日{rule.day_hours:g}小时，共{rule.days}日；行车按直线距离、{rule.speed_kmh:g} km/h折算，未计实际道路，"
        "不含往返驻地。“相对价值”由入选把握、风向关联和距离等合成，最大的一处为100，只用于排序，不是污染贡献。到达时刻自每日第一站起算。"
    )
    across(sheet, 1, last, text, look["small"], 28)
    heading(sheet, 2, _ROUTE, look["head"])
    sheet.set_row(2, 32)
    line, most = 3, float(rows["value"].max()) if len(rows) else 0.0
    rows = rows.assign(value=rows["value"] / most * 100 if most > 0 else 0.0)
    for row in rows_of(rows[rows["left"] == ""]):
        _stop(sheet, line, row, look)
        line += 1
    for left, words in (
        ("time", "时间内排不下的（按价值排列）"),
        ("other city", "不在本市的，移交或报上级协调（B13）"),
    ):
        rest = rows[rows["left"] == left]
        if len(rest):
            across(sheet, line, last, f"{words}：{len(rest)}处", look["class"], 20)
            line += 1
        for row in rows_of(rest):
            _stop(sheet, line, row, look)
            line += 1
    sheet.freeze_panes(3, 0)
    sheet.repeat_rows(0, 2)
    paper(sheet)


def stop_zh(row: dict[str, Any]) -> str:
    """
    A stop as it is named on paper.

    Examples
    --------
    >>> stop_zh({"kind": "cell", "stop": "PR1847K", "name": "", "facility": ""})
    'PR1847K 面源巡查'
    """
    if row["kind"] == "cell":
        return f"{row['stop']} 面源巡查"
    return shorten(name_of(row), 60)


def _stop(sheet: "Page", line: int, row: dict[str, Any], look: "Looks") -> None:
    kind = source_classes().get(row["class_"])
    texts = {6: stop_zh(row), 7: kind.zh if kind else "未登记的面源", 8: row["cells"].replace(";", "、")}
    if row["left"] == "":
        clock = f"{int(row['arrive'] // 60)}:{int(row['arrive'] % 60):02d}"
        texts |= {0: str(row["day"]), 1: str(row["order"]), 2: clock}
    for column in range(len(_ROUTE)):
        say(sheet, line, column, texts.get(column, ""), look["centre" if column < 6 else "text"])
    for column, name, shape in (
        (3, "minutes", "centre"), (4, "leave", "centre"), (5, "km", "number"), (9, "lon", "degrees"),
        (10, "lat", "degrees"), (11, "value", "centre"),
    ):  # fmt: skip
        if known(row[name]):
            # Rounded in the file too: a last digit of the machine must not change its bytes.
            number = round(float(row[name]), {"degrees": 4, "number": 1}.get(shape, 0))
            sheet.write_number(line, column, number, look[shape])
    sheet.set_row(line, 18 * -(-printed_width(texts[8]) // 28))


def census_sheet(sheet: "Page", look: "Looks", month: str, inventory: "pd.DataFrame") -> None:
    """
    Facilities by county and class, those of hotspot and warning cells, and the account of every row.

    Parameters
    ----------
    sheet : xlsxwriter worksheet
    look : dict
    """
    table, account = by_county(inventory), reconcile(inventory)
    classes = list(table.columns[2:])
    last = max(len(classes) + 1, 8)
    across(sheet, 0, last, f"{month_zh(month)}涉气污染源清册（家）：按所在县（区、市）和类别", look["title"], 30)
    heads = ["城市", "县（区、市）", *(source_classes()[key].zh for key in classes[:-1]), "合计"]
    sheet.set_column(0, 0, 20)
    sheet.set_column(1, 1, 18)
    sheet.set_column(2, last, 8)
    for column, head in enumerate(heads):
        say(sheet, 1, column, head, look["head"])
    sheet.set_row(1, 62)
    line = 2
    for row in table.itertuples(index=False):
        shape = "bold" if row[0] == "total" else "text"
        if row[0] in _PLACES:
            across(sheet, line, 1, _PLACES[row[0]], look[shape])
        else:
            for column in (0, 1):
                say(sheet, line, column, legible(str(row[column]))[:60], look[shape])
        _counts(sheet, line, row[2:], look["bold" if row[0] == "total" else "centre"])
        line += 1
    for words, chosen in (
        ("其中：热点网格内", inventory["hotspot"].astype(bool)), ("其中：本月预警网格内", inventory["warned"] != "")
    ):  # fmt: skip
        own = inventory.loc[chosen, "class_"].value_counts()
        across(sheet, line, 1, words, look["text"])
        _counts(sheet, line, [*(int(own.get(key, 0)) for key in classes[:-1]), int(chosen.sum())], look["centre"])
        line += 1
    line = _account(sheet, line + 1, last, account, look)
    sheet.freeze_panes(2, 2)
    sheet.repeat_rows(0, 1)
    paper(sheet)


def _counts(sheet: "Page", line: int, numbers: Iterable[int], look: "Look") -> None:
    for column, number in enumerate(numbers, start=2):
        sheet.write_number(line, column, int(number), look)


def _account(sheet: "Page", line: int, last: int, account: dict[str, Any], look: "Looks") -> int:
    """Every delivered row, per file and in all: the two sides of the sum stand beside each other."""
    text = (
        f"对账：登记册共{account['read']}行＝研究区内{account['inside_rows']}行（{account['inside']}家）"
        f"＋邻近区外{account['outside_rows']}行（{account['outside']}家）＋更远{account['far']}行（不列名）"
        f"＋无可用位置{account['no_place']}行＋其他隔离{account['quarantined']}行＋重复{account['duplicates']}行"
        f"＋不排放颗粒物的电站等{account['no_source']}行。"
        "每家企业只归入其坐标所在的一个网格；隔离行见 quarantine.jsonl。"
    )
    across(sheet, line, last, text, look["line"], 46)
    heads = ("登记册文件", "", "行数", "列入", "更远", "无位置", "其他隔离", "重复", "非涉气")
    line += 1
    for column, head in enumerate(heads):
        say(sheet, line, column, head, look["head"])
    across(sheet, line, 1, heads[0], look["head"])
    for counted in account["files"]:
        line += 1
        across(sheet, line, 1, legible(counted["file"])[:120], look["text"])
        faulty = counted["quarantined"] - counted["no_place"]
        names = ("read", "listed", "far", "no_place")
        numbers = [*(counted[name] for name in names), faulty, counted["duplicates"], counted["no_source"]]
        _counts(sheet, line, numbers, look["centre"])
        sheet.set_row(line, 18 * -(-printed_width(counted["file"][:120]) // 36))
    return line + 1


def words_sheet(sheet: "Page", look: "Looks") -> None:
    """The problem types, from which the lists of the other sheets choose (D24)."""
    across(sheet, 0, 2, "问题类型：登记发现的问题只用下列词语", look["title"], 30)
    across(sheet, 1, 2, "列表以外的选“其他”，并在“发现的问题与处理”中写明。依据列为需求条款编号。", look["line"], 20)
    heading(sheet, 2, ((label_of("problem_type"), 36), ("English", 40), ("依据", 10)), look["head"])
    for line, problem in enumerate(problem_types().values(), start=3):
        for column, name in enumerate(("zh", "en", "clause")):
            say(sheet, line, column, problem[name], look["text"])
    paper(sheet)


def problem_choice() -> dict[str, str]:
    """
    The data validation of a problem type: one of the words of ``words_sheet``.

    Examples
    --------
    >>> problem_choice()["source"]
    '=问题类型!$A$4:$A$18'
    """
    # A list typed into the rule may hold 255 characters only; this one stands on its own sheet.
    return {
        "validate": "list",
        "source": f"={WORDS}!$A$4:$A${3 + len(problem_types())}",
        "error_title": WORDS,
        "error_message": CHOOSE,
    }
