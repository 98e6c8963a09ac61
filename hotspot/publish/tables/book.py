"""A plain workbook of the loop: a sheet per table, its notes under it, the same bytes for the same rows."""

import datetime
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from hotspot.publish.fonts import harmless, legible


@dataclass(frozen=True)
class Sheet:
    """
    One sheet. ``columns``: name in ``rows`` -> (head on paper, width); ``notes`` stand under the table.
    """

    title: str
    columns: Mapping[str, tuple[str, float]]
    rows: pd.DataFrame
    notes: Sequence[str] = ()


def write_book(path: str | Path, sheets: Mapping[str, Sheet], *, created: str) -> Path:
    """
    Write sheets as xlsx.

    Parameters
    ----------
    path : str or Path
    sheets : mapping name -> Sheet; names of at most 31 letters
    created : str, "YYYY-MM-DD"
        A date of the data, not of the writing.

    Returns
    -------
    Path

    Examples
    --------
    >>> import tempfile
    >>> rows = pd.DataFrame({"unit": ["甲县"], "points": [89]})
    >>> sheet = Sheet("考核", {"unit": ("单位", 12), "points": ("得分", 8)}, rows)
    >>> write_book(Path(tempfile.mkdtemp()) / "a.xlsx", {"考核": sheet}, created="2025-12-01").name
    'a.xlsx'
    """
    import xlsxwriter

    saved = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(saved, options) as book:
        book.set_properties({"created": datetime.datetime.fromisoformat(created)})
        base = {"font_name": "宋体", "font_size": 10.5, "valign": "vcenter", "text_wrap": True}
        head = book.add_format(base | {"bold": True, "border": 1, "align": "center", "bg_color": "#E4E4E4"})
        title = book.add_format({"font_name": "宋体", "font_size": 14, "bold": True, "align": "center"})
        cell, note = book.add_format(base | {"border": 1}), book.add_format(base)
        for name, sheet in sheets.items():
            page = book.add_worksheet(name)
            _fill(page, sheet, head=head, title=title, cell=cell, note=note)
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_bytes(saved.getvalue())
    return partial.replace(path)


def _fill(page, sheet, *, head, title, cell, note):
    last = len(sheet.columns) - 1
    if last:
        page.merge_range(0, 0, 0, last, harmless(legible(sheet.title)), title)
    else:
        page.write_string(0, 0, harmless(legible(sheet.title)), title)
    for at, (words, width) in enumerate(sheet.columns.values()):
        page.set_column(at, at, width)
        page.write_string(1, at, words, head)
    for line, row in enumerate(sheet.rows.to_dict("records"), 2):
        for at, name in enumerate(sheet.columns):
            value = row[name]
            if isinstance(value, bool):
                page.write_string(line, at, "是" if value else "否", cell)
            elif isinstance(value, int | float) and value == value:
                page.write_number(line, at, value, cell)
            elif value is None or value != value:
                page.write_blank(line, at, None, cell)
            else:
                page.write_string(line, at, harmless(legible(str(value)))[:32_000], cell)
    for line, text in enumerate(sheet.notes, len(sheet.rows) + 3):
        page.write_string(line, 0, harmless(legible(text)), note)
        if last:
            page.merge_range(line, 0, line, last, harmless(legible(text)), note)
    page.freeze_panes(2, 0)
    page.repeat_rows(1)
    page.set_paper(9)
    page.set_landscape()
    page.fit_to_pages(1, 0)
    page.set_footer("&R&P / &N")
