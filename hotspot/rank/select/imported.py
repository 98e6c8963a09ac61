"""
A hotspot list somebody else made: official, or of an earlier year (D5, D7).

Its cells are taken as they stand, by code, by the officials' own label, or by a place with a declared
datum. A list that names a cell outside the study, one cell twice or a cell under another city is refused
whole, and where it came from stands in the ``reason`` of every row.
"""

import re
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from hotspot.grid import codes
from hotspot.grid.datum import to_wgs84
from hotspot.rank.select.hotlist import COLUMNS, refuse_rows
from hotspot.sources.aliases import our_names, plain
from hotspot.sources.intake import Intake
from hotspot.sources.tables import Table, read_table
from hotspot.study import Study
from hotspot.text.escape import one_name
from hotspot.variables import DataError

if TYPE_CHECKING:
    import xarray as xr

STATUS = "imported"
KNOWN = ("cell", "label", "lon", "lat", "city", "since", "year", "status")
_BARE = ("code", "id", "编号", "编码")  # what a list of cells alone may call its codes
_LEFT = ("exited", "已退出", "退出")
_ORIGIN = re.compile(r"imported list: (?P<file>.+?) \(SHA-256 (?P<sha256>[0-9a-f]{64})\), by (?P<by>[^;；]+)")


def import_list(
    path: Path | str,
    study: Study,
    year: int,
    intake: Intake,
    *,
    by: str,
    datum: str | None = None,
    annual: "xr.Dataset | None" = None,
) -> "pd.DataFrame":
    """
    Read a list that was made elsewhere and put it on the study's cells.

    Parameters
    ----------
    path : str or Path
        CSV or XLSX with one row per cell: a code or an official label (``cell``, ``label``, 网格编号, 官方编号 ...),
        or ``lon`` and ``lat``. ``city``, ``since`` and ``status`` are checked and used where they are there; rows
        that left the list are not taken. Other columns are ignored.
    study : Study
        Its cells, and their labels.
    year : int
        The year for which the list shall stand.
    intake : Intake, of the run, over the file's folder
    by : str
        Who imports it.
    datum : str, optional
        Map datum of ``lon`` and ``lat``; needed only where the list has no codes.
    annual : Dataset (cell), optional
        ``pm25 n_valid coverage`` to print beside the cells; they choose none.

    Returns
    -------
    DataFrame as ``select_hotspots``, ``status`` "imported"; attrs ``notes``: what was said twice or left out

    Raises
    ------
    DataError
        The file cannot be read, nobody is named, or any row is at fault; the message lists the rows.

    Examples
    --------
    >>> import tempfile
    >>> from hotspot.synthetic.study import synthetic_month
    >>> study = synthetic_month(size="small").study
    >>> path = Path(tempfile.mkdtemp()) / "official.csv"
    >>> _ = path.write_text(f"网格编号\\n{study.cells.cell.values[0]}\\nPQ1848E\\n", encoding="utf-8")
    >>> import_list(path, study, 2025, Intake(path.parent), by="王")
    Traceback (most recent call last):
    hotspot.variables.DataError: official.csv: row 3: cell PQ1848E is no cell of small. The list was not taken; ...
    """
    path, by = Path(path), _one_line(by)
    if not path.is_file():
        raise DataError(f"{path.name}: there is no such list; give a CSV or XLSX file.")
    table = read_table(path, intake)
    found = _columns(table)
    faults = [(q.row, q.rule) for q in intake.quarantine]
    place = _Places(study, found, datum, table.name)
    rows: dict[str, tuple] = {}
    n_left = n_again = 0
    texts = {name: [str(text).strip() for text in table.cells(column)] for name, column in found.items()}
    for k, line in enumerate(table.lines.tolist()):
        row = {name: column[k] for name, column in texts.items()}
        if row.get("status", "").casefold() in _LEFT:
            n_left += 1
            continue
        try:
            cell = place.cell_of(row)
        except DataError as error:
            faults.append((line, str(error)))
            continue
        if cell in rows and rows[cell][1] == row:
            n_again += 1
        elif cell in rows:
            faults.append((line, f"cell {cell} stands in row {rows[cell][0]} too"))
        else:
            rows[cell] = (line, row)
    refuse_rows(table.name, faults, "The list was not taken")
    if not rows:
        raise DataError(f"{table.name}: it names no cell; a list of nothing would warn nobody.")
    digest = table.record.sha256
    hot = _frame(study, int(year), {cell: row for cell, (_, row) in rows.items()}, annual)
    hot["reason"] = _reason(_printable(path.name), digest, by)
    hot.attrs["notes"] = [
        *([f"{n_left} rows that left the list were not taken"] if n_left else []),
        *([f"{n_again} rows stand twice, word for word"] if n_again else []),
        *(note for note in intake.notes),
    ]
    return hot


def origin(hot: "pd.DataFrame") -> dict[str, str]:
    """
    Where an imported list came from.

    Parameters
    ----------
    hot : DataFrame, a hotspot list

    Returns
    -------
    dict ``file, sha256, by, zh, en``; empty where the list was selected here

    Examples
    --------
    >>> import pandas as pd
    >>> origin(pd.DataFrame({"reason": [_reason("a.csv", "0" * 64, "王")]}))["zh"]
    '热点网格名单为导入名单：a.csv（SHA-256 0000000000000000…），导入人王'
    >>> origin(pd.DataFrame({"reason": ["selected"]}))
    {}
    """
    if "reason" not in hot:
        return {}
    for text in dict.fromkeys(hot["reason"].astype(str)):
        said = _ORIGIN.search(text)
        if said:
            file, sha256, by = said["file"], said["sha256"], said["by"]
            return {
                "file": file,
                "sha256": sha256,
                "by": by,
                "zh": f"热点网格名单为导入名单：{file}（SHA-256 {sha256[:16]}…），导入人{by}",
                "en": f"the year's list was imported: {file} (SHA-256 {sha256}), by {by}",
            }
    return {}


