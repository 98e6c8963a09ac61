"""The items of a published ``checklists.xlsx`` read back: where on the list did a finding stand?"""

from pathlib import Path

import pandas as pd

from hotspot.rules.classes import problem_types
from hotspot.text.table import titles

_HEAD = tuple(titles("checklists.xlsx/清单").values())[:2]
_NUMBER, _PROBLEM = 1, 4


def read_checklist(path: Path | str) -> pd.DataFrame:
    """
    Every cell's items, from the sheets that carry its code.

    Parameters
    ----------
    path : str or Path
        A ``checklists.xlsx`` as published.

    Returns
    -------
    DataFrame ``cell, number, problem`` (key of the problem type, empty in blank rows), in the order of the book

    Examples
    --------
    >>> read_checklist("nowhere.xlsx")
    Traceback (most recent call last):
    FileNotFoundError: [Errno 2] No such file or directory: 'nowhere.xlsx'
    """
    import openpyxl

    keys = {kind["zh"]: key for key, kind in problem_types().items()}
    rows = []
    with open(path, "rb") as stream:
        book = openpyxl.load_workbook(stream, read_only=True, data_only=True)
        for sheet in book.worksheets:
            if not sheet.title.isascii():  # index, patrol views, census, words: all have Chinese names
                continue
            listed = False
            for line in sheet.iter_rows(values_only=True):
                texts = ["" if value is None else str(value) for value in line]
                if tuple(texts[:2]) == _HEAD:
                    listed = True
                elif listed and len(texts) > _PROBLEM and texts[_NUMBER].isdecimal():
                    rows.append((sheet.title, int(texts[_NUMBER]), keys.get(texts[_PROBLEM], "")))
    return pd.DataFrame(rows, columns=["cell", "number", "problem"])
