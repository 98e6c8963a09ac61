"""
``inventory.csv``: every facility of the study once, with its cell or the reason why it has none (D14).

For the office only: it names enterprises, which a public list may not (D25).
"""

from pathlib import Path
from typing import TYPE_CHECKING

from hotspot.text.csv_rows import escape_text, write_csv
from hotspot.text.table import kinds

if TYPE_CHECKING:
    import pandas as pd

INVENTORY_COLUMNS = kinds("inventory.csv")


def write_inventory(path: Path | str, inventory: "pd.DataFrame") -> Path:
    """
    Write ``inventory.csv``.
    """
    table = inventory.rename(columns={"class_": "class"})
    columns = [[_text(value, kind) for value in table[name].tolist()] for name, kind in INVENTORY_COLUMNS.items()]
    return write_csv(path, INVENTORY_COLUMNS, zip(*columns, strict=True))


def _text(value: str | float | bool, kind: str | int) -> str:
    if kind == "flag":
        return "true" if value else "false"
    if value is None or value != value:
        return ""
    if kind == "text":
        return escape_text(str(value))
    return {"whole": "{:.0f}", 6: "{:.6f}", "number": "{:.15g}"}[kind].format(value) if value != "" else ""
