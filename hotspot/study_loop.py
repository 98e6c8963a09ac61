"""The people of a study and its loop after a warning: the office, the register's files, the calendar's files."""

import re
from typing import Literal

from pydantic import Field, field_validator

from hotspot.study_registers import Part


class AnswerForm(Part):
    """``[[office.forms]]``: what a form of DingTalk, WeCom or Kobo exports. ``columns``: ours -> theirs (15.4)."""

    name: str
    columns: dict[str, str]  # ours are the ledger's: alarm cell month time by problem text lon lat form photo ...
    # Their column -> the words a row must have there, else it is no answer.
    only: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    problems: dict[str, str] = Field(default_factory=dict)  # their word -> a key of the problem types
    datum: Literal["wgs84", "cgcs2000", "gcj02", "bd09"] = "wgs84"  # of the positions; DingTalk and WeCom say GCJ-02


class Office(Part):
    """Who sends the notices. D20, GB/T 9704: what is empty stays a blank field on paper."""

    name: str = ""
    name_en: str = ""
    number: str = ""  # as it is printed; {year} and {month} are filled in. Empty: a number field to fill by hand
    signer: str = ""  # printed above the date; default the name
    contact: str = ""
    copy_to: tuple[str, ...] = ()
    template: str | None = None  # the office's own notice.docx, below the data root
    letter_template: str | None = None  # and its letter.docx
    body_font: str | None = None  # the office's own FangSong for its PDFs, below the data root
    title_font: str | None = None  # and its XiaoBiaoSong
    form_url: str = ""  # behind every QR of an answer: the office's own form; {alarm}, {cell}, {month} are filled in
    forms: tuple[AnswerForm, ...] = ()

    @field_validator("number")
    @classmethod
    def _fills(cls, value: str) -> str:
        try:
            value.format(year=2020, month=2)
        except (KeyError, IndexError, ValueError, AttributeError):
            raise ValueError("only {year} and {month} are filled in; write other braces twice") from None
        return value

    @field_validator("form_url")
    @classmethod
    def _leads(cls, value: str) -> str:
        if value and not re.fullmatch(r"https?://[^\s{}]+(?:\{(?:alarm|cell|month)\}[^\s{}]*)*", value):
            raise ValueError(
                "give an address like https://office/form?alarm={alarm}; filled in are {alarm}, {cell}, {month}"
            )
        return value


class UnitShapes(Part):
    """Outlines of parks, new towns or villages: ``column`` holds the ``unit`` of ``units.csv`` (or its name)."""

    files: tuple[str, ...]
    column: str
    datum: Literal["wgs84", "cgcs2000", "gcj02", "bd09"] | None = None


class NetworkFiles(Part):
    """``[network]``: who looks after the cells; tables below the data root, CSV or XLSX. A6, B1, B3, B25."""

    units: str | None = None
    people: str | None = None
    members: str | None = None  # the offices that belong to the command centre. A6
    shapes: tuple[UnitShapes, ...] = ()


class LoopFiles(Part):
    """``[loop]``: what the products of the calendar are made of beside the ledger; tables below the data root."""

    days: str | None = None  # unit, point, day and the six pollutants: valid day means, O3 the largest 8 h mean
    index: str | None = None  # month, unit, index: the composite index as published. B18, B22
    alerts: str | None = None  # from, until, level, order: heavy-pollution responses. E6
    targets: str | None = None  # unit, pollutant, year, target and the months. B8
    forecast: str | None = None  # day, unit, low, high, primary, text, source. B7: only if delivered
    emergency: str | None = None  # facility, level, measure: the emergency-reduction list. A6
