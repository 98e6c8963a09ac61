"""
What the columns of the published tables are: one description for csv, xlsx, parquet, docx and json.

A writer asks for the columns of its table, their kinds, digits and titles; ``hotspot schema`` prints them all.
The descriptions stand in ``columns.toml``, those of the loop's workbooks in ``loop_columns.toml``, those of an
office's books and forms in ``office_columns.toml``.
"""

import tomllib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    import pandas as pd

FILES = ("columns", "loop_columns", "office_columns")


class Column(BaseModel):
    """One column of one table."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    kind: int | str = Field(description='text, flag, whole, number, geometry, "pm" or a number of decimals')
    unit: str = ""
    zh: str
    en: str = Field(min_length=1)
    says: str = Field(min_length=1)
    in_file: bool = False  # a Parquet file carries the description itself
    width: float = 0.0  # of the column on a sheet, in letters; 0 where a sheet sets its own

    @property
    def decimals(self) -> int | None:
        """Decimals of a number in print; None of a text."""
        return {"text": None, "whole": 0}[self.kind] if isinstance(self.kind, str) else self.kind


@cache
def _stated() -> dict[str, Any]:
    texts = resources.files("hotspot.text")
    all_, *more = (tomllib.loads((texts / f"{name}.toml").read_text(encoding="utf-8")) for name in FILES)
    return all_ | {"table": all_["table"] | {name: about for one in more for name, about in one["table"].items()}}


@cache
def columns(table: str) -> dict[str, Column]:
    """
    The columns of a published table, in order.

    Parameters
    ----------
    table : str
        A name of ``tables``: a file, or a file and its sheet.

    Returns
    -------
    dict of name -> Column

    Raises
    ------
    KeyError
        There is no such table.

    Examples
    --------
    >>> list(columns("not_ranked.csv")), columns("warnings.csv")["lon"].decimals
    (['month', 'city', 'cell', 'reason', 'why'], 6)
    """
    stated = _stated()
    about = stated["table"][table]
    own = about.get("own", {})
    return {
        name: Column.model_validate(stated["column"].get(name, {}) | own.get(name, {}) | {"name": name})
        for name in about["columns"]
    }


def tables() -> dict[str, dict[str, str]]:
    """
    The published tables: name -> what it is, zh and en.

    Examples
    --------
    >>> tables()["not_ranked.csv"]["zh"]
    '未参评网格及原因'
    """
    return {name: {"zh": about["zh"], "en": about["en"]} for name, about in _stated()["table"].items()}


def kinds(table: str) -> dict[str, int | str]:
    """
    How each column of a table is written.

    Examples
    --------
    >>> kinds("warnings.csv")["pm25"], kinds("warnings.csv")["rank"], kinds("warnings.csv")["coverage"]
    ('pm', 'whole', 3)
    """
    return {name: column.kind for name, column in columns(table).items()}


def titles(table: str) -> dict[str, str]:
    """
    The Chinese heads of a table.

    Examples
    --------
    >>> titles("public/list.csv")
    {'code': '预警网格编号', 'county': '所属县（区、市）', 'place': '位置坐标', 'reasons': '预警原因'}
    """
    return {name: column.zh for name, column in columns(table).items()}


def heads(table: str) -> dict[str, tuple[str, float]]:
    """
    The Chinese heads of a sheet with their widths, as ``book.Sheet`` takes them.

    Examples
    --------
    >>> heads("loop/evidence.xlsx")["away"]
    ('距离km', 9.0)
    """
    return {name: (column.zh, column.width) for name, column in columns(table).items()}


def rows_of(table: "pd.DataFrame") -> list[dict[str, Any]]:
    """
    The rows of a table as plain dicts, to be read one by one: ``to_dict("records")`` in a third of its time.

    Examples
    --------
    >>> import pandas as pd
    >>> rows_of(pd.DataFrame({"cell": ["A", "B"], "rank": [1, 2]}))
    [{'cell': 'A', 'rank': 1}, {'cell': 'B', 'rank': 2}]
    """
    names: list[Any] = table.columns.tolist()
    return [dict(zip(names, row, strict=True)) for row in zip(*(_plain(table[name]) for name in names), strict=True)]


def _plain(column: "pd.Series") -> list[Any]:
    """The values of a column as Python's own."""
    if column.dtype == object:
        return [one.item() if isinstance(one, np.generic) else one for one in column.to_numpy()]
    values: list[Any] = column.to_numpy(None if column.dtype.kind in "iufb" else object).tolist()
    return values
