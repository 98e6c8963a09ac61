"""
Labels that several products, pages and papers print: each is typed once, in ``labels.toml``.

A head of a table stands in the table's columns (``table.py``), a word of a rule with the rule.
"""

import tomllib
from functools import cache
from importlib import resources


@cache
def _labels() -> dict[str, str]:
    return tomllib.loads((resources.files("hotspot.text") / "labels.toml").read_text(encoding="utf-8"))


def label_of(key: str) -> str:
    """
    A label by its key.

    Raises
    ------
    KeyError
        There is no such label.

    Examples
    --------
    >>> label_of("hotspot_cells")
    '热点网格'
    """
    return _labels()[key]
