"""The published lists as plain CSV: what the city gets, and its way back into the program."""

from pathlib import Path

import numpy as np
import pandas as pd

from hotspot.contracts.list_file import ordered, read_list, rounded, write_list
from hotspot.rules.pollutants import PM25, Pollutant
from hotspot.text.labels import label_of
from hotspot.text.table import kinds

WARNING_COLUMNS = kinds("warnings.csv")
# Beside the list, in words and internal sheets: never a column of warnings.csv.
BESIDE_COLUMNS = {name: kinds(label_of("internal_sheet"))[name] for name in ("p_again", "may")}
NOT_RANKED_COLUMNS = kinds("not_ranked.csv")
_AS_WRITTEN = ("a list as we write it", "give the published file unchanged")


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
    table = ordered(warned, [*WARNING_COLUMNS, *beside], "warning list")
    now, before = rounded(table["pm25"], decimals), rounded(table["previous"], decimals)
    change = rounded(now - before, decimals)
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = np.where(before > 0, change / before * 100, np.nan)
    table["pm25"], table["previous"], table["change"], table["change_pct"] = now, before, change, rounded(rate, 1)
    for name, kind in (WARNING_COLUMNS | {name: BESIDE_COLUMNS[name] for name in beside}).items():
        if isinstance(kind, int) and name != "change_pct":
            table[name] = rounded(table[name], kind)
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
    return write_list(path, published(warned, decimals), WARNING_COLUMNS, decimals, of)


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
    return read_list(path, WARNING_COLUMNS, *_AS_WRITTEN)


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
    return write_list(path, not_ranked, NOT_RANKED_COLUMNS)


def read_not_ranked(path: Path) -> pd.DataFrame:
    """Read a ``not_ranked.csv`` back: DataFrame of text columns (errors as ``read_warnings``)."""
    return read_list(path, NOT_RANKED_COLUMNS, *_AS_WRITTEN)
