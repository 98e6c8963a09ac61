"""The network of a study: register read, joined to cells, judged, written (B1, B2, B3, B12, B13, B25)."""

import csv
import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from hotspot.deliveries.run import Deliveries
from hotspot.ledger.network.people import (
    CHIEFS,
    Answers,
    Register,
    answerable,
    count_check,
    in_force,
    interests_in,
    staffing_findings,
    unit_counts,
)
from hotspot.rules.calendar import month_minus, parse_month
from hotspot.rules.readings import footer
from hotspot.sources.intake import Intake
from hotspot.study import Study
from hotspot.variables import DataError


def register_of(study: Study, intake: Intake | None = None) -> tuple[Register, dict[str, Any]] | None:
    """
    The register that a study names, with the outlines it brings; None where it names none.

    Parameters
    ----------
    intake : Intake, optional
        Gets the files, of the run's ``Deliveries``; default one of its own.
    """
    from hotspot.sources.network import read_network

    if not (study.network.units or study.network.people):
        return None
    tables = read_network(study.network, study.root, intake or Deliveries(study).intake())
    return Register(tables.units, tables.people, study.criteria.network), tables.shapes


def judge_of(study: Study, deliveries: Deliveries | None = None) -> tuple[Register, dict[str, Any]] | None:
    """The register as it judges who writes: it knows the enterprises of interest by their names, too (B12)."""
    deliveries = deliveries or Deliveries(study)
    found = register_of(study, deliveries.intake())
    wanted = {one for text in found[0].people["interests"] for one in interests_in(text)} if found else set()
    if found is None or not wanted or not study.facilities:
        return found
    listed = deliveries.facilities()
    listed = listed[listed["facility"].isin(wanted) & (listed["name"] != "")]
    named = {str(name): frozenset(own) for name, own in listed.groupby("name")["facility"]}
    return replace(found[0], enterprises=named), found[1]


def members_of(study: Study, day: str = "", intake: Intake | None = None) -> pd.DataFrame | None:
    """The member offices (A6) that stand on a day ("" for every row); None where the study names no table of them."""
    from hotspot.sources.members import read_members

    if not study.network.members:
        return None
    table = read_members(study.root, study.network.members, intake or Deliveries(study).intake())
    return in_force(table, day) if day else table


def joined_cells(study: Study, register: Register, shapes: dict[str, Any], day: str) -> pd.DataFrame:
    """Which cells belong to which unit on a day: DataFrame as ``grid.unit_cells``."""
    from hotspot.grid.unit_cells import unit_cells

    rule = study.criteria.network
    return unit_cells(
        study.cells, study.grid, register.on(day).units, shapes, boundaries=study.boundaries, overlap=rule.overlap,
        radius_m=rule.key_radius_m,
    )  # fmt: skip


def last_day(month: str) -> str:
    """
    The last day of a month, on which its register stands.

    Examples
    --------
    >>> last_day("2025-02")
    '2025-02-28'
    """
    parse_month(month)
    return str((pd.Timestamp(f"{month_minus(month, -1)}-01") - pd.Timedelta(days=1)).date())


def people_of_month(
    study: Study, month: str, intake: Intake | None = None
) -> dict[str, tuple[Answers, Answers, Answers]]:
    """Who answers for each cell at the end of a month, as ``answerable``; empty without a register."""
    found = register_of(study, intake)
    if found is None:
        return {}
    day = last_day(month)
    return answerable(found[0], joined_cells(study, *found, day), day)


def staffing_sentences(study: Study, month: str) -> list[str]:
    """What the register lacks at the end of a month, a sentence each; nothing without a register."""
    found = register_of(study)
    if found is None:
        return []
    day, rule = last_day(month), study.criteria.network
    table = staffing_findings(found[0], day)
    told = [f"{row.name}: {row.zh} ({row.en}; {row.clause})" for row in table.itertuples()]
    counted = count_check(unit_counts(found[0], day), rule)
    return told + [f"{zh} ({en}; E1)" for zh, en in counted]


def basics_of_network(
    study: Study, month: str, *, out: Path | str = "out", published: bool = True
) -> dict[tuple[str, str], str]:
    """
    Items 2 and 3 of the assessment as the register fills them (B14): of every county and park.

    Parameters
    ----------
    out : str or Path, where ``public/people.csv`` was written
    published : bool
        Also judge item 3; only the list that stands now can be judged, so not for months before.

    Returns
    -------
    dict (unit's name, item) -> what is not met, "" where it is met; empty without a register

    Notes
    -----
    Item 2 is not met where a township or village of the unit has no deputy of rank; item 3 where the public list is
    missing, or lacks a chief that the register has at the month's end.
    """
    found = register_of(study)
    if found is None or not study.criteria.network.staffing:
        return {}
    day = last_day(month)
    standing = found[0].on(day)
    lacking = staffing_findings(found[0], day)
    lacking = set(lacking.loc[lacking["en"].str.startswith("no deputy"), "unit"])
    names = dict(zip(standing.units["unit"], standing.units["name"], strict=True))
    chiefs = standing.people[standing.people["role"].isin(CHIEFS)]
    listed = _listed(Path(out) / study.id / "public" / "people.csv")
    told: dict[tuple[str, str], str] = {}
    for unit in standing.units[standing.units["tier"].isin(["county", "park"])].itertuples():
        own = units_below(standing.units, unit.unit)
        bare = sorted(names[one] for one in own & lacking)
        told[unit.name, "2"] = f"没有副网格长包联：{'、'.join(bare)}" if bare else ""
        if published:
            wanted = {(names[row.unit], row.name) for row in chiefs[chiefs["unit"].isin(own)].itertuples()}
            missing = sorted(name for _, name in wanted - listed)
            told[unit.name, "3"] = f"公示名单没有{'、'.join(missing[:5])}" if missing else ""
    return told


