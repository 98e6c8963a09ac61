"""
The hotspot list as a file: written, read back and checked, compared with last year's.

A list decides who can be warned for a year, and people edit it (review, formal
list: D7), so reading it trusts nothing: a cell outside the study, twice, of
another city or of another lattice is refused by name (RELIABILITY 92-94).
"""

from pathlib import Path
from typing import TYPE_CHECKING

from hotspot.contracts.list_file import read_list, write_list
from hotspot.rules.pollutants import PM25, Pollutant
from hotspot.text.escape import one_name
from hotspot.text.table import kinds
from hotspot.variables import DataError

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

COLUMNS = kinds("hotspots.csv")
STATUSES = ("screened", "imported", "reviewed", "formal", "exited")
# A cell's centre in the list and in the study may differ by the printed digits, not by more.
_SAME_PLACE_DEG = 2e-6
SHOWN = 10  # faults and cells named in one message


def write_hotspots(path: str | Path, hot: "pd.DataFrame", of: Pollutant = PM25) -> Path:
    """
    Write a hotspot list as ``write_list`` does, in the order city, cell.

    Parameters
    ----------
    of : Pollutant
        What the list is made of: the column ``pm25`` has its name in the file.

    Raises
    ------
    DataError
        A column of the list is missing.

    Examples
    --------
    >>> import tempfile, pandas as pd
    >>> row = dict.fromkeys(COLUMNS, 1.0) | {n: "" for n, d in COLUMNS.items() if d == "text"}
    >>> row |= {"city": "沧州市", "cell": "PR1847K", "status": "screened", "reason": "=1+1"}
    >>> path = write_hotspots(tempfile.mkdtemp() + "/hotspots-2020.csv", pd.DataFrame([row]))
    >>> path.read_text(encoding="utf-8").splitlines()[1]
    "1,沧州市,PR1847K,,,,1.000000,1.000000,1.0000,1.000,1.000,1,1.000,screened,1,'=1+1"
    """
    return write_list(path, hot.sort_values(["city", "cell"], kind="stable"), COLUMNS, of=of)


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
    path = Path(path)
    try:
        hot = read_list(path, COLUMNS, "a hotspot list", "save it as UTF-8 CSV with its own columns")
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such hotspot list; run `hotspot select` for the year.") from None
    hot["city"] = hot["city"].map(one_name)
    _check_rows(path, hot)
    if cells is not None:
        _check_cells(path, hot, cells)
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


def _check_rows(path: Path, table: "pd.DataFrame") -> None:
    first: dict[str, int] = {}
    for name in ("year", "since"):
        for number, value in enumerate(table[name], start=2):
            if not value % 1 == 0:
                raise DataError(f"{path}, row {number}, column {name}: '{value:g}' is no year; mend it.")
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


def _check_cells(path: Path, table: "pd.DataFrame", cells: "xr.Dataset") -> None:
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


def refuse_rows(name: str, faults: list[tuple[int, str]], what: str) -> None:
    """A DataError with the first rows of a delivered table that cannot be taken, where there are any."""
    if faults:
        shown = "; ".join(f"row {line}: {why}" for line, why in sorted(faults)[:SHOWN])
        more = f"; and {len(faults) - SHOWN} more" if len(faults) > SHOWN else ""
        raise DataError(f"{name}: {shown}{more}. {what}; mend the rows.")
