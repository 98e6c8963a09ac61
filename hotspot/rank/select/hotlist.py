"""
The hotspot list as a file: written, read back and checked, compared with last year's.

A list decides who can be warned for a year, and people edit it (review, formal
list: D7), so reading it trusts nothing: a cell outside the study, twice, of
another city or of another lattice is refused by name (RELIABILITY 92-94).
"""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hotspot.rules.pollutants import PM25, Pollutant, named_in
from hotspot.rules.rounding import plain_text
from hotspot.text.csv_rows import escape_text, first_line, read_csv, unescape_text, write_csv
from hotspot.text.table import columns
from hotspot.variables import DataError

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

# Column -> decimals of a number, or None for text.
COLUMNS = {name: column.decimals for name, column in columns("hotspots.csv").items()}
STATUSES = ("screened", "imported", "reviewed", "formal", "exited")
# A cell's centre in the list and in the study may differ by the printed digits, not by more.
_SAME_PLACE_DEG = 2e-6


def write_hotspots(path: str | Path, hot: "pd.DataFrame", of: Pollutant = PM25) -> Path:
    """
    Write a hotspot list as UTF-8 CSV, in the order city, cell.

    Texts that a spreadsheet would run as a formula get a leading apostrophe, which
    ``read_hotspots`` takes off again.

    Parameters
    ----------
    hot : DataFrame, from ``select_hotspots``
    of : Pollutant
        What the list is made of: the column ``pm25`` has its name in the file.

    Raises
    ------
    DataError
        A column of the list is missing.

    Examples
    --------
    >>> import tempfile, pandas as pd
    >>> row = dict.fromkeys(COLUMNS, 1.0) | {n: "" for n, d in COLUMNS.items() if d is None}
    >>> row |= {"city": "沧州市", "cell": "PR1847K", "status": "screened", "reason": "=1+1"}
    >>> path = write_hotspots(tempfile.mkdtemp() + "/hotspots-2020.csv", pd.DataFrame([row]))
    >>> path.read_text(encoding="utf-8").splitlines()[1]
    "1,沧州市,PR1847K,,,,1.000000,1.000000,1.0000,1.000,1.000,1,1.000,screened,1,'=1+1"
    """
    told = hot.sort_values(["city", "cell"], kind="stable").rename(columns=of.column)
    return write_rows(path, told, {of.column(name): decimals for name, decimals in COLUMNS.items()})


def write_rows(path: str | Path, table: "pd.DataFrame", columns: dict[str, int | None]) -> Path:
    """
    Write a table as UTF-8 CSV, each number at its decimals, texts that a spreadsheet would run made inert.

    Parameters
    ----------
    table : DataFrame, in the order to write
    columns : dict of column name to decimals of a number, or None for text

    Raises
    ------
    DataError
        A column is missing.

    Examples
    --------
    >>> import tempfile, pandas as pd
    >>> table = pd.DataFrame({"kind": ["quota"], "jaccard": [0.25]})
    >>> write_rows(tempfile.mkdtemp() + "/x.csv", table, {"kind": None, "jaccard": 3}).read_text()
    'kind,jaccard\\nquota,0.250\\n'
    """
    missing = [name for name in columns if name not in table.columns]
    if missing:
        raise DataError(f"{Path(path).name}: column {', '.join(missing)} is missing; give the frame as it was made.")
    rows = (
        [
            _escaped(value) if decimals is None else plain_text(float(value), decimals)
            for value, decimals in zip(row, columns.values(), strict=True)
        ]
        for row in table[list(columns)].itertuples(index=False)
    )
    return write_csv(path, list(columns), rows)


