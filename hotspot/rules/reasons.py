"""
The warning classes as a table: what each ranks, and every word it is printed with.

A class is the month's mean (``months_back = 0``) or its change from so many months before; rank, lists, sheets, map
and report read it here. Ours stand in ``reasons.toml``; installed packages add theirs as entry points
``hotspot.reasons``. A class from outside is ranked only where a study's ``warning.k`` asks for it.
"""

import tomllib
from collections.abc import Callable, Iterator, Mapping
from importlib import resources
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from hotspot.registry import Registry

SHAPES = ("circle", "square", "diamond", "triangle", "pentagon", "cross", "down")


class Reason(BaseModel):
    """
    One warning class. Only id, months_back, the two names and the look must be given.

    Examples
    --------
    >>> toy = Reason(id="quarter", months_back=3, zh="较三个月前上升最多", en="worst in a quarter",
    ...              base_zh="较三个月前", base_en="from three months before", colour="#5b2a86", shape="triangle")
    >>> toy.base_column, toy.tab_zh, toy.report_titles[0]
    ('previous_3', '较三个月前', '较三个月前上升最多的{n}个热点网格')
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z][a-z_]{0,30}$")
    months_back: int = Field(ge=0, le=36)
    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)
    colour: str = Field(pattern=r"^#[0-9a-f]{6}$")
    shape: str
    base_zh: str = ""
    base_en: str = ""
    column: str = ""
    short: str = ""
    means_zh: str = ""
    word_zh: str = ""
    tab: tuple[str, str] | None = None
    form_zh: str = ""
    notice_zh: str = ""
    visits: tuple[str, str] | None = None
    report: tuple[str, str] | None = None
    report_base: str = ""
    layer: tuple[str, str, str, str] | None = None

    @property
    def base_column(self) -> str:
        """Column of the base month's mean in ``cells.parquet``."""
        return self.column or f"previous_{self.months_back}"

    @property
    def means(self) -> str:
        """What it means, for a handbook."""
        return self.means_zh or self.zh

    @property
    def tab_zh(self) -> str:
        """The shortest Chinese name: of the map's tab, else against what, else the whole."""
        return self.tab[0] if self.tab else self.base_zh or self.zh

    @property
    def tabs(self) -> list[str]:
        """Names on the map's tabs, zh and en."""
        return list(self.tab or (self.tab_zh, self.base_en or self.en))

    @property
    def report_titles(self) -> tuple[str, str]:
        """Titles of its table in the report."""
        return self.report or (f"{self.zh}的{{n}}个热点网格", self.en)

    @property
    def layers(self) -> tuple[str, str, str, str]:
        """Names of its layer on the map."""
        name = (f"{self.base_zh or self.zh}变化", f"Change, {self.base_en or self.en}")
        return self.layer or (*name, *name)


def _ours() -> dict[str, Reason]:
    text = (resources.files("hotspot.rules") / "reasons.toml").read_text(encoding="utf-8")
    return {entry["id"]: Reason.model_validate(entry) for entry in tomllib.loads(text)["reason"]}


def _check(name: str, reason: object) -> None:
    if not isinstance(reason, Reason) or reason.id != name:
        raise TypeError(f"{name!r} is no Reason with that id; give a Reason")
    if reason.shape not in SHAPES:
        raise ValueError(f"{name!r} has shape {reason.shape!r}; give one of {', '.join(SHAPES)}")
    if reason.months_back and not (reason.base_zh and reason.base_en):
        raise ValueError(f"{name!r} is a change; say against what in base_zh and base_en")


OURS = tuple(_ours())
REASONS: Registry[Reason] = Registry("hotspot.reasons", _ours(), _check)
# The class of the month's mean itself, which every list has.
LEVEL = OURS[0]


def in_use(k: Mapping[str, int]) -> list[Reason]:
    """
    The classes of a study's lists, in their order: ours, and those from outside that it asks for.

    Parameters
    ----------
    k : mapping, ``criteria.warning.k``

    Examples
    --------
    >>> [reason.id for reason in in_use({"highest": 3})]
    ['highest', 'year_on_year', 'month_on_month']
    """
    return [reason for name, reason in REASONS.items() if name in OURS or k.get(name, 0) > 0]


def months_back(k: Mapping[str, int]) -> tuple[int, ...]:
    """
    How many months back the bases of these classes lie, farthest first; the year and the month before are always there.

    Examples
    --------
    >>> months_back({})
    (12, 1)
    """
    return tuple(sorted({reason.months_back for reason in in_use(k)} - {0}, reverse=True))


class Said(Mapping[str, str]):
    """
    One word of every class by its id, those from outside too.

    Examples
    --------
    >>> Said(lambda reason: reason.base_zh).get("year_on_year")
    '同比'
    """

    def __init__(self, word: Callable[[Reason], Any]) -> None:
        self._word = word

    def __getitem__(self, name: str) -> Any:
        return self._word(REASONS[name])

    def __iter__(self) -> Iterator[str]:
        return iter(REASONS)

    def __len__(self) -> int:
        return len(REASONS)
