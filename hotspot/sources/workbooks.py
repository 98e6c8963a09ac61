"""
One sheet of an Excel workbook as text cells, refused where it is not plain data.

``hotspot.foreign.workbook`` decodes it in a child process.
"""

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from hotspot.foreign.child import ask
from hotspot.kernels.arrays import Ints
from hotspot.sources.aliases import DEGREE_PARTS
from hotspot.sources.sheet import named_columns
from hotspot.variables import DataError


def read_workbook(data: bytes, name: str) -> tuple[pd.DataFrame, Ints, list[str], bool]:
    """
    Read the first visible sheet that holds anything.

    Parameters
    ----------
    data : bytes of the file
    name : str
        For messages.

    Returns
    -------
    (frame, lines, notes, macintosh): text cells, their row numbers in the sheet (int64), and what is to be said of
    sheets not read, hidden sheets, merged cells, outside links; whether it counts days from 1904

    Raises
    ------
    DataError
        Macros, a zip bomb, too many rows, no header, or a column named twice.
    """
    with tempfile.TemporaryDirectory(prefix="hotspot-") as folder:
        path = Path(folder) / "delivered.xlsx"
        path.write_bytes(data)
        report = ask("workbook", path, name)
    rows = [json.loads(line) for line in report["rows"].splitlines()]
    rows, titles = _below_titles(rows, name)
    rows = _with_parts(rows)
    columns = named_columns(rows[0][1], name)
    body = [[*cells, *[""] * (len(columns) - len(cells))] for _, cells in rows[1:]]
    wide = [line for line, cells in rows[1:] if len(cells) > len(columns)]
    if wide:
        raise DataError(
            f"{name}, row {wide[0]}: there are cells beyond the last header column; name them or clear them."
        )
    frame = pd.DataFrame(np.array(body, dtype=object).reshape(len(body), len(columns)), columns=columns, dtype=object)

    lines = np.array([line for line, _ in rows[1:]], dtype=np.int64)
    return frame, lines, [*titles, *report["notes"]], report["macintosh"]


def _below_titles(rows: list[Any], name: str) -> tuple[list[Any], list[str]]:
    """
    Rows from the header on, and what is said of titles above it: a line with one cell (as an office's export has one,
    merged over all columns) above a wider one is no header.
    """
    first = 0
    while first + 1 < len(rows) and sum(bool(cell.strip()) for cell in rows[first][1]) == 1:
        if sum(bool(cell.strip()) for cell in rows[first + 1][1]) < 2:
            break
        first += 1
    return rows[first:], [f"{name}, row {line}: a title above the header; not read" for line, _ in rows[:first]]


def _with_parts(rows: list[Any]) -> list[Any]:
    """
    The rows under one header where two lines make it: 经度 over the columns 度, 分 and 秒 of the line below, which else
    would be taken for a row and the degrees for the whole position.

    Examples
    --------
    >>> _with_parts([[1, ["企业", "经度", "", ""]], [2, ["", "度", "分", "秒"]], [3, ["甲厂", "116", "23", "49"]]])
    [[1, ['企业', '经度度', '经度分', '经度秒']], [3, ['甲厂', '116', '23', '49']]]
    """
    if len(rows) < 2:
        return rows
    head, below = ([cell.strip() for cell in cells] for _, cells in rows[:2])
    if not (said := {cell for cell in below if cell}) or not said <= {word for part in DEGREE_PARTS for word in part}:
        return rows
    width = max(len(head), len(below))
    head, below = (cells + [""] * (width - len(cells)) for cells in (head, below))
    joined, over = [], ""
    for above, part in zip(head, below, strict=True):
        over = above or over
        joined.append(f"{over}{part}" if part else above)
    return [[rows[0][0], joined], *rows[2:]]
