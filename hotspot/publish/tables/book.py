"""A plain workbook of the loop: a sheet per table, its notes under it, the same bytes for the same rows."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from hotspot.publish.fonts import harmless, legible
from hotspot.publish.tables.dated import across, dated_book, heading
from hotspot.rules.pollutants import PM25, Pollutant
from hotspot.text.table import rows_of
from hotspot.text.whole import write_whole

if TYPE_CHECKING:
    from hotspot.publish.tables.dated import Look, Page


@dataclass(frozen=True)
class Sheet:
    """
    One sheet. ``columns``: name in ``rows`` -> (head on paper, width); ``notes`` stand under the table.
    """

    title: str
    columns: Mapping[str, tuple[str, float]]
    rows: pd.DataFrame
    notes: Sequence[str] = ()


def write_book(
    path: Path | str, sheets: Mapping[str, Sheet], *, created: str, title_row: bool = True, of: Pollutant = PM25
) -> Path:
    """
    Write sheets as xlsx.

    Parameters
    ----------
    sheets : mapping name -> Sheet; names of at most 31 letters
    created : str, "YYYY-MM-DD"
        A date of the data, not of the writing.
    title_row : bool
        False begins with the heads, so that the filled sheet can be read back as a table.
    of : Pollutant
        Whose words it speaks; not where it is read back.

    Examples
    --------
    >>> import tempfile
    >>> rows = pd.DataFrame({"unit": ["甲县"], "points": [89]})
    >>> sheet = Sheet("考核", {"unit": ("单位", 12), "points": ("得分", 8)}, rows)
    >>> write_book(Path(tempfile.mkdtemp()) / "a.xlsx", {"考核": sheet}, created="2025-12-01").name
    'a.xlsx'
    """
    saved = io.BytesIO()
    with dated_book(saved, created, of=of) as book:
        base = {"font_name": "宋体", "font_size": 10.5, "valign": "vcenter", "text_wrap": True}
        head = book.add_format(base | {"bold": True, "border": 1, "align": "center", "bg_color": "#E4E4E4"})
        title = book.add_format({"font_name": "宋体", "font_size": 14, "bold": True, "align": "center"})
        cell, note = book.add_format(base | {"border": 1}), book.add_format(base)
        for name, sheet in sheets.items():
            page = book.add_worksheet(name)
            _fill(page, sheet, title_row, head=head, title=title, cell=cell, note=note)
    return write_whole(path, saved.getvalue())


def _fill(
    page: "Page", sheet: Sheet, title_row: bool, *, head: "Look", title: "Look", cell: "Look", note: "Look"
) -> None:
    last, top = len(sheet.columns) - 1, int(title_row)
    if title_row:
        across(page, 0, last, legible(sheet.title), title)
    else:
        page.set_header(f"&C&14 {legible(sheet.title)[:200].replace('&', '&&')}")
    heading(page, top, sheet.columns.values(), head)
    for line, row in enumerate(rows_of(sheet.rows), top + 1):
        for at, name in enumerate(sheet.columns):
            _value(page, line, at, row[name], cell)
    if title_row:
        for line, text in enumerate(sheet.notes, len(sheet.rows) + 3):
            across(page, line, last, legible(text), note)
    elif sheet.notes:
        # Beside the table, where they are read as a column of their own and never as rows.
        page.set_column(last + 2, last + 2, 40)
        for line, text in enumerate(sheet.notes):
            page.insert_textbox(line * 4, last + 2, legible(text), {"width": 300, "height": 70})
    page.freeze_panes(top + 1, 0)
    page.repeat_rows(top)
    page.set_paper(9)
    page.set_landscape()
    page.fit_to_pages(1, 0)
    page.set_footer("&R&P / &N")


def _value(page: "Page", line: int, at: int, value: str | int, look: "Look") -> None:
    if isinstance(value, bool):
        page.write_string(line, at, "是" if value else "否", look)
    elif value is None or value != value or value == "":
        page.write_blank(line, at, None, look)
    elif isinstance(value, int | float):
        page.write_number(line, at, value, look)
    else:
        page.write_string(line, at, harmless(legible(str(value)))[:32_000], look)
