"""
A list as a file: CSV of our own, each column written as the schema (``text/columns.toml``) says, and read back.

This is the place where numbers are rounded (GB/T 8170, half to even), and the only one. UTF-8, LF, RFC 4180 quoting,
empty where unknown; a text that a spreadsheet would take for a formula gets an apostrophe, which reading takes off.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hotspot.kernels.arrays import Floats
from hotspot.rules.pollutants import PM25, Pollutant, named_in
from hotspot.rules.rounding import round_half_even
from hotspot.text.csv_rows import escape_text, first_line, read_csv, unescape_text, write_csv
from hotspot.variables import DataError

if TYPE_CHECKING:
    import pandas as pd

Kinds = Mapping[str, int | str]  # column -> "text", "flag", "whole", "pm" (the list's decimals) or a number of decimals


def write_list(path: Path | str, table: "pd.DataFrame", kinds: Kinds, decimals: int = 0, of: Pollutant = PM25) -> Path:
    """
    Write a table, in the order of its rows.

    Parameters
    ----------
    kinds : mapping, from ``text.table.kinds``: the columns to write, in order
    decimals : int, of the kind "pm"
    of : Pollutant
        What the list is made of: the column ``pm25`` has its name in the file.

    Raises
    ------
    DataError
        A column is missing.

    Examples
    --------
    >>> import tempfile
    >>> import pandas as pd
    >>> table = pd.DataFrame({"kind": ["=quota"], "pm25": [0.25]})
    >>> path = write_list(tempfile.mkdtemp() + "/x.csv", table, {"kind": "text", "pm25": 1})
    >>> path.read_text(), read_list(path, {"kind": "text", "pm25": 1}, "a list", "mend it")["kind"][0]
    ("kind,pm25\\n'=quota,0.2\\n", '=quota')
    """
    table = ordered(table, kinds, Path(path).name)
    written = [_texts(table[name], kind, decimals) for name, kind in kinds.items()]
    return write_csv(path, [of.column(name) for name in kinds], zip(*written, strict=True))


def ordered(table: "pd.DataFrame", columns: Mapping[str, Any] | Sequence[str], what: str) -> "pd.DataFrame":
    """The columns in their order, a fresh frame; DataError names those that are missing."""
    missing = [name for name in columns if name not in table.columns]
    if missing:
        raise DataError(f"{what}: column {', '.join(missing)} is missing; give the frame as it was made.")
    return table[list(columns)].reset_index(drop=True).copy()


def rounded(values: "pd.Series | Floats", decimals: int) -> Floats:
    """Numbers at their printed precision, NaN where there is none; a change of nothing carries no sign."""
    import pandas as pd

    numbers = pd.to_numeric(pd.Series(values), errors="coerce").to_numpy("float64")
    printed: Floats = round_half_even(numbers, decimals) + 0.0
    return printed


def _texts(values: "pd.Series", kind: str | int, decimals: int) -> list[str]:
    if kind in ("text", "flag"):
        say = _flag if kind == "flag" else lambda value: escape_text(str(value))
        return ["" if unknown else say(value) for value, unknown in zip(values, values.isna(), strict=True)]
    places = int({"pm": decimals, "whole": 0}.get(str(kind), kind))
    return [f"{v:.{places}f}" if math.isfinite(v) else "" for v in rounded(values, places).tolist()]


def _flag(value: Any) -> str:
    return "" if value == "" else "true" if value else "false"


def read_list(path: Path | str, kinds: Kinds, what: str, remedy: str) -> "pd.DataFrame":
    """
    Read such a file back, of whatever pollutant it is: its value stands in ``pm25``.

    Parameters
    ----------
    what, remedy : str
        What the file should be and what to do if it is not, for the message.

    Returns
    -------
    DataFrame with the columns of ``kinds``: texts, True, False or None, float64 with NaN where the file is empty

    Raises
    ------
    DataError
        The header differs, or a value is of the wrong kind; names file, row and column.
    FileNotFoundError
        There is no such file.
    """
    import pandas as pd

    path, of = Path(path), named_in(first_line(path))
    rows = read_csv(path, [of.column(name) for name in kinds], what, remedy)
    types = {"text": "str", "flag": "object"}
    return pd.DataFrame({
        name: pd.Series([_value(path, number, name, kind, row[i]) for number, row in rows],
                        dtype=types.get(str(kind), "float64"))
        for i, (name, kind) in enumerate(kinds.items())
    })  # fmt: skip


def _value(path: Path, row: int, name: str, kind: str | int, text: str) -> Any:
    if kind == "text":
        return unescape_text(text)
    if kind == "flag":
        flags = {"true": True, "false": False, "": None}
        if text not in flags:
            raise DataError(f"{path}, row {row}, column {name}: {text!r} is neither true nor false; mend it.")
        return flags[text]
    try:
        value = float(text) if text else math.nan
    except ValueError:
        value = math.inf
    if math.isinf(value):
        raise DataError(f"{path}, row {row}, column {name}: {text!r} is no number; mend it.")
    return value
