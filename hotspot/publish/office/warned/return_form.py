"""
The return form (回执) of a city: what was found in each warned cell, in controlled words (D16, D20, D24).

Its first row is the header, so that ``hotspot feedback`` reads the filled form as it comes
back, and says our words whatever the jurisdiction; several problems in one cell take several rows.
"""

import datetime
import io
from typing import TYPE_CHECKING

from hotspot.publish.fonts import harmless, legible
from hotspot.publish.tables.dated import dated_book, heading
from hotspot.publish.words import CHOOSE, FORMS, known, month_zh
from hotspot.rules.classes import problem_types
from hotspot.rules.pollutants import Pollutant, of_study
from hotspot.sources.loop_tables import our_names
from hotspot.study import Study
from hotspot.text.labels import label_of
from hotspot.text.table import titles
from hotspot.variables import DataError

if TYPE_CHECKING:
    import pandas as pd
    import xlsxwriter

    from hotspot.publish.tables.dated import Looks, Page

# Head on paper -> name in the ledger, width; the first four are filled in by us.
_WIDTHS = (9, 13, 15, 20, 9, 16, 9, 10, 20, 34, 24, 12, 9, 12)
COLUMNS = {head: (name, width) for (name, head), width in zip(titles("return form").items(), _WIDTHS, strict=True)}
GIVEN = ("month", "cell", "county", "reasons")
OF_ALARMS = ("alarm", "sub_cell", "pushed")  # what the form of alarms fills in besides
ROWS = 3  # per cell; more are copied or inserted by whoever fills the form in
NONE = label_of("nothing_found")
HELP = (
    ("每行一个问题", "一个网格预留三行，不够时复制整行；没有发现问题的，问题类型选“未发现问题”，仍须填写其他各栏。"),
    ("排查时间", "写到分钟，如 2020-03-05 10:00（北京时间）；须在预警月份结束以后。"),
    ("必填", "排查时间、填报人、检查情况和问题。整行未填的不计。"),
    (label_of("problem_type"), "从下拉列表中选择；列表以外的选“其他”，并在“检查情况和问题”中写明。"),
    ("照片编号", "与问题清单（checklists.xlsx）、核查单上的照片编号一致。"),
    ("报送", "不改动表头和网格编号，保存为 xlsx 或 csv，随书面材料一并报送。"),
)


def return_form(study: Study, month: str, city: str, rows: "pd.DataFrame") -> bytes:
    """
    The empty form of one city as xlsx.

    Parameters
    ----------
    rows : DataFrame
        The city's rows of the warning list.

    Returns
    -------
    bytes, the same for the same list
    """
    saved, of = io.BytesIO(), of_study(study)
    with dated_book(saved, f"{month}-01", f"{month} return form") as book:
        look = _looks(book)
        _form(book.add_worksheet("回执"), look, month, city, rows, of)
        _help(book.add_worksheet("填写说明"), look, study)
    return saved.getvalue()


def _looks(book: "xlsxwriter.Workbook") -> "Looks":
    """Every look by name; those of the form twice, the first row of a cell under a thick line."""
    base = {"font_name": "宋体", "font_size": 10.5, "valign": "vcenter", "text_wrap": True}
    grey = {"bold": True, "border": 1, "align": "center", "bg_color": "#E4E4E4"}
    looks = {
        "head": book.add_format(base | grey),
        "word": book.add_format(base | {"valign": "top"}),
        "bold": book.add_format(base | {"bold": True, "valign": "top"}),
    }
    of_form = {
        "given": {"bg_color": "#F4F4F4"},
        "text": {"num_format": "@"},
        "number": {"num_format": "0", "align": "center"},
        "time": {"num_format": "yyyy-mm-dd hh:mm", "align": "center"},
        "day": {"num_format": "yyyy-mm-dd", "align": "center"},
    }
    for name, more in of_form.items():
        looks[name] = book.add_format(base | {"border": 1} | more)
        looks[f"{name}, first"] = book.add_format(base | {"border": 1, "top": 2} | more)
    return looks


