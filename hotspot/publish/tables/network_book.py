"""The register of units and people as a workbook for the office, and what of it is published (B1, B3, B25)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from hotspot.publish.tables.book import Sheet, write_book
from hotspot.rules.network import FUNCTIONS, RANKS, ROLES, TIERS, Network
from hotspot.text.csv_rows import escape_text, write_csv
from hotspot.text.labels import label_of
from hotspot.text.table import heads, titles

PUBLIC_HEADS = tuple(titles("loop/people.csv").values())
_PUBLIC_ROLES = ("chief", "co_chief", "deputy_chief")
_UNITS = heads("loop/network.xlsx/网格")
_PEOPLE = heads("loop/network.xlsx/人员")
_FINDINGS = heads("loop/network.xlsx/配备")
_CELLS = heads("loop/network.xlsx/网格对应")
_MEMBERS = heads("loop/network.xlsx/成员单位")
_HOW = {"area": "按面积", "point": "按点位", "parent": "随上级单位", "radius": "按半径"}


def write_network_book(
    path: str | Path, *, units: pd.DataFrame, people: pd.DataFrame, findings: pd.DataFrame, joined: pd.DataFrame,
    rule: Network, day: str, notes: list[str], members: pd.DataFrame | None = None,
) -> Path:  # fmt: skip
    """
    Write ``network.xlsx``: tree of units, people, staffing findings, cells of each unit. Held by the office (internal).

    Parameters
    ----------
    units, people : DataFrame, of a ``Register`` as it stands on ``day``
    findings : DataFrame, from ``staffing_findings``
    joined : DataFrame, from ``unit_cells``
    notes : list of str, under every table
    members : DataFrame, from ``sources.members.read_members``, optional
    """
    names = dict(zip(units["unit"], units["name"], strict=True))
    tiers = dict(zip(units["unit"], units["tier"], strict=True))
    told = findings.groupby("unit")["zh"].agg("；".join).to_dict() if len(findings) else {}
    n_people, n_cells = people.groupby("unit")["person"].nunique(), joined[joined["owner"]].groupby("unit").size()
    rows = [
        {
            "tree": "　" * depth + row["name"], "tier": rule.name_of(row["tier"]), "unit": row["unit"],
            "people": int(n_people.get(row["unit"], 0)), "cells": int(n_cells.get(row["unit"], 0)),
            "findings": told.get(row["unit"], ""), "from": row["from"], "until": row["until"],
        }
        for depth, row in _tree(units)
    ]  # fmt: skip
    staff = people.assign(
        unit_name=people["unit"].map(names).fillna(people["unit"]),
        tier=[rule.name_of(tiers[unit]) if unit in tiers else "" for unit in people["unit"]],
        role=people["role"].map(ROLES), rank=people["rank"].map(RANKS),
    )  # fmt: skip
    cells = joined.assign(
        name=joined["unit"].map(names), tier=joined["tier"].map(rule.name_of), how=joined["how"].map(_HOW),
        share=(100 * joined["share"]).round(1),
    )  # fmt: skip
    shown = findings.assign(tier=findings["tier"].map(rule.name_of))
    sheets = {
        "网格": Sheet(f"网格体系（{day}）", _UNITS, pd.DataFrame(rows, columns=list(_UNITS)), notes),
        "人员": Sheet(f"网格人员（{day}，内部）", _PEOPLE, staff, notes),
        "配备": Sheet(f"配备问题（{day}）", _FINDINGS, shown, notes),
        "网格对应": Sheet("网格与单位对应", _CELLS, cells, notes),
    }
    if members is not None:
        said = members.assign(functions=[functions_zh(text) for text in members["functions"]])
        sheets[label_of("member_offices")] = Sheet(f"成员单位（{day}，内部）", _MEMBERS, said, notes)
    return write_book(path, sheets, created=day)


def functions_zh(text: str) -> str:
    """
    Functions of a member office in Chinese.

    Examples
    --------
    >>> functions_zh("monitor;warn")
    '监测、预警'
    """
    return "、".join(FUNCTIONS[key] for key in text.split(";") if key in FUNCTIONS)


def write_public_people(path: str | Path, units: pd.DataFrame, people: pd.DataFrame, rule: Network, line: str) -> Path:
    """
    Write ``people.csv``: who answers for which unit, and where to complain (annex 2, item 3). No private number.

    Parameters
    ----------
    units, people : DataFrame, of a ``Register`` as it stands
    line : str
        The office's own number, for a unit without a liaison, whose number is the unit's complaint line.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = people[people["role"] == "liaison"].drop_duplicates("unit").set_index("unit")["phone"]
    rows = [
        [row["name"], rule.name_of(row["tier"]), ROLES[one.role].replace("（双）", ""), one.name,
         lines.get(row["unit"], "") or line]
        for _, row in _tree(units)
        for one in people[(people["unit"] == row["unit"]) & people["role"].isin(_PUBLIC_ROLES)].itertuples()
    ]  # fmt: skip
    return write_csv(path, PUBLIC_HEADS, ([escape_text(str(value)) for value in row] for row in rows))


def _tree(units: pd.DataFrame) -> Iterator[tuple[int, dict[str, Any]]]:
    """(depth, row) in order of the tree; a unit whose parent is not there begins a branch of its own."""
    order = list(TIERS)
    rows = sorted(units.to_dict("records"), key=lambda row: (order.index(row["tier"]), row["unit"]))
    ids = {row["unit"] for row in rows}
    below: dict[str, list] = {}
    for row in rows:
        below.setdefault(row["parent"] if row["parent"] in ids - {row["unit"]} else "", []).append(row)
    seen: set[str] = set()

    def walk(unit: str, depth: int) -> Iterator[tuple[int, dict[str, Any]]]:
        for row in below.get(unit, []):
            if row["unit"] not in seen:
                seen.add(row["unit"])
                yield depth, row
                yield from walk(row["unit"], depth + 1)

    yield from walk("", 0)
    yield from ((0, row) for row in rows if row["unit"] not in seen)  # parents in a ring
