"""What every workbook of ours does alike: texts stay texts, the date is the data's, a sheet is a page wide."""

import datetime
import io
from typing import TYPE_CHECKING

from hotspot.publish.fonts import harmless
from hotspot.publish.words import known

if TYPE_CHECKING:
    import xlsxwriter

_LIMIT = 32_767  # characters in an xlsx cell


def dated_book(saved: str | io.BytesIO, created: str, title: str = "", **more: bool) -> "xlsxwriter.Workbook":
    """
    A new workbook that makes no formula and no link of a text; the same rows give the same bytes.

    Parameters
    ----------
    saved : path, or where its bytes go
    created : str, "YYYY-MM-DD"
        A date of the data, not of the writing.
    **more : further options of ``xlsxwriter.Workbook``
    """
    import xlsxwriter

    plain = {"in_memory": isinstance(saved, io.BytesIO), "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(saved, plain | more)
    named = {"title": title} if title else {}
    book.set_properties({**named, "created": datetime.datetime.fromisoformat(created)})
    return book


def say(
    sheet: "xlsxwriter.worksheet.Worksheet", row: int, column: int, text: str, look: "xlsxwriter.format.Format"
) -> None:
    """Write a text as a text: never a formula, never a link, never too long for the cell; nothing where unknown."""
    text = harmless(str(text)) if known(text) else ""
    sheet.write_string(row, column, text if len(text) <= _LIMIT else text[: _LIMIT - 1] + "…", look)


def paper(sheet: "xlsxwriter.worksheet.Worksheet", *, landscape: bool = True, footer: str = "&L&A&C&P / &N") -> None:
    """A4, one page wide."""
    sheet.set_paper(9)
    if landscape:
        sheet.set_landscape()
    sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.7)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer(footer)
