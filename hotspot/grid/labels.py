"""
The officials' own cell names (like ``T85711``), joined as a label and never as the key.
"""

import csv
import io
import re
import unicodedata
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hotspot.grid import codes
from hotspot.patterns import below
from hotspot.text.door import masked
from hotspot.text.encodings import decode
from hotspot.variables import DataError

if TYPE_CHECKING:
    import xarray as xr

_LONGEST = 60
_CODE = re.compile(r"[A-HJ-NP-Z]{2}[0-9]{4}[0-9A-Z](-[0-9]{1,2})?")  # of a cell, of a sub-cell


def add_labels(cells: "xr.Dataset", path: Path | str) -> "xr.Dataset":
    """
    Put the labels of a table onto the cells.

    Parameters
    ----------
    cells : Dataset (cell), from ``Grid.cover``
    path : str or Path
        CSV with the columns ``cell`` and ``label``; UTF-8 (with or without a
        byte-order mark) or GB18030.

    Returns
    -------
    Dataset
        A new one, with ``label`` filled where the table names the cell, and the
        attribute ``labels_unused``: labels of cells outside this study.

    Raises
    ------
    DataError
        No such file or columns, a mistyped code, a cell with two labels or a
        label on two cells; the message gives the row.

    Examples
    --------
    >>> import xarray as xr
    >>> cells = xr.Dataset(coords={"cell": ["PR1847L", "PR1848G"]})
    >>> add_labels(cells, "nowhere.csv")
    Traceback (most recent call last):
    hotspot.variables.DataError: nowhere.csv: there is no such file of labels; ...
    """
    given = read_labels(path)
    known = {str(code) for code in cells.cell.values}
    labels = np.array([given.get(str(code), "") for code in cells.cell.values], dtype=np.str_)
    cells = cells.assign_coords(label=("cell", labels))
    return cells.assign_attrs(labels_unused=sum(code not in known for code in given))


def read_labels(path: str | Path) -> dict[str, str]:
    """
    The table of labels as a dict, code to label.

    Parameters
    ----------
    path : str or Path, as in ``add_labels``

    Raises
    ------
    DataError
        As in ``add_labels``.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "labels.csv").write_text("cell,label\\npr1847l,Ｔ８５７１１\\n", encoding="utf-8")
    >>> read_labels(folder / "labels.csv")
    {'PR1847L': 'T85711'}
    """
    path = Path(path)
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise DataError(f"{path.name}: there is no such file of labels; mend 'labels' in the study.") from None
    text = decode(raw, path.name)[0].decode("utf-8")
    try:
        list(csv.reader(io.StringIO(text, newline="")))
    except csv.Error as error:
        raise DataError(f"{path.name}: no table of labels ({error}); mend it.") from None
    rows = csv.reader(io.StringIO(text, newline=""))
    header = [name.strip().lower() for name in next(rows, [])]
    if "cell" not in header or "label" not in header:
        raise DataError(f"{path.name}, row 1: columns are {', '.join(header) or 'none'}; it needs cell and label.")
    at_cell, at_label = header.index("cell"), header.index("label")
    given: dict[str, str] = {}
    owner: dict[str, str] = {}
    for fields in rows:
        if not any(field.strip() for field in fields):
            continue
        place = f"{path.name}, row {rows.line_num}"
        if len(fields) != len(header):
            raise DataError(f"{place}: {len(fields)} fields, the header has {len(header)}; mend the row.")
        code = codes.normalise(fields[at_cell])
        try:
            # Only the seven-character form can be checked; plain codes carry their own shape.
            codes.decode(code) if len(code) == 7 else codes.decode_plain(code)
        except DataError as error:
            raise DataError(f"{place}, column cell: {error}") from None
        label = masked(unicodedata.normalize("NFKC", fields[at_label]).strip())
        if len(label) > _LONGEST:
            raise DataError(f"{place}, column label: {len(label)} characters; a label is a short name.")
        if not label or any(unicodedata.category(c).startswith("C") for c in label):
            raise DataError(f"{place}, column label: {label!r} is empty or holds control characters; mend it.")
        if given.setdefault(code, label) != label:
            raise DataError(
                f"{place}, column label: cell {code} has two labels, {given[code]!r} and {label!r}; keep one."
            )
        if owner.setdefault(label, code) != code:
            raise DataError(f"{place}, column label: {label!r} names two cells, {owner[label]} and {code}; keep one.")
    return given


def code_of(text: str, labels: dict[str, str]) -> str:
    """
    The code that a person means, who may know the cell by its official label.

    Parameters
    ----------
    text : str
        A code, a label, or either with the number of a sub-cell (``T85711-07``).
    labels : dict of str to str, code to label, from ``read_labels``

    Returns
    -------
    str: the code where the text is a known label or a code in small or wide letters, else the text as it came

    Examples
    --------
    >>> known = {"PR1847L": "T85711"}
    >>> code_of("t85711", known), code_of("Ｔ85711-07", known), code_of("PR1847L", known)
    ('PR1847L', 'PR1847L-07', 'PR1847L')
    >>> code_of("ｐｒ1847l-07", {}), code_of("north field", {})
    ('PR1847L-07', 'north field')
    """
    said = unicodedata.normalize("NFKC", str(text)).strip()
    owner = {label.casefold(): code for code, label in labels.items()}
    head, dash, number = said.rpartition("-")
    if said.casefold() in owner:
        return owner[said.casefold()]
    if dash and head.casefold() in owner and number.isdigit():
        return f"{owner[head.casefold()]}-{number}"
    return said.upper() if _CODE.fullmatch(said.upper()) else str(text)


class Labelled:
    """What a study with a file of official labels makes of what a person types, and how it prints a cell."""

    labels: str | None
    root: Path

    @cached_property
    def labelled(self) -> dict[str, str]:
        """Code to official label, of ``labels``; empty where the study has none."""
        return read_labels(below(self.root, self.labels, "labels")) if self.labels else {}

    def code_of(self, text: str) -> str:
        """The code a person means: an official label of ``labels`` is its cell, all else stays as it came."""
        return code_of(text, self.labelled)

    def named(self, code: str) -> str:
        """A cell as it is printed: its code, and its official label where it has one of its own."""
        label = self.labelled.get(code, "")
        return f"{code} ({label})" if label not in ("", code) else code