def read_hotspots(path: str | Path, cells: "xr.Dataset | None" = None) -> "pd.DataFrame":
    """
    Read a hotspot list and check it against the study's cells.

    Parameters
    ----------
    path : str or Path
    cells : Dataset (cell), optional
        From ``study.cells``; without it only the file itself is checked.

    Returns
    -------
    DataFrame with the columns of ``COLUMNS``, in the order city, cell; numbers are float64
    (``year`` and ``since`` int64), NaN where the file is empty

    Raises
    ------
    DataError
        The file is missing or no list; a number is none; a status is unknown; a cell stands
        twice, lies outside the study, belongs to another city, or its code names another place
        on this study's lattice. The message names file, row and column.

    Examples
    --------
    >>> read_hotspots("nowhere.csv")
    Traceback (most recent call last):
    hotspot.variables.DataError: nowhere.csv: there is no such hotspot list; run `hotspot select` for the year.
    """
    import pandas as pd

    path = Path(path)
    table: dict[str, list] = {name: [] for name in COLUMNS}
    for number, row in _rows(path, named_in(first_line(path))):
        for (name, decimals), text in zip(COLUMNS.items(), row, strict=True):
            table[name].append(unescape_text(text) if decimals is None else _number(path, number, name, text))
    _check_rows(path, table)
    if cells is not None:
        _check_cells(path, table, cells)
    types = {name: "str" if decimals is None else "float64" for name, decimals in COLUMNS.items()}
    hot = pd.DataFrame({name: pd.Series(table[name], dtype=types[name]) for name in COLUMNS})
    hot = hot.astype({"year": "int64", "since": "int64"})
    return hot.sort_values(["city", "cell"], kind="stable").reset_index(drop=True)


def in_force(hot: "pd.DataFrame") -> "pd.DataFrame":
    """
    The rows of a list that can be warned: everything but ``exited``.

    Examples
    --------
    >>> import pandas as pd
    >>> in_force(pd.DataFrame({"cell": ["a", "b"], "status": ["formal", "exited"]}))["cell"].tolist()
    ['a']
    """
    return hot[hot["status"] != "exited"].reset_index(drop=True)


def _rows(path: Path, of: Pollutant) -> list[tuple[int, list[str]]]:
    try:
        header = [of.column(name) for name in COLUMNS]
        return read_csv(path, header, "a hotspot list", "save it as UTF-8 CSV with its own columns")
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such hotspot list; run `hotspot select` for the year.") from None


def _number(path: Path, row: int, name: str, text: str) -> float:
    if text == "" and name not in ("year", "since"):
        return math.nan
    try:
        value = float(text)
    except ValueError:
        value = math.inf
    if math.isinf(value) or (name in ("year", "since") and value != int(value)):
        raise DataError(f"{path}, row {row}, column {name}: {text!r} is no number that fits here; mend it.")
    return value


def _check_rows(path: Path, table: dict[str, list[Any]]) -> None:
    first: dict[str, int] = {}
    for number, (cell, status, year) in enumerate(
        zip(table["cell"], table["status"], table["year"], strict=True), start=2
    ):
        if cell in first:
            raise DataError(f"{path}, row {number}, column cell: {cell} stands in row {first[cell]} too; keep one.")
        first[cell] = number
        if status not in STATUSES:
            raise DataError(f"{path}, row {number}, column status: {status!r} is none of {', '.join(STATUSES)}.")
        if year != table["year"][0]:
            raise DataError(f"{path}, row {number}, column year: {year:.0f}, but row 2 says {table['year'][0]:.0f}.")


def _check_cells(path: Path, table: dict[str, list[str | float]], cells: "xr.Dataset") -> None:
    place = {code: i for i, code in enumerate(cells["cell"].values.tolist())}
    cities, lon, lat = cells["city"].values, cells["lon"].values, cells["lat"].values
    for row, (cell, city) in enumerate(zip(table["cell"], table["city"], strict=True)):
        where = f"{path}, row {row + 2}, column"
        i = place.get(cell)
        if i is None:
            raise DataError(f"{where} cell: {cell!r} is no cell of this study; correct the code or drop the row.")
        away = max(abs(table["lon"][row] - lon[i]), abs(table["lat"][row] - lat[i]))
        if not away <= _SAME_PLACE_DEG:
            raise DataError(
                f"{where} lon: {cell} lies at {table['lon'][row]}, {table['lat'][row]} in the list but at "
                f"{lon[i]:.6f}, {lat[i]:.6f} on lattice {cells.attrs.get('lattice_id', '?')}; "
                "the list is of another lattice or the code was reused, select again."
            )
        if city != cities[i]:
            raise DataError(
                f"{where} city: {cell} belongs to {cities[i]} by its largest share, not to {city!r}; correct the row."
            )


def _escaped(value: str) -> str:
    text = "" if value is None or (isinstance(value, float) and np.isnan(value)) else str(value)
    return escape_text(text)
