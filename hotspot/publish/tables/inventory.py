"""
``inventory.csv``: every facility of the study once, with its cell or the reason why it has none (D14).

For the office only: it names enterprises, which a public list may not (D25).
"""

from hotspot.rules.classes import dossier_papers
from hotspot.text.csv_rows import escape_text, write_csv

# Ours -> how it is written: text, flag, whole, degrees, number.
INVENTORY_COLUMNS = {
    "facility": "text", "name": "text", "class": "text", "where": "text", "cell": "text",
    "city": "text", "city_code": "text", "county": "text", "county_code": "text", "township": "text",
    "hotspot": "flag", "warned": "text", "lon": "degrees", "lat": "degrees", "size": "number", "size_unit": "text",
    "accuracy": "text", "status": "text", "datum_note": "text", "vintage": "text", "source": "text",
    "rows": "whole", "why": "text", **dict.fromkeys(dossier_papers(), "text"),
}  # fmt: skip


def write_inventory(path, inventory):
    """
    Write ``inventory.csv``.

    Parameters
    ----------
    path : str or Path
    inventory : DataFrame, from ``trace.inventory``

    Returns
    -------
    Path
    """
    table = inventory.rename(columns={"class_": "class"})
    columns = [[_text(value, kind) for value in table[name].tolist()] for name, kind in INVENTORY_COLUMNS.items()]
    return write_csv(path, INVENTORY_COLUMNS, zip(*columns, strict=True))


def _text(value, kind):
    if kind == "flag":
        return "true" if value else "false"
    if value is None or value != value:
        return ""
    if kind == "text":
        return escape_text(str(value))
    return {"whole": "{:.0f}", "degrees": "{:.6f}", "number": "{:.15g}"}[kind].format(value) if value != "" else ""
