"""The register of units and people as delivered: who looks after what, from when to when (B1, B3, B12)."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import pandas as pd

from hotspot.foreign.answered import answered
from hotspot.grid.vector_file import in_wgs84, read_vector
from hotspot.patterns import find_files
from hotspot.rules.network import RANKS, ROLES
from hotspot.sources.intake import Intake
from hotspot.sources.loop_tables import aside, is_day, kept_rows, once_each, open_register, whole
from hotspot.sources.tables import Table, read_bytes
from hotspot.study_loop import NetworkFiles
from hotspot.text.escape import plain
from hotspot.variables import DataError

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

UNIT_COLUMNS = ("unit", "tier", "name", "parent", "region", "lon", "lat", "radius_m", "from", "until")
PEOPLE_COLUMNS = ("person", "name", "unit", "role", "rank", "duty", "phone", "from", "until", "interests")
_TIERS = MappingProxyType(
    {
        "州": "prefecture", "州本级": "prefecture", "市": "prefecture", "州（市）": "prefecture",
        "县": "county", "县市": "county", "区": "county", "县（市、区）": "county", "县（区、市）": "county",
        "园区": "park", "新城": "park", "乡镇": "township", "街道": "township", "乡镇（街道）": "township",
        "村": "village", "社区": "village", "村（社区）": "village", "重点网格": "key", "热点网格": "cell",
    }
)  # fmt: skip


@dataclass(frozen=True)
class NetworkTables:
    """``units`` and ``people``, all text but lon, lat, radius_m; ``shapes``: unit -> outline, WGS 84."""

    units: pd.DataFrame
    people: pd.DataFrame
    shapes: dict


def read_network(files: NetworkFiles, root: Path, intake: Intake) -> NetworkTables:
    """
    Read the register of units and people.

    Parameters
    ----------
    files : NetworkFiles, of the study
    intake : Intake
        read = used + duplicates + quarantined; a row with an unknown tier, role, rank or date is set aside.

    Returns
    -------
    NetworkTables, sorted by unit, and by unit, role and person

    Raises
    ------
    DataError
        A file is missing or cannot be read, a unit stands twice, a shape is of no unit.

    Examples
    --------
    >>> import tempfile
    >>> root = Path(tempfile.mkdtemp())
    >>> _ = (root / "u.csv").write_text("单位编号,层级,名称\\nT1,乡镇,甲镇\\nX,省,乙\\n", encoding="utf-8")
    >>> intake = Intake(root)
    >>> read_network(NetworkFiles(units="u.csv"), root, intake).units[["unit", "tier"]].values.tolist()
    [['T1', 'township']]
    >>> intake.quarantine[0].rule[:20]
    "tier '省' is none of "
    """
    units = pd.DataFrame(columns=list(UNIT_COLUMNS), dtype=object)
    people = pd.DataFrame(columns=list(PEOPLE_COLUMNS), dtype=object)
    if files.units:
        table = open_register(root, files.units, "network.units", ("unit", "tier", "name"), intake)
        if not len(table.frame):
            raise DataError(
                f"{table.name}: has a header and no row; a network without a unit is none, deliver it again."
            )
        units = _units(table)
    if files.people:
        table = open_register(root, files.people, "network.people", ("name", "unit", "role"), intake)
        people = _people(table, set(units["unit"]))
    return NetworkTables(units, people, _shapes(files, root, intake, units))


def _units(table: Table) -> pd.DataFrame:
    frame = whole(table, UNIT_COLUMNS)
    known = set(_TIERS.values())
    frame["tier"] = [_TIERS.get(word, word) for word in frame["tier"]]
    for name in ("lon", "lat", "radius_m"):
        numbers = pd.to_numeric(frame[name].replace("", None), errors="coerce")
        aside(table, name, numbers.isna() & (frame[name] != ""), "is no number")
        frame[name] = numbers.astype("float64")
    aside(table, "tier", ~frame["tier"].isin(known), f"tier %r is none of {', '.join(sorted(known))}")
    aside(table, "unit", frame["unit"] == "", "a unit without an id")
    dates(table, frame)
    kept = once_each(kept_rows(table, frame), ["unit"], table.name, "give each unit one row")
    return kept.sort_values("unit", kind="stable").reset_index(drop=True)


def _people(table: Table, units: set[str]) -> pd.DataFrame:
    frame = whole(table, PEOPLE_COLUMNS)
    frame["role"] = _ours(frame["role"], ROLES)
    frame["rank"] = _ours(frame["rank"], RANKS).replace("", "other")
    frame["person"] = [person or name for person, name in zip(frame["person"], frame["name"], strict=True)]
    aside(table, "role", ~frame["role"].isin(set(ROLES)), f"role %r is none of {', '.join(ROLES)}")
    aside(table, "rank", ~frame["rank"].isin(set(RANKS)), f"rank %r is none of {', '.join(RANKS)}")
    aside(table, "name", frame["name"] == "", "a person without a name")
    if units:
        aside(table, "unit", ~frame["unit"].isin(units), "unit %r is in no row of the units")
    dates(table, frame)
    again = frame.duplicated()
    table.duplicate(again.to_numpy().nonzero()[0])
    kept = kept_rows(table, frame)
    return kept.sort_values(["unit", "role", "person", "from"], kind="stable").reset_index(drop=True)


def _ours(column: pd.Series, words: Mapping[str, str]) -> pd.Series:
    known = {zh: key for key, zh in words.items()}
    return column.map(lambda text: known.get(text, text))


def dates(table: Table, frame: pd.DataFrame) -> None:
    """Set rows aside whose ``from`` or ``until`` is no day."""
    for name in ("from", "until"):
        wrong = frame[name].map(lambda text: bool(text) and not is_day(text))
        aside(table, name, wrong, "is no date like 2023-05-01")


def _shapes(files: NetworkFiles, root: Path, intake: Intake, units: pd.DataFrame) -> "dict[str, BaseGeometry]":
    """Outline of each unit that has one; names are understood where they are one unit's alone."""
    ids = {unit: unit for unit in units["unit"]}
    names = units[~units["name"].duplicated(keep=False)]
    ids = dict(zip(names["name"], names["unit"], strict=True)) | ids
    found: dict = {}
    for delivery in files.shapes:
        for path in find_files(root, delivery.files, "network shapes"):
            _, record, counted = read_bytes(path, intake)
            with answered(f"network shapes {path.name}"):
                frame = read_vector(path, "outlines")
            for part in frame.attrs["also"]:
                intake.register(part)
            if delivery.datum is None and frame.attrs["crs"] != "declared":
                raise DataError(f'{record.path}: no map datum; add datum = "wgs84" or "gcj02" to [[network.shapes]].')
            if delivery.column not in frame:
                there = ", ".join(str(name) for name in frame.columns if name != "geometry")
                raise DataError(f"{record.path}: there is no column {delivery.column!r}; there are: {there}.")
            outlines = in_wgs84(frame.geometry.to_numpy(), delivery.datum, record.path)
            for word, outline in zip(frame[delivery.column], outlines, strict=True):
                unit = ids.get(plain(str(word)))
                if unit is None:
                    raise DataError(
                        f"{record.path}: {str(word)[:40]!r} is no unit of the register; add it to the units."
                    )
                found[unit] = outline if unit not in found else found[unit].union(outline)
            if counted:
                record.read += len(frame)
                record.used += len(frame)
    return found
