"""
``inventory.csv``: every facility of the study once, with its cell or the reason why it has none (D14).

For the office only: it names enterprises, which a public list may not (D25).
"""

from hotspot.text.csv_rows import escape_text, read_csv, unescape_text, write_csv
from hotspot.text.table import kinds

INVENTORY_COLUMNS = kinds("inventory.csv")


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


def read_inventory(path):
    """
    Read an ``inventory.csv`` back: DataFrame of texts as they are printed, ``hotspot`` bool.

    Raises
    ------
    DataError
        The file is no such list.

    Examples
    --------
    >>> import tempfile
    >>> import pandas as pd
    >>> row = dict.fromkeys(INVENTORY_COLUMNS, "") | {"name": "=厂", "lon": 114.5, "hotspot": True, "size": 630.0}
    >>> row |= {"class_": "steel", "lat": float("nan"), "rows": 1}
    >>> back = read_inventory(write_inventory(tempfile.mkdtemp() + "/i.csv", pd.DataFrame([row]).drop(columns="class")))
    >>> back.loc[0, ["name", "lon", "lat", "size"]].tolist(), back["hotspot"].tolist()
    (['=厂', '114.500000', '', '630'], [True])
    """
    import pandas as pd

    rows = read_csv(path, INVENTORY_COLUMNS, "an inventory as we write it", "give the published file unchanged")
    table = pd.DataFrame([[unescape_text(text) for text in row] for _, row in rows], columns=list(INVENTORY_COLUMNS))
    return table.assign(hotspot=table["hotspot"] == "true")


def _text(value, kind):
    if kind == "flag":
        return "true" if value else "false"
    if value is None or value != value:
        return ""
    if kind == "text":
        return escape_text(str(value))
    return {"whole": "{:.0f}", 6: "{:.6f}", "number": "{:.15g}"}[kind].format(value) if value != "" else ""
