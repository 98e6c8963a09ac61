"""
What a month publishes: one table of products, in the order in which they are written.

A product names its files, says what it is in one line, and writes. Installed packages add theirs as entry points
``hotspot.products``. Notices and manifest are none of them: they print or hold what the products came to.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

from hotspot.contracts.fields import pollutant_of
from hotspot.contracts.list_file import write_list
from hotspot.contracts.records import Derived
from hotspot.publish.dialects import NAMES
from hotspot.publish.hands import Hands
from hotspot.publish.manifest_shape import plain_path
from hotspot.publish.paper.pages import store_of
from hotspot.registry import Registry
from hotspot.rules.pollutants import PM25, SLOT, Pollutant
from hotspot.sources.store import Store
from hotspot.study import Study
from hotspot.text.labels import label_of
from hotspot.text.table import kinds

# What is written after the products, with their sums in it: notices, manifest, the manifest in other dialects.
AFTER = ("notice.docx", "notice.pdf", "public/*", "packages/*", "manifest.json", *NAMES)


class Made(NamedTuple):
    """What a product is written from; nothing in it may be changed."""

    folder: Path  # of the month, empty but for the products before
    study: Study
    month: str  # "YYYY-MM"
    derived: Derived  # what ``workflows.monthly.month.derive`` returned: tables and fields by name
    state: str  # a key of ``words.STATES``, printed on what is held in hands
    hands: Hands | None = None  # who makes its parts, where they are many

    @property
    def of(self) -> Pollutant:
        """What the month's field says it is of; PM2.5 where there is no field, as a script may have it."""
        field = getattr(self.derived, "field", None)
        return PM25 if field is None else pollutant_of(field)

    @property
    def decimals(self) -> int:
        """Of the ranked value in print."""
        return self.study.criteria.warning.decimals

    @property
    def store(self) -> Store | None:
        """Where pages are kept between runs."""
        return store_of(self.derived, self.state)


@dataclass(frozen=True)
class Product:
    """
    One product of a month.

    Parameters
    ----------
    files : tuple of str
        Names below the month's folder, ``*`` for a part of a name; it writes no other.
    write : callable (Made) -> anything
        Same inputs, same bytes: no clock, no machine, no order of a set.
    zh, en : str
        What it is, one line.
    data : bool
        Holds the month's data: the same bytes in a preliminary and in a confirmed month.
    wanted : callable (Made) -> bool
        Whether this month has it.
    people : bool
        For people rather than for programs.
    needs : str
        What a pollutant must not refuse (``refused`` of ``rules/pollutants.toml``), for it to be made; "": nothing. The
        default is for a product that was written for PM2.5 and is made of nothing else.
    apart : bool
        Where there are hands it is made by one of them, after all others: no product is made of it, and it asks for
        nothing that ``hands`` leave out.
    """

    files: tuple[str, ...]
    write: Callable[[Made], Any]
    zh: str
    en: str
    data: bool = False
    wanted: Callable[[Made], bool] = lambda made: True
    people: bool = False
    needs: str = SLOT
    apart: bool = False

    def why_not(self, of: Pollutant) -> str:
        """Why it is not made of a pollutant, a sentence; "" where it is."""
        if of.usual or not self.needs:
            return ""
        return "it was written for PM2.5" if self.needs == SLOT else of.refused.get(self.needs, ("", ""))[1]

    def holds(self, name: str) -> bool:
        """Whether a file below the month's folder is this product's."""
        return any(fnmatchcase(name, pattern) for pattern in self.files)


def _warnings(made: Made) -> None:
    from hotspot.publish.tables.lists import write_warnings

    write_warnings(made.folder / "warnings.csv", made.derived.warned, decimals=made.decimals, of=made.of)


def _not_ranked(made: Made) -> None:
    from hotspot.publish.tables.lists import write_not_ranked

    write_not_ranked(made.folder / "not_ranked.csv", made.derived.not_ranked)


def _hotspots(made: Made) -> None:
    from hotspot.rank.select.hotlist import write_hotspots

    write_hotspots(made.folder / "hotspots.csv", made.derived.hot, made.of)


def _quarantine(made: Made) -> None:
    from hotspot.publish.tables.quarantine import write_quarantine

    write_quarantine(made.folder / "quarantine.jsonl", made.derived.delivered.intake)


def _sub_cells(made: Made) -> None:
    """The month's 500 m values of the warned cells; only the header where there are no micro-stations."""
    import pandas as pd

    columns, fine = kinds("sub_cells.csv"), made.derived.fine
    fine = pd.DataFrame(columns=list(columns)) if fine is None else fine
    write_list(made.folder / "sub_cells.csv", fine, columns, made.decimals)


def _inventory(made: Made) -> None:
    from hotspot.publish.tables.inventory import write_inventory

    write_inventory(made.folder / "inventory.csv", made.derived.inventory)


def _stations(made: Made) -> None:
    from hotspot.publish.tables.stations import write_stations

    write_stations(made.folder / "stations.csv", made.derived.delivered.reference, made.study, made.month)


def _cells(made: Made) -> None:
    from hotspot.publish.tables.cells import write_cells

    field, hot, gi, warned, standing = (getattr(made.derived, n) for n in ("field", "hot", "gi", "warned", "standing"))
    write_cells(made.folder / "cells.parquet", field, hot=hot, gi=gi, warned=warned, standing=standing)


def _workbook(made: Made) -> None:
    from hotspot.publish.tables.workbook import write_workbook

    about = {n: getattr(made.derived, n) for n in ("field", "warned", "not_ranked", "hot", "emerging")}
    write_workbook(made.folder / "warnings.xlsx", study=made.study, month=made.month, **about)


