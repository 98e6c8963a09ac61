"""
The life of a list: screened, reviewed, formal (D7).

A person decides on every cell before a list is formal, and each decision stands in
the list with its reviewer, reason and date. A review that contradicts itself or
names a cell that is not there is refused whole: a list is never half reviewed.
"""

import csv
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from hotspot.contracts.records import Standing
from hotspot.grid.labels import code_of
from hotspot.rank.select.hotlist import COLUMNS, SHOWN, in_force, refuse_rows
from hotspot.rank.select.hotspots import list_rows
from hotspot.sources.intake import Intake
from hotspot.sources.tables import read_table
from hotspot.study import Study
from hotspot.text.door import shown
from hotspot.variables import DataError

if TYPE_CHECKING:
    import xarray as xr

REVIEW_COLUMNS = ("cell", "decision", "reviewer", "reason", "date")
UNDECIDED = ("screened", "imported")
DECISIONS = ("keep", "remove", "add")
_ZH = {"keep": "复核保留", "remove": "复核剔除", "add": "复核增补"}
_EN = {"keep": "kept on review", "remove": "removed on review", "add": "added on review"}


def read_review(path: Path | str, hot: pd.DataFrame, cells: "xr.Dataset", intake: Intake) -> pd.DataFrame:
    """
    Read a reviewer's file and check it against the list.

    Parameters
    ----------
    path : str or Path
        CSV or XLSX with the columns ``cell, decision, reviewer, reason, date``; a decision is
        ``keep`` or ``remove`` of a listed cell, ``add`` of another, by code or label;
        the date is like 2020-07-01. A row said twice word for word counts once. Other columns are ignored.
    hot : DataFrame, the screened list
    cells : Dataset (cell), from ``study.cells``
    intake : Intake, of the run, over the file's folder

    Returns
    -------
    DataFrame with the five columns, in the order cell

    Raises
    ------
    DataError
        The file cannot be read, or any row is at fault; the message lists the rows. Two different
        rows for one cell are a conflict, even where they decide the same.

    Examples
    --------
    >>> import tempfile, pandas as pd, xarray as xr
    >>> path = Path(tempfile.mkdtemp()) / "review.csv"
    >>> _ = path.write_text("cell,decision,reviewer,reason,date\\nA,keep,Wang,kilns seen,2020-07-01\\n")
    >>> hot = pd.DataFrame({"cell": ["A"], "status": ["screened"]})
    >>> read_review(path, hot, xr.Dataset(coords={"cell": ["A", "B"]}), Intake(path.parent))["decision"].tolist()
    ['keep']
    """
    path = Path(path)
    table = read_table(path, intake, required=REVIEW_COLUMNS)
    rows = table.frame[list(REVIEW_COLUMNS)].apply(lambda column: column.str.strip())
    if "label" in cells.coords:  # reviewers know a cell by its official label
        named = zip(cells["cell"].values.astype(str), cells["label"].values.astype(str), strict=True)
        labels = {code: own for code, own in named if own}
        rows["cell"] = [code_of(text, labels) for text in rows["cell"]]
    known, listed = set(cells["cell"].values.tolist()), set(in_force(hot)["cell"])
    faults = [(q.row, f"{q.rule}") for q in intake.quarantine]
    first: dict[str, tuple] = {}
    kept = []
    for line, row in zip(table.lines.tolist(), rows.itertuples(index=False), strict=True):
        said = first.get(row.cell)
        if said is None:
            why = _fault(row, known, listed)
            first[row.cell] = (line, tuple(row))
            kept.append(tuple(row))
        else:
            why = "" if said[1] == tuple(row) else f"{row.cell} stands in row {said[0]} with another decision or reason"
        if why:
            faults.append((line, why))
    refuse_rows(str(path), faults, "The review was not applied")
    return pd.DataFrame(sorted(kept), columns=list(REVIEW_COLUMNS)) if kept else rows.iloc[:0]


def _fault(row: Any, known: set[str], listed: set[str]) -> str:
    """What is wrong with one row, or an empty text."""
    missing = [name for name in REVIEW_COLUMNS if not getattr(row, name)]
    if missing:
        return f"column {missing[0]} is empty; fill it in, or drop the row"
    if row.decision not in DECISIONS:
        return f"column decision: {row.decision!r} is none of {', '.join(DECISIONS)}"
    if row.cell not in known:
        return f"column cell: {row.cell!r} is no cell of this study"
    if row.decision == "add" and row.cell in listed:
        return f"{row.cell} is listed already; say keep or remove"
    if row.decision != "add" and row.cell not in listed:
        return f"{row.cell} is not on the list; say add, or drop the row"
    try:
        date.fromisoformat(row.date)
    except ValueError:
        return f"column date: {row.date!r} is no date like 2020-07-01"
    return ""