def _form(sheet: "Page", look: "Looks", month: str, city: str, rows: "pd.DataFrame", of: Pollutant) -> None:
    heading(sheet, 0, ((head, width) for head, (_, width) in COLUMNS.items()), look["head"])
    sheet.set_row(0, 32)
    line = 1
    for cell, of_cell in rows.groupby("cell", sort=False):
        county = of_cell["county"].iloc[0]
        reasons = of.words("、".join(FORMS.get(reason, reason) for reason in of_cell["reason"]))
        given = (month, cell, harmless(legible(str(county))) if known(county) else "", reasons)
        for number in range(ROWS):
            first = "" if number else ", first"
            for column, (name, _) in enumerate(COLUMNS.values()):
                if name in GIVEN:
                    sheet.write_string(line, column, given[column], look[f"given{first}"])
                else:
                    kind = {"time": "time", "deadline": "day", "sources": "number"}.get(name, "text")
                    sheet.write_blank(line, column, None, look[kind + first])
            sheet.set_row(line, 28)
            line += 1
    last = max(line - 1, 1) + 200  # rows that are added are checked too
    at = {name: number for number, (name, _) in enumerate(COLUMNS.values())}
    choices = [kind["zh"] for kind in problem_types().values()]
    # A list typed into the rule may hold 255 characters only; this one stands on the second sheet.
    sheet.data_validation(
        1, at["problem"], last, at["problem"],
        {"validate": "list", "source": f"=填写说明!$D$2:$D${len(choices) + 2}", "error_title": label_of("problem_type"),
         "error_message": CHOOSE},
    )  # fmt: skip
    sheet.data_validation(1, at["done"], last, at["done"], {"validate": "list", "source": ["是", "否"]})
    sheet.data_validation(
        1, at["sources"], last, at["sources"],
        {"validate": "integer", "criteria": ">=", "value": 0, "error_message": "请填写整数。"},
    )  # fmt: skip
    over = datetime.datetime(int(month[:4]) + int(month[5:7]) // 12, int(month[5:7]) % 12 + 1, 1)
    for name, error in (("time", "请填写时间，且在预警月份结束以后。"), ("deadline", "请填写日期。")):
        sheet.data_validation(
            1, at[name], last, at[name],
            {"validate": "date", "criteria": ">=", "value": over, "error_message": error},
        )  # fmt: skip
    sheet.freeze_panes(1, 2)
    sheet.repeat_rows(0)
    sheet.set_paper(9)  # A4
    sheet.set_landscape()
    sheet.set_margins(left=0.4, right=0.4, top=0.9, bottom=0.8)
    sheet.fit_to_pages(1, 0)
    # In a page header & opens a code; the name of a place must not. It takes 255 characters at most.
    name = legible(city)[:40].replace("&", "&&")
    sheet.set_header(of.words(f"&C&16 {name}{month_zh(month)}热点网格预警排查整改回执"))
    sheet.set_footer("&L网格长：　　　　　　负责人（签字）：　　　　　　（单位盖章）&R&P / &N")


def _help(sheet: "Page", look: "Looks", study: Study) -> None:
    sheet.set_column(0, 0, 16)
    sheet.set_column(1, 1, 78)
    sheet.set_column(3, 3, 34)
    rule = study.criteria.handover
    lines = [
        *HELP,
        ("时限", f"收到名单后{rule.feedback_workdays}个工作日内报回执；整改自交办之日起{rule.rectify_days}日内完成。"),
    ]
    for line, (head, text) in enumerate(of_study(study).told(lines)):
        sheet.write_string(line, 0, head, look["bold"])
        sheet.write_string(line, 1, text, look["word"])
        sheet.set_row(line, 32)
    sheet.write_string(0, 3, label_of("problem_type"), look["bold"])
    for line, text in enumerate([*(kind["zh"] for kind in problem_types().values()), NONE], 1):
        sheet.write_string(line, 3, text, look["word"])
    sheet.set_paper(9)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)


def returned(frame: "pd.DataFrame", name: str, required: tuple[str, ...]) -> "pd.DataFrame":
    """
    The rows of a table of feedback under the names of the ledger.

    Parameters
    ----------
    frame : DataFrame of text, as read
        A filled return form of cells or of alarms, or a table that has the ledger's own column names.
    name : str
        For messages.
    required : tuple of str
        Columns that must be there.

    Returns
    -------
    DataFrame with the index of ``frame``; rows of a form in which nothing was filled in are
    left out, problem types stand as their keys

    Raises
    ------
    DataError
        A required column is missing.

    Examples
    --------
    >>> import pandas as pd
    >>> form = pd.DataFrame({"月份": ["2020-02"] * 2, "预警网格编号": ["A"] * 2, "排查时间": ["2020-03-05 10:00", ""],
    ...                      "填报人": ["王", ""], "问题类型": ["工地扬尘", ""], "检查情况和问题": ["苫盖", ""]})
    >>> returned(form, "form.xlsx", ("month", "cell")).to_dict("records")
    [{'month': '2020-02', 'cell': 'A', 'time': '2020-03-05 10:00', 'by': '王', 'problem': 'site_dust', 'text': '苫盖'}]
    """
    names = dict(zip(frame.columns, our_names(frame.columns), strict=True))
    names |= {head: key for head, (key, _) in COLUMNS.items() if head in frame.columns}
    names = {head: key for head, key in names.items() if head != key}
    lacking = [key for key in required if key not in frame.columns and key not in names.values()]
    if lacking:
        heads = {key: head for head, (key, _) in COLUMNS.items()}
        raise DataError(
            f"{name}: column {lacking[0]!r} is missing; the header has: {', '.join(frame.columns)}; what was found "
            f"comes back in the return form (return-form.xlsx), where it is {heads.get(lacking[0], lacking[0])}."
        )
    if not names:
        return frame
    frame = frame.rename(columns=names)
    asked = [key for key in frame.columns if key not in (*GIVEN, *OF_ALARMS)]
    frame = frame[(frame[asked].astype(str).apply(lambda column: column.str.strip()) != "").any(axis=1)]
    if "problem" in frame:
        keys = {kind["zh"]: key for key, kind in problem_types().items()} | {NONE: "none"}
        frame = frame.assign(problem=[keys.get(text.strip(), text) for text in frame["problem"].astype(str)])
    return frame