def _geopackage(made: Made) -> None:
    from hotspot.publish.tables.geopackage import write_geopackage

    about = {n: getattr(made.derived, n) for n in ("field", "hot", "warned")}
    about |= {"facilities": made.derived.delivered.facilities}
    write_geopackage(made.folder / "warnings.gpkg", study=made.study, month=made.month, **about)


def _map(made: Made) -> None:
    from hotspot.publish.web.webmap import web_map

    known = ("hot", "not_ranked", "gi", "history", "standing", "emerging", "past", "layers", "days")
    about = {name: getattr(made.derived, name) for name in known}
    about |= {"facilities": made.derived.delivered.facilities}
    derived = made.derived
    about |= {"hours": derived.fine.attrs.get("hours") if derived.fine is not None else None}
    page = web_map(derived.field, derived.warned, derived.traced, study=made.study, **about)
    page.save(made.folder / "map.html")


def _checklists(made: Made) -> None:
    from hotspot.publish.tables.checklists import write_checklists

    about = {n: getattr(made.derived, n) for n in ("warned", "checklist", "routes", "inventory")}
    write_checklists(made.folder / "checklists.xlsx", study=made.study, month=made.month, **about)


def _sheets(made: Made) -> None:
    from hotspot.publish.paper.sheets import of_month, write_sheets

    about = of_month(made.derived) | {"store": made.store, "hands": made.hands}
    write_sheets(made.folder, study=made.study, month=made.month, state=made.state, **about)


def _report(made: Made) -> None:
    from hotspot.publish.analysis.report import write_report

    write_report(
        made.folder, study=made.study, month=made.month, derived=made.derived, state=made.state, store=made.store
    )


def _check(name: str, product: object) -> None:
    """Refuse what is no product, leaves the folder, or writes a file that another product writes."""
    if not isinstance(product, Product):
        raise TypeError(f"{name!r} is of type {type(product).__name__}; give one Product.")
    others = [pattern for product in _OURS.values() for pattern in product.files] + list(AFTER)
    for pattern in product.files:
        plain_path(pattern)
        if any(fnmatchcase(pattern, other) or fnmatchcase(other, pattern) for other in others):
            raise ValueError(f"{name!r} would write {pattern}, which is another product's; choose another name")


_OURS = {
    "warnings": Product(("warnings.csv",), _warnings, "预警名单（供程序读取）", "the list for machines", data=True,
        needs="",
    ),
    "not_ranked": Product(
        ("not_ranked.csv",), _not_ranked, "未参评网格及原因", "who was left out, and why", data=True, needs=""
    ),
    "hotspots": Product(
        ("hotspots.csv",), _hotspots, "本月所用热点网格名单", "the yearly list that was applied", data=True,
        needs="",
    ),
    "quarantine": Product(
        ("quarantine.jsonl",), _quarantine, "未采用的数据行及原因", "every row that was set aside, and why", data=True,
        needs="",
    ),
    "sub_cells": Product(
        ("sub_cells.csv",), _sub_cells, "预警网格的500米值",
        "500 m values of the warned cells and what each rests on, where there are micro-stations",
        needs="fine",
    ),
    "inventory": Product(
        ("inventory.csv",), _inventory, "污染源所在网格一览", "every facility with its cell, or why it has none",
        needs="",
    ),
    "stations": Product(
        ("stations.csv",), _stations, "站点月均值排名", "the stations' means, where cells cannot be told apart",
        needs="",
        wanted=lambda made: made.derived.field.attrs.get("ranks") == "stations",
    ),
    "cells": Product(
        ("cells.parquet",), _cells, "全部网格的数值", "every cell with everything the month knows of it", data=True,
        needs="",
    ),
    "workbook": Product(
        ("warnings.xlsx",), _workbook, "公开名单", "the public list (公开名单), a sheet per city", people=True,
        needs="", apart=True,
    ),
    "geopackage": Product(("warnings.gpkg",), _geopackage, "地图软件用图层", "layers for a map program", needs="",
        apart=True,
    ),
    "map": Product(("map.html",), _map, "网页地图", "the map; opens with no network", people=True, needs="",
        apart=True,
    ),
    "checklists": Product(
        ("checklists.xlsx",), _checklists, label_of("checklists"), "the problem lists", people=True, needs="trace",
        apart=True,
    ),
    "sheets": Product(
        ("sheets.pdf", "sheets/*.pdf"), _sheets, "现场工作单", "three pages per warning cell for the field team",
        people=True, needs="",
    ),
    "report": Product(
        ("report.pdf", "reports/*.pdf"), _report, "分析报告", "the analysis report (分析报告), a chapter per city",
        people=True, needs="", apart=True,
    ),
}  # fmt: skip
PRODUCTS: Registry[Product] = Registry("hotspot.products", _OURS, _check)


def data_files() -> list[str]:
    """
    Files that are the same in a preliminary and in a confirmed month: no state is printed on them.

    Examples
    --------
    >>> data_files()
    ['warnings.csv', 'not_ranked.csv', 'hotspots.csv', 'quarantine.jsonl', 'cells.parquet']
    """
    return [name for product in PRODUCTS.values() if product.data for name in product.files]


def strangers(names: Iterable[str]) -> list[str]:
    """
    Files of a month that no product, notice or manifest accounts for.

    Examples
    --------
    >>> strangers(["warnings.csv", "sheets/A.pdf", "manifest.json", "notes.txt"])
    ['notes.txt']
    """
    known = list(PRODUCTS.values())
    return [
        name
        for name in names
        if not any(product.holds(name) for product in known) and not any(fnmatchcase(name, p) for p in AFTER)
    ]