def apply_review(
    hot: pd.DataFrame, review: pd.DataFrame, *, standing: Standing, annual: "xr.Dataset", study: Study
) -> pd.DataFrame:
    """
    The list after a review: decided cells are ``reviewed``, removed ones ``exited``, added ones join.

    Parameters
    ----------
    hot : DataFrame, the screened list
    review : DataFrame, from ``read_review``
    standing : Standing, from ``rank_cells``, and annual : Dataset (cell)
        For the rows of added cells.

    Returns
    -------
    DataFrame, in the order city, cell; who decided, why and when is added to ``reason``.
    A cell the review does not name stays ``screened``.

    Raises
    ------
    DataError
        An added cell is not eligible: it has no valid annual mean or hardly lies in the study.
    """
    codes = study.cells["cell"].values.astype(str)
    place = {code: i for i, code in enumerate(codes.tolist())}
    added = [row.cell for row in review.itertuples() if row.decision == "add"]
    wrong = [code for code in added if not standing.eligible[place[code]]]
    if wrong:
        raise DataError(
            f"review: {', '.join(wrong[:SHOWN])} cannot be added, no valid annual mean or too little of the cell "
            "lies in the study; drop the row."
        )
    chosen = np.isin(codes, list(in_force(hot)["cell"]) + added)
    rows = list_rows(standing, annual, study, int(hot["year"].iloc[0]), chosen)
    hot = pd.concat([hot, rows[rows["cell"].isin(added)]], ignore_index=True)
    status, reason = hot["status"].tolist(), hot["reason"].tolist()
    at = {cell: i for i, cell in enumerate(hot["cell"])}
    for row in review.itertuples():
        i = at[row.cell]
        status[i] = "exited" if row.decision == "remove" else "reviewed"
        zh, en = _ZH[row.decision], _EN[row.decision]
        reason[i] += (
            f"；{zh}：{row.reviewer}，{row.date}，{row.reason} / {en} by {row.reviewer}, {row.date}: {row.reason}"
        )
    hot = hot.assign(status=status, reason=reason)
    return hot.sort_values(["city", "cell"], kind="stable").reset_index(drop=True)[list(COLUMNS)]


def make_formal(hot: pd.DataFrame) -> pd.DataFrame:
    """
    The formal list: every cell was decided on by a person.

    Parameters
    ----------
    hot : DataFrame, reviewed

    Returns
    -------
    DataFrame, its reviewed cells ``formal``; exited ones stay as they are

    Raises
    ------
    DataError
        A cell is still only screened or imported; the message names the first ones.

    Examples
    --------
    >>> import pandas as pd
    >>> make_formal(pd.DataFrame({"cell": ["A", "B"], "status": ["reviewed", "exited"]}))["status"].tolist()
    ['formal', 'exited']
    """
    open_ = hot.loc[hot["status"].isin(UNDECIDED), "cell"].tolist()
    if open_:
        raise DataError(
            f"{len(open_)} of {len(hot)} cells have no decision yet ({', '.join(open_[:SHOWN])}"
            f"{' ...' if len(open_) > SHOWN else ''}); a formal list needs one for every cell."
        )
    return hot.assign(status=hot["status"].replace("reviewed", "formal"))


def write_review_form(path: str | Path, hot: pd.DataFrame) -> Path:
    """
    The form a reviewer fills in: one row per cell that nobody here decided on, decision empty.

    Examples
    --------
    >>> import tempfile, pandas as pd
    >>> hot = pd.DataFrame({"cell": ["A"], "status": "screened", "city": "x", "county": "y"})
    >>> write_review_form(tempfile.mkdtemp() + "/form.csv", hot).read_text(encoding="utf-8-sig").splitlines()
    ['cell,decision,reviewer,reason,date,city,county', 'A,,,,,x,y']
    """
    path = Path(path)
    # With a mark of its encoding, because a spreadsheet would take Chinese names for another one.
    with open(path, "w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow([*REVIEW_COLUMNS, "city", "county"])
        for row in hot[hot["status"].isin(UNDECIDED)].itertuples():
            writer.writerow([row.cell, "", "", "", "", shown(row.city), shown(row.county)])
    return path
