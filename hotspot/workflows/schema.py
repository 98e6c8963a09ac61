"""What a study may say and what the published tables hold, for whoever reads or writes them with another program."""

from typing import Any

from hotspot.rules.pollutants import PM25
from hotspot.study import Study
from hotspot.text.table import columns, tables


def show_schema() -> dict[str, Any]:
    """
    The JSON schema of a study's file, and every column of every published table.

    Returns
    -------
    dict: ``study`` (JSON Schema), ``tables`` (name -> ``zh``, ``en``, ``columns``: each with ``name kind unit decimals
    zh en says``), ``sentences``

    Examples
    --------
    >>> answer = show_schema()
    >>> answer["study"]["properties"]["time_zone"]["type"], answer["tables"]["warnings.csv"]["columns"][0]["zh"]
    ('string', '月份')
    """
    described = {
        name: about | {"columns": [_row(column) for column in columns(name).values()]}
        for name, about in tables().items()
    }
    return {"study": Study.model_json_schema(), "tables": described, "sentences": _sentences(described)}


def _row(column: Any) -> dict[str, Any]:
    decimals = column.kind if isinstance(column.kind, int) else 0 if column.kind == "whole" else None
    kind = column.kind if isinstance(column.kind, str) else "number"
    return {"name": column.name, "kind": kind, "unit": column.unit, "decimals": decimals} | {
        name: PM25.words(getattr(column, name)).replace("\n", "") for name in ("zh", "en", "says")
    }


def _sentences(described: dict[str, Any]) -> list[str]:
    lines = ['A study\'s file: `hotspot schema --json`, under "study" (JSON Schema).']
    for name, about in described.items():
        lines += ["", f"{name}: {about['en']} ({about['zh']})"]
        for row in about["columns"]:
            written = row["kind"] if row["decimals"] in (None, 0) else f"{row['decimals']} decimals"
            unit = f", {row['unit']}" if row["unit"] not in ("", "1") else ""
            lines.append(f"  {row['name']} ({written}{unit}) {row['zh']}: {row['says']}")
    return lines