def _listed(path: Path) -> set[tuple[str, str]]:
    """(unit, name) of every row of the public list; nothing where it was never written."""
    from hotspot.text.csv_rows import unescape_text

    if not path.is_file():
        return set()
    with open(path, encoding="utf-8-sig", newline="") as stream:
        return {(unescape_text(row["单位"]), unescape_text(row["姓名"])) for row in csv.DictReader(stream)}


def units_below(units: pd.DataFrame, unit: str) -> set[str]:
    """
    A unit with all that stands below it.

    Examples
    --------
    >>> sorted(units_below(pd.DataFrame({"unit": ["C", "T", "X"], "parent": ["", "C", ""]}), "C"))
    ['C', 'T']
    """
    found: set[str] = set()
    rest = {unit}
    while rest:
        found |= rest
        rest = set(units.loc[units["parent"].isin(rest), "unit"]) - found
    return found


def show_network(study: Study, *, day: str = "", out: Path | str = "out") -> dict[str, Any]:
    """
    The network as it stands: workbook for the office, list for the public, staffing findings.

    Parameters
    ----------
    study : Study
        With ``[network] units, people``.
    day : str, "YYYY-MM-DD"
        Default: the end of the last published month; before the first one, the latest day on which a row begins.
    out : str or Path
        ``OUT/<study id>/loop/network.xlsx`` and ``OUT/<study id>/public/people.csv`` are written; where the study has
        a ledger, the version of the register is entered in it (kinds ``unit`` and ``person``: digests, no names).

    Returns
    -------
    dict: ``day``, ``counts`` by tier, ``people``, ``findings`` (records), ``members`` (offices, A6), ``files``,
    ``sentences``

    Raises
    ------
    DataError
        The study names no register, or it cannot be read.
    """
    from hotspot.publish.tables.network_book import write_network_book, write_public_people
    from hotspot.sources.members import without_office

    intake = Deliveries(study).intake()
    found = register_of(study, intake)
    if found is None:
        raise DataError(f'{study.path.name}: no register; add [network] units = "units.csv", people = "people.csv".')
    register, shapes = found
    home = Path(out) / study.id
    day = _day(day, register, home)
    standing, rule = register.on(day), study.criteria.network
    joined, findings = joined_cells(study, register, shapes, day), staffing_findings(register, day)
    counted = count_check(unit_counts(register, day), rule)
    members = members_of(study, day, intake)
    lacking = [] if members is None else without_office(members)
    notes = [f"规则档案 {study.criteria.profile}；{line}" for line in footer(study.criteria, "network")]
    notes += [f"{zh}（E1）" for zh, _ in counted]
    notes += [f"{q.path} 第{q.row}行未采用：{q.rule}" for q in intake.quarantine]
    book = write_network_book(
        home / "loop" / "network.xlsx", units=standing.units, people=standing.people, findings=findings, joined=joined,
        rule=rule, day=day, notes=notes, members=members,
    )  # fmt: skip
    public = write_public_people(
        home / "public" / "people.csv", standing.units, standing.people, rule, study.office.contact
    )
    _enter(home, day, standing, intake)
    counts = unit_counts(register, day)
    lines = [f"{study.id} on {day}: " + ", ".join(f"{rule.name_of(tier)} {n}" for tier, n in counts.items())]
    lines += [f"{row.name}: {row.zh} ({row.en})" for row in findings.itertuples()]
    lines += [f"{zh} ({en})" for zh, en in counted]
    lines += [f"没有成员单位承担：{'、'.join(lacking)} (no member office: A6)"] if lacking else []
    lines += [f"{q.path}, row {q.row}: {q.rule}; set aside" for q in intake.quarantine]
    lines += [f"written: {path}" for path in (book, public)]
    return {
        "day": day, "counts": counts, "people": int(standing.people["person"].nunique()),
        "findings": findings.to_dict("records"), "members": 0 if members is None else len(members),
        "files": [str(book), str(public)], "sentences": lines,
    }  # fmt: skip


def _day(day: str, register: Register, home: Path) -> str:
    from hotspot.ledger.chain.storage import FILE, is_there
    from hotspot.ledger.chain.store import open_ledger

    if not day and is_there(home / FILE):
        with open_ledger(home / FILE) as ledger:
            months = [entry.month for entry in ledger.entries("month")]
        if months:
            return last_day(max(months))
    if not day:
        return str(max([*register.units["from"], *register.people["from"], "2018-01-01"]))
    try:
        return str(pd.Timestamp(day).date())
    except ValueError:
        raise ValueError(f"{day!r} is no day; write it like 2025-12-31.") from None


def _enter(home: Path, day: str, standing: Register, intake: Intake) -> None:
    """The version of the register into the ledger of a study that has one: what stood, by its digest."""
    from hotspot.ledger.chain.storage import FILE, is_there
    from hotspot.ledger.chain.store import open_ledger

    if not is_there(home / FILE):
        return
    files = {record.path: record.sha256 for record in intake.files.values()}
    with open_ledger(home / FILE) as ledger:
        for kind, table in (("unit", standing.units), ("person", standing.people)):
            known = {(e.body["rows_sha256"], e.body["day"]) for e in ledger.entries(kind)}
            body = {"day": day, "n": len(table), "rows_sha256": _digest(table), "files": dict(sorted(files.items()))}
            if (body["rows_sha256"], day) not in known:
                ledger.append(kind, day[:7], body)


def _digest(table: pd.DataFrame) -> str:
    return hashlib.sha256(table.to_csv(index=False, lineterminator="\n").encode("utf-8")).hexdigest()
