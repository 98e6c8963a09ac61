"""
The published lists as plain CSV: what the city gets, and its way back into the program.

This is the place where numbers are rounded (GB/T 8170, half to even), and the
only one. UTF-8, LF, RFC 4180 quoting, empty where unknown. A text that a
spreadsheet would take for a formula gets a leading apostrophe (OWASP ASVS
1.2.10, CWE-1236); the readers take it off again, so nothing is lost.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from hotspot.kernels.arrays import Floats
from hotspot.rules.pollutants import PM25, Pollutant, named_in
from hotspot.rules.rounding import round_half_even
from hotspot.text.csv_rows import escape_text, first_line, read_csv, unescape_text, write_csv
from hotspot.text.labels import label_of
from hotspot.text.table import kinds
from hotspot.variables import DataError

# Column -> kind. "pm" is rounded to the product's decimals, a number to that many decimals.
WARNING_COLUMNS = kinds("warnings.csv")
# Beside the list, in words and internal sheets: never a column of warnings.csv.
BESIDE_COLUMNS = {name: kinds(label_of("internal_sheet"))[name] for name in ("p_again", "may")}
NOT_RANKED_COLUMNS = kinds("not_ranked.csv")


def published(warned: pd.DataFrame, decimals: int) -> pd.DataFrame:
    """
    The warning list as it is printed: every number at its published precision.

    A change is the difference of the two *printed* concentrations and its rate
    is taken from them too, so that a reader with a pocket calculator gets our
    figures (STANDARDS 4.5: nine of nine official pairs behave so). The base is
    the stored full value rounded here, never a figure from last year's print.

    Parameters
    ----------
    warned : DataFrame, from ``rank_warnings``, unrounded
    decimals : int
        Of PM2.5, ug/m3; ``study.criteria.warning.decimals``.

    Returns
    -------
    DataFrame: the columns of ``warnings.csv`` in their order, and ``p_again, may`` where they are given; index 0..n-1

    Raises
    ------
    DataError
        A column of the list is missing.

    Examples
    --------
    >>> row = dict.fromkeys(WARNING_COLUMNS, "") | {"pm25": 28.149, "previous": 28.051, "change": 0.098}
    >>> published(pd.DataFrame([row]), 1)[["pm25", "previous", "change", "change_pct"]].values.tolist()
    [[28.1, 28.1, 0.0, 0.0]]
    """
    beside = [name for name in BESIDE_COLUMNS if name in warned.columns]
    table = _ordered(warned, [*WARNING_COLUMNS, *beside], "warning list")
    now, before = _rounded(table["pm25"], decimals), _rounded(table["previous"], decimals)
    change = _rounded(now - before, decimals)
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = np.where(before > 0, change / before * 100, np.nan)
    table["pm25"], table["previous"], table["change"], table["change_pct"] = now, before, change, _rounded(rate, 1)
    for name, kind in (WARNING_COLUMNS | {name: BESIDE_COLUMNS[name] for name in beside}).items():
        if isinstance(kind, int) and name != "change_pct":
            table[name] = _rounded(table[name], kind)
    return table


def write_warnings(path: Path | str, warned: pd.DataFrame, decimals: int, *, of: Pollutant = PM25) -> Path:
    """
    Write ``warnings.csv``, one row per cell and reason.

    Parameters
    ----------
    warned : DataFrame, from ``rank_warnings``, unrounded
    decimals : int
        Of PM2.5; ``study.criteria.warning.decimals``.
    of : Pollutant
        What the list is made of: the column ``pm25`` has its name in the file.

    Raises
    ------
    DataError
        A column of the list is missing.

    Examples
    --------
    >>> import tempfile
    >>> row = dict.fromkeys(WARNING_COLUMNS, "") | {"cell": "PR1847K", "county": "=1+1", "change": -3.2}
    >>> row |= {"pm25": 60.0, "previous": 63.2, "rank": 1, "distinguishable": False}
    >>> path = write_warnings(tempfile.mkdtemp() + "/warnings.csv", pd.DataFrame([row]), 1)
    >>> path.read_text(encoding="utf-8").splitlines()[1]
    ",,,1,PR1847K,,'=1+1,,,,60.0,63.2,-3.2,-5.1,,,,,,,false"
    >>> read_warnings(path)["county"][0]
    '=1+1'
    """
    return _write(path, published(warned, decimals), WARNING_COLUMNS, decimals, of)


def read_warnings(path: Path) -> pd.DataFrame:
    """
    Read a ``warnings.csv`` back; writing the result again gives the same bytes.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    DataFrame with the columns of ``WARNING_COLUMNS``; numbers float64 with NaN where the file is
    empty, ``distinguishable`` True, False or None. Of whatever pollutant the list is, its value stands in ``pm25``.

    Raises
    ------
    DataError
        The header differs, or a value is of the wrong kind; names file, row and column.
    """
    return _read(path, WARNING_COLUMNS)


def write_not_ranked(path: Path | str, not_ranked: pd.DataFrame) -> Path:
    """
    Write ``not_ranked.csv``: every hotspot cell left out of a class, and why.

    Parameters
    ----------
    not_ranked : DataFrame with month, city, cell, reason, why

    Examples
    --------
    >>> import tempfile
    >>> rows = pd.DataFrame([["2020-03", "武汉市", "PR1847K", "year_on_year", "no layer for 2019-03"]],
    ...                     columns=list(NOT_RANKED_COLUMNS))
    >>> read_not_ranked(write_not_ranked(tempfile.mkdtemp() + "/n.csv", rows)).equals(rows)
    True
    """
    return _write(path, _ordered(not_ranked, NOT_RANKED_COLUMNS, "list of cells not ranked"), NOT_RANKED_COLUMNS, 0)


def read_not_ranked(path: Path) -> pd.DataFrame:
    """Read a ``not_ranked.csv`` back: DataFrame of text columns (errors as ``read_warnings``)."""
    return _read(path, NOT_RANKED_COLUMNS)


def _ordered(table: pd.DataFrame, columns: Mapping[str, Any] | Sequence[str], what: str) -> pd.DataFrame:
    """The columns in their order, a fresh frame."""
    missing = [name for name in columns if name not in table.columns]
    if missing:
        raise DataError(f"{what}: column {', '.join(missing)} is missing; give the frame as it was made.")
    return table[list(columns)].reset_index(drop=True).copy()


def _rounded(values: Floats, decimals: int) -> Floats:
    numbers = pd.to_numeric(pd.Series(values), errors="coerce").to_numpy("float64")
    # Adding 0.0 turns -0.0 into 0.0: a change of nothing carries no sign.
    return round_half_even(numbers, decimals) + 0.0


def _write(
    path: Path | str, table: pd.DataFrame, columns: Mapping[str, Any], decimals: int, of: Pollutant = PM25
) -> Path:
    written = [_column(table[name], kind, decimals) for name, kind in columns.items()]
    return write_csv(path, [of.column(name) for name in columns], zip(*written, strict=True))


def _column(values: pd.Series, kind: str | int, decimals: int) -> list[str]:
    """One column as texts; empty where unknown."""
    if kind == "text":
        return ["" if _unknown(v) else escape_text(str(v)) for v in values]
    if kind == "flag":
        return ["" if _unknown(v) or v == "" else ("true" if v else "false") for v in values]
    places = int({"pm": decimals, "whole": 0}.get(str(kind), kind))
    return ["" if math.isnan(v) else f"{v:.{places}f}" for v in _rounded(values, places).tolist()]


def _unknown(value: str | bool) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value))


def _read(path: Path, columns: Mapping[str, Any]) -> pd.DataFrame:
    of = named_in(first_line(path))
    header = [of.column(name) for name in columns]
    rows = read_csv(path, header, "a list as we write it", "give the published file unchanged")
    table = {
        name: [_value(path, number, name, kind, row[i]) for number, row in rows]
        for i, (name, kind) in enumerate(columns.items())
    }
    types = {
        name: "str" if kind == "text" else "object" if kind == "flag" else "float64" for name, kind in columns.items()
    }
    return pd.DataFrame({name: pd.Series(table[name], dtype=types[name]) for name in columns})


def _value(path: Path, row: int, name: str, kind: str | int, text: str) -> Any:
    if kind == "text":
        return unescape_text(text)
    if kind == "flag":
        flags = {"true": True, "false": False, "": None}
        if text not in flags:
            raise DataError(f"{path}, row {row}, column {name}: {text!r} is neither true nor false; mend it.")
        return flags[text]
    try:
        return float(text) if text else math.nan
    except ValueError:
        raise DataError(f"{path}, row {row}, column {name}: {text!r} is no number; mend it.") from None
