"""
``form.xlsx`` of one city: the return form as an XLSForm, for Kobo, ODK and what else reads that standard.

The same questions as ``field.gpkg`` under the same names, so an export of the filled form is read by
``hotspot feedback`` as it comes.
"""

import io
from collections.abc import Mapping

import xlsxwriter

from hotspot.publish.gis.field_package import questions
from hotspot.publish.gis.look import Question
from hotspot.publish.tables.dated import dated_book
from hotspot.publish.words import month_zh
from hotspot.rules.classes import problem_types
from hotspot.rules.pollutants import PM25, Pollutant
from hotspot.text.table import columns

FILE = "form.xlsx"
_SURVEY = (
    "type",
    "name",
    "label::中文 (zh)",
    "label::English (en)",
    "required",
    "default",
    "calculation",
    "appearance",
)
_CHOICES = ("list_name", "name", "label::中文 (zh)", "label::English (en)")
_SETTINGS = ("form_title", "form_id", "version", "default_language")
_TYPES = {"time": "dateTime", "photo": "image", "whole": "integer", "text": "text"}


def xls_form(city: str, code: str, month: str, cells: Mapping[str, str], of: Pollutant = PM25) -> bytes:
    """
    The form of one city.

    Parameters
    ----------
    code : str
        Of the city; with the month the id of the form.
    cells : mapping
        Shown name of a warned cell -> its code, from ``gis.field_package.shown_cells``.
    of : Pollutant
        Whose words it speaks; its names are those of ``field.gpkg``.

    Returns
    -------
    bytes of an xlsx; the same input gives the same bytes
    """
    asked = questions(month, cells)
    saved = io.BytesIO()
    with dated_book(saved, f"{month}-01", of=of, strings_to_numbers=False) as book:
        _sheet(book, "survey", _SURVEY, [*(_row(one, month) for one in asked), _POSITION])
        _sheet(book, "choices", _CHOICES, [row for one in asked for row in _choices(one)])
        title = f"{city}{month_zh(month)}热点网格排查"
        made = (title, f"hotspot_{code}_{month.replace('-', '_')}", month.replace("-", "") + "01", "中文 (zh)")
        _sheet(book, "settings", _SETTINGS, [made])
    return saved.getvalue()


_POSITION = ("geopoint", "position", "位置", "position", "", "", "", "placement-map")


def _row(one: Question, month: str) -> tuple[str, ...]:
    en = columns("field.gpkg/findings")[one.name].en
    if one.name == "month":
        return ("calculate", one.name, "", "", "", "", f"'{month}'", "")
    if one.name == "form":
        return ("calculate", one.name, "", "", "", "", "once(uuid())", "")
    kind = f"select_one {one.name}" if one.kind == "choice" else _TYPES[one.kind]
    look = "minimal" if one.name in ("cell", "problem") else "multiline" if one.long else ""
    default = "now()" if one.kind == "time" else ""
    return (kind, one.name, one.title, en, "true" if one.required else "", default, "", look)


def _choices(one: Question) -> list[tuple[str, ...]]:
    english = {key: kind["en"] for key, kind in problem_types().items()} | {
        "none": "nothing found",
        "是": "yes",
        "否": "no",
    }
    return [(one.name, value, word, english.get(value, word)) for word, value in (one.choices or {}).items()]


def _sheet(book: xlsxwriter.Workbook, name: str, head: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    sheet = book.add_worksheet(name)
    for at, row in enumerate([head, *rows]):
        for column, text in enumerate(row):
            if text:
                sheet.write_string(at, column, text)
