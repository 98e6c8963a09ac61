"""
Their column names -> ours, Chinese and English, with the unit a header may carry.

A name that is not in the table is not guessed: the error names the nearest ones
(RELIABILITY C1: 10).
"""

import difflib
import re
import tomllib
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from functools import cache
from importlib import resources
from typing import Any

from hotspot.variables import DataError

# Words of the columns that a position in parts has, degrees, minutes and seconds, after its own name or below it.
DEGREE_PARTS = (
    ("度", "°", "deg", "degree", "degrees"),
    ("分", "′", "min", "minute", "minutes"),
    ("秒", "″", "sec", "second", "seconds"),
)
_UNIT = re.compile(r"[(\[（【]([^)\]）】]*)[)\]）】]\s*$")


def plain(name: str) -> str:
    """
    A header without what does not matter: width, case, blanks, separators.

    Examples
    --------
    >>> plain(" PM2.5 "), plain("PM2_5"), plain("ＰＭ２.５"), plain("经度")
    ('pm25', 'pm25', 'pm25', '经度')
    """
    return re.sub(r"[\s._\-/:]+", "", unicodedata.normalize("NFKC", str(name)).casefold())


def spellings(words: Mapping[str, str]) -> dict[str, str]:
    """
    Every spelling, plain, of a table of our names and the words each goes by.

    Examples
    --------
    >>> spellings({"lon": "lon 经度"})
    {'lon': 'lon', '经度': 'lon'}
    """
    return {plain(theirs): ours for ours, known in words.items() for theirs in known.split()}


@cache
def vocabulary(*part: str) -> dict[str, str]:
    """
    Our names in a part of ``text/headers.toml``, each with the words it goes by; the first is the name itself.

    Examples
    --------
    >>> vocabulary("quantity", "vehicle")
    {'passed': 'passed 过车数 检测数', 'exceeded': 'exceeded 超标数'}
    """
    words: Any = tomllib.loads((resources.files("hotspot.text") / "headers.toml").read_text(encoding="utf-8"))
    for name in part:
        words = words[name]
    return {name: f"{name} {others}" for name, others in words.items()}


_TABLE = vocabulary("delivered")
_OURS = spellings(_TABLE)


def header_unit(name: str) -> str:
    """
    The unit a header carries in brackets, or an empty text.

    Examples
    --------
    >>> header_unit("PM2.5(μg/m3)"), header_unit("PM2.5")
    ('μg/m3', '')
    """
    found = _UNIT.search(str(name))
    return found[1].strip() if found else ""


@cache
def is_known(name: str) -> bool:
    """
    Whether a header is one of ours, of a delivered table or of one of the loop, with or without a unit.

    Examples
    --------
    >>> is_known("细颗粒物(μg/m3)"), is_known("责任单位"), is_known("甲厂")
    (True, True, False)
    """
    every = {**spellings(vocabulary("loop")), **_OURS}
    return plain(name) in every or plain(_UNIT.sub("", name)) in every


def mapped(columns: Mapping[str, str], header: Collection[str], *, name: str = "") -> dict[str, str]:
    """
    What a study says of the columns of one file, theirs -> ours; what another file of the delivery has is left out.

    Raises
    ------
    DataError
        A column is said to mean what is no name of ours; a line written the other way round is told so.

    Examples
    --------
    >>> mapped({"浓度": "pm25", "点": "station"}, ["时间", "浓度"])
    {'浓度': 'pm25'}
    >>> mapped({"pm25": "浓度"}, ["时间", "浓度"], name="a.csv")
    Traceback (most recent call last):
    hotspot.variables.DataError: a.csv: columns: '浓度' is no name of ours; theirs stands first: "浓度" = "pm25".
    """
    for theirs, ours in columns.items():
        if ours not in (*_TABLE, "class"):
            told = (
                f'theirs stands first: "{ours}" = "{theirs}"'
                if theirs in _TABLE
                else f"give one of {', '.join(_TABLE)}"
            )
            raise DataError(f"{name}: columns: {ours!r} is no name of ours; {told}.")
    return {theirs: ours for theirs, ours in columns.items() if theirs in header}


def our_names(
    columns: list[str],
    *,
    extra: dict[str, str] | None = None,
    required: Iterable[str] = (),
    name: str = "",
    known: Iterable[str] | None = None,
) -> dict[str, str]:
    """
    Match a header with our names.

    Parameters
    ----------
    columns : sequence of str
        The file's header.
    extra : dict, optional
        Theirs -> ours, from the study; it goes before the table.
    required : sequence of str
        Our names that must be found.
    name : str
        File name, for messages.
    known : collection of str, optional
        Only these of our names are looked for.

    Returns
    -------
    dict: ours -> theirs

    Raises
    ------
    DataError
        A required column is missing (the nearest names are given), or two
        columns mean the same.

    Examples
    --------
    >>> our_names(["监测时间", "站点", "细颗粒物(μg/m3)"], required=("time", "pm25"))
    {'time': '监测时间', 'station': '站点', 'pm25': '细颗粒物(μg/m3)'}
    >>> our_names(["time", "PM2.55"], required=("pm25",), name="a.csv")
    Traceback (most recent call last):
    hotspot.variables.DataError: a.csv: no column is known as 'pm25'; ...
    """
    extra = extra or {}
    strange = [theirs for theirs in extra if theirs not in columns]
    if strange:
        raise DataError(f"{name}: the study maps column {strange[0]!r}, but the header has: {', '.join(columns)}.")
    found: dict[str, str] = {}
    declared = set(extra.values())
    for column in columns:
        ours = extra.get(column)
        if ours is None:
            ours = _OURS.get(plain(column)) or _OURS.get(plain(_UNIT.sub("", str(column))))
            if ours in declared:
                continue
        if ours is None or (known is not None and ours not in known):
            continue
        if ours in found:
            raise DataError(
                f"{name}: columns {found[ours]!r} and {column!r} both mean {ours}; "
                "say which under columns in the study."
            )
        found[ours] = column
    for ours in required:
        if ours not in found:
            near = _nearest(ours, columns)
            raise DataError(
                f"{name}: no column is known as {ours!r}; nearest in the header: {', '.join(near) or 'none'}; "
                f'rename it, or map it in the study (columns = {{ "THEIRS" = "{ours}" }}).'
            )
    return found


def _nearest(ours: str, columns: list[str]) -> list[str]:
    spelt = {plain(column): column for column in columns}
    hits: list[str] = []
    for word in [plain(ours), *(plain(w) for w in _TABLE.get(ours, "").split())]:
        for hit in difflib.get_close_matches(word, spelt, n=3, cutoff=0.5):
            if spelt[hit] not in hits:
                hits.append(spelt[hit])
    return hits[:3]