def _reason(file: str, sha256: str, by: str) -> str:
    return f"导入名单：{file}（SHA-256 {sha256}），导入人{by} / imported list: {file} (SHA-256 {sha256}), by {by}"


def _one_line(by: str) -> str:
    text = str(by).strip()
    if not text or len(text) > 60 or not text.isprintable() or set(text) & set(";；/"):
        raise DataError(f"an imported list needs the name of who imports it, in one line (--by); got {text[:40]!r}.")
    return text


def _printable(name: str) -> str:
    return "".join(mark if mark.isprintable() else "?" for mark in name)


def _columns(table: Table) -> dict[str, str]:
    ours = our_names(table.columns, name=table.name, known=KNOWN)
    if not {"cell", "label"} & set(ours):
        bare = [column for column in table.columns if plain(column) in _BARE]
        ours |= {"cell": bare[0]} if bare else {}
    if not {"cell", "label"} & set(ours) and not {"lon", "lat"} <= set(ours):
        raise DataError(
            f"{table.name}: neither cells nor places; it needs a column cell (网格编号), label (官方编号), "
            f"or lon and lat; the header has: {', '.join(table.columns)}."
        )
    return ours


class _Places:
    """Rows of a list -> cells of the study."""

    def __init__(self, study: Study, columns: dict[str, str], datum: str | None, name: str) -> None:
        self.study, self.datum = study, datum
        self.cells = study.cells
        self.city = dict(zip(self.cells["cell"].values.tolist(), self.cells["city"].values.astype(str), strict=True))
        labels: Any = self.cells["label"].values.astype(str) if "label" in self.cells.coords else []
        self.label = {_folded(label): cell for label, cell in zip(labels, self.city, strict=False) if label}
        self.by_place = not {"cell", "label"} & set(columns)
        if self.by_place and datum is None:
            raise DataError(
                f"{name}: it names places and no cells; say their map datum (--datum wgs84, gcj02 or bd09), "
                "since the wrong one puts a place into the next cell."
            )

    def cell_of(self, row: dict[str, str]) -> str:
        """The cell a row names; DataError says what is wrong with it."""
        cell = self._located(row) if self.by_place else self._named(row)
        city = one_name(row.get("city", ""))
        if city and city.removesuffix("市") != self.city[cell].removesuffix("市"):
            raise DataError(f"cell {cell} belongs to {self.city[cell]}, not to {city}")
        return cell

    def _named(self, row: dict[str, str]) -> str:
        text = row.get("cell", "") or row.get("label", "")
        if not text:
            raise DataError("it names no cell")
        for said in filter(None, (row.get("cell", ""), row.get("label", ""))):
            code = codes.normalise(said)
            if code in self.city:
                return code
            if _folded(said) in self.label:
                return self.label[_folded(said)]
        try:
            code = self.study.grid.code(*self.study.grid.parse(text))
        except DataError:
            hint = "" if self.label else '; official labels need the study\'s table, labels = "FILE"'
            raise DataError(f"{text!r} is neither a cell code nor a label of this study{hint}") from None
        raise DataError(f"cell {code} is no cell of {self.study.id}")

    def _located(self, row: dict[str, str]) -> str:
        try:
            lon, lat = float(row["lon"]), float(row["lat"])
        except ValueError:
            raise DataError(f"{row['lon']!r}, {row['lat']!r} is no place") from None
        col, line = self.study.grid.locate(*to_wgs84(lon, lat, str(self.datum)))
        code = str(self.study.grid.code(col, line))
        if code not in self.city:
            raise DataError(f"the place {lon:g}, {lat:g} lies in cell {code}, which is no cell of {self.study.id}")
        return code


def _folded(label: str) -> str:
    return unicodedata.normalize("NFKC", str(label)).strip().casefold()


def _frame(study: Study, year: int, rows: dict[str, dict[str, str]], annual: "xr.Dataset | None") -> "pd.DataFrame":
    from hotspot.rank.select.quota import city_areas

    cells = study.cells
    at = np.isin(cells["cell"].values.astype(str), list(rows))
    codes_ = cells["cell"].values.astype(str)[at]
    area, _ = city_areas(cells)

    def value(dataset: "xr.Dataset | None", name: str) -> float | np.ndarray:
        return np.nan if dataset is None else dataset[name].values.astype("float64")[at]

    hot = pd.DataFrame(
        {
            "year": year,
            "city": cells["city"].values.astype(str)[at],
            "cell": codes_,
            **{name: cells[name].values.astype(str)[at] for name in ("label", "county", "township")},
            "lon": cells["lon"].values[at],
            "lat": cells["lat"].values[at],
            "area_km2": area[at] / 1e6,
            "pm25": value(annual, "pm25"),
            "level": np.nan,
            "n_valid": value(annual, "n_valid"),
            "coverage": value(annual, "coverage"),
            "status": STATUS,
            "since": [_since(rows[cell].get("since", ""), year) for cell in codes_],
            "reason": "",
        }
    )
    return hot.sort_values(["city", "cell"], kind="stable").reset_index(drop=True)[list(COLUMNS)]


def _since(text: str, year: int) -> int:
    found = re.fullmatch(r"(\d{4})(?:\.0)?", text)
    return min(int(found[1]), year) if found else year
