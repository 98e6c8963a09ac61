"""What every workbook of ours does alike: texts stay texts, heads and banners, the data's date, a sheet a page wide."""

import datetime
import io
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from hotspot.publish.fonts import harmless
from hotspot.publish.words import known
from hotspot.rules.pollutants import PM25, Pollutant

if TYPE_CHECKING:
    import xlsxwriter
    from xlsxwriter.format import Format as Look
    from xlsxwriter.worksheet import Worksheet as Page

    Looks = dict[Any, Look]  # of a book, by name; of a number by the kind of its column

_LIMIT = 32_767  # characters in an xlsx cell


def dated_book(
    saved: str | io.BytesIO, created: str, title: str = "", *, of: Pollutant = PM25, **more: bool
) -> "xlsxwriter.Workbook":
    """
    A new workbook that makes no formula and no link of a text; the same rows give the same bytes.

    Parameters
    ----------
    saved : path, or where its bytes go
    created : str, "YYYY-MM-DD"
        A date of the data, not of the writing.
    of : Pollutant
        Whose words its sheets speak.
    **more : further options of ``xlsxwriter.Workbook``
    """
    import xlsxwriter

    plain = {"in_memory": isinstance(saved, io.BytesIO), "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(saved, plain | more)
    if of.own_words:
        book.worksheet_class = _page_speaking(of)
    named = {"title": of.words(title)} if title else {}
    book.set_properties({**named, "created": datetime.datetime.fromisoformat(created)})
    return book


def _page_speaking(of: Pollutant) -> "type[Page]":
    """A sheet that says what is written in it in the words of a jurisdiction."""
    from xlsxwriter.worksheet import Worksheet

    def write_string(sheet: "Page", row: int, column: int, text: str, look: "Look | None" = None) -> Any:
        return Worksheet.write_string(sheet, row, column, of.words(text), look)

    return type("Speaking", (Worksheet,), {"write_string": write_string})


def say(sheet: "Page", row: int, column: int, text: str, look: "Look") -> None:
    """Write a text as a text: never a formula, never a link, never too long for the cell; nothing where unknown."""
    text = harmless(str(text)) if known(text) else ""
    sheet.write_string(row, column, text if len(text) <= _LIMIT else text[: _LIMIT - 1] + "…", look)


def across(sheet: "Page", row: int, last: int, text: str, look: "Look", height: int = 0) -> None:
    """One text over the columns of a row from the first to ``last``."""
    if last:
        sheet.merge_range(row, 0, row, last, "", look)
    say(sheet, row, 0, text, look)
    if height:
        sheet.set_row(row, height)


def heading(sheet: "Page", row: int, columns: Iterable[tuple[str, float]], look: "Look") -> None:
    """The heads of a table in a row, and how wide each column is."""
    for column, (head, width) in enumerate(columns):
        sheet.set_column(column, column, width)
        say(sheet, row, column, head, look)


def paper(sheet: "Page", *, landscape: bool = True, footer: str = "&L&A&C&P / &N") -> None:
    """A4, one page wide."""
    sheet.set_paper(9)
    if landscape:
        sheet.set_landscape()
    sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.7)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer(footer)
