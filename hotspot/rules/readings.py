"""The register of readings: sentences of the documents that can be read in two ways, and which way is applied."""

import tomllib
from importlib import resources

from hotspot.rules.criteria import Criteria


def readings(criteria: Criteria) -> list[dict]:
    """
    Every ambiguous sentence with the reading that these criteria apply.

    Returns
    -------
    list of dict: ``key``, ``applied`` ("" where only the words are recorded), ``readings`` (the default
    first), ``departs`` (another than the default is applied), ``clause``, ``words``, ``why``

    Examples
    --------
    >>> rows = {row["key"]: row for row in readings(Criteria(assessment={"veto": "block"}))}
    >>> rows["assessment.veto"]["applied"], rows["assessment.veto"]["departs"]
    ('block', True)
    """
    text = (resources.files("hotspot.rules") / "readings.toml").read_text(encoding="utf-8")
    rows = []
    for row in tomllib.loads(text)["reading"]:
        words_only = row["key"].startswith("words: ")
        applied = "" if words_only else _said(criteria, row["key"])
        rows.append(row | {"applied": applied, "departs": not words_only and applied != row["readings"][0]})
    return rows


def footer(criteria: Criteria, section: str) -> list[str]:
    """
    The readings of one section as lines for the foot of a product, in Chinese.

    Examples
    --------
    >>> footer(Criteria(), "clocks")
    ['时限起算：签收（B5 E2：B「接收指令后」；E「收到…」）']
    """
    return [
        f"{row['zh']}：{row['applied_zh'].get(row['applied'], row['applied'])}（{row['clause']}：{row['words']}）"
        for row in readings(criteria)
        if row["key"].split(".")[0] == section
    ]


def _said(criteria: Criteria, key: str) -> str:
    section, name = key.split(".")
    value = getattr(getattr(criteria, section), name)
    return str(value).lower() if isinstance(value, bool) else str(value)
