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
from hotspot.sources.aliases import DEGREE_PARTS, is_known
from hotspot.sources.missing import to_numbers
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
    under = _with_parts(rows)
    if len(under) < len(rows):
        titles.append(f"{name}, rows {rows[0][0]} and {rows[1][0]}: one header of two lines: {', '.join(under[0][1])}")
    rows = under
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
    The rows under one header where two lines make it, which else would be a header without them and a row.

    Either 经度 stands over the columns 度, 分 and 秒 of the line below, or titles of groups over names: then more names
    of ours are told with the line below than without it, and no cell of it is a number.

    Examples
    --------
    >>> _with_parts([[1, ["企业", "经度", "", ""]], [2, ["", "度", "分", "秒"]], [3, ["甲厂", "116", "23", "49"]]])
    [[1, ['企业', '经度度', '经度分', '经度秒']], [3, ['甲厂', '116', '23', '49']]]
    >>> _with_parts([[1, ["站点", "", "时间", "PM2.5"]], [2, ["编号", "名称", "", "浓度"]], [3, ["A", "甲", "", "9"]]])
    [[1, ['站点编号', '站点名称', '时间', 'PM2.5浓度']], [3, ['A', '甲', '', '9']]]
    """
    if len(rows) < 2:
        return rows
    head, below = ([cell.strip() for cell in cells] for _, cells in rows[:2])
    width = max(len(head), len(below))
    head, below = (cells + [""] * (width - len(cells)) for cells in (head, below))
    groups, over = [], ""
    for above in head:
        groups.append(over := above or over)
    whole = [f"{over}{part}" if part else above for above, over, part in zip(head, groups, below, strict=True)]
    said = {cell for cell in below if cell}
    if said and said <= {word for part in DEGREE_PARTS for word in part}:
        return [[rows[0][0], whole], *rows[2:]]
    named = [part if part and not is_known(name) else name for name, part in zip(whole, below, strict=True)]
    if sum(map(is_known, named)) > sum(map(is_known, head)) and to_numbers([*said], marks=False)[1].all():
        return [[rows[0][0], named], *rows[2:]]
    return rows
