"""The register of units and people as delivered: who looks after what, from when to when (B1, B3, B12)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import pandas as pd

from hotspot.foreign.answered import answered
from hotspot.grid.vector_file import in_wgs84, read_vector
from hotspot.patterns import below, find_files
from hotspot.rules.network import RANKS, ROLES
from hotspot.sources.intake import Intake
from hotspot.sources.loop_tables import read_loop_table
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
_LONGEST = 200


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
    root : Path
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
        units = _units(read_loop_table(_there(root, files.units, "units"), ("unit", "tier", "name"), intake))
    if files.people:
        table = read_loop_table(_there(root, files.people, "people"), ("name", "unit", "role"), intake)
        people = _people(table, set(units["unit"]))
    return NetworkTables(units, people, _shapes(files, root, intake, units))


def _there(root: Path, name: str, what: str) -> Path:
    path = below(root, name, what)
    if not path.is_file():
        raise DataError(f"network.{what}: there is no file {name}; give a table below the data folder.")
    return path


def _units(table: Table) -> pd.DataFrame:
    frame = _whole(table, UNIT_COLUMNS)
    known = set(_TIERS.values())
    frame["tier"] = [_TIERS.get(word, word) for word in frame["tier"]]
    for name in ("lon", "lat", "radius_m"):
        numbers = pd.to_numeric(frame[name].replace("", None), errors="coerce")
        _aside(table, name, numbers.isna() & (frame[name] != ""), "is no number")
        frame[name] = numbers.astype("float64")
    _aside(table, "tier", ~frame["tier"].isin(known), f"tier %r is none of {', '.join(sorted(known))}")
    _aside(table, "unit", frame["unit"] == "", "a unit without an id")
    _dates(table, frame)
    kept = _kept(table, frame)
    twice = kept[kept["unit"].duplicated()]
    if len(twice):
        raise DataError(f"{table.name}: unit {twice['unit'].iloc[0]!r} stands twice; give each unit one row.")
    table.close()
    return kept.sort_values("unit", kind="stable").reset_index(drop=True)


def _people(table: Table, units: set[str]) -> pd.DataFrame:
    frame = _whole(table, PEOPLE_COLUMNS)
    frame["role"] = _ours(frame["role"], ROLES)
    frame["rank"] = _ours(frame["rank"], RANKS).replace("", "other")
    frame["person"] = [person or name for person, name in zip(frame["person"], frame["name"], strict=True)]
    _aside(table, "role", ~frame["role"].isin(set(ROLES)), f"role %r is none of {', '.join(ROLES)}")
    _aside(table, "rank", ~frame["rank"].isin(set(RANKS)), f"rank %r is none of {', '.join(RANKS)}")
    _aside(table, "name", frame["name"] == "", "a person without a name")
    if units:
        _aside(table, "unit", ~frame["unit"].isin(units), "unit %r is in no row of the units")
    _dates(table, frame)
    again = frame.duplicated()
    table.duplicate(again.to_numpy().nonzero()[0])
    kept = _kept(table, frame)
    table.close()
    return kept.sort_values(["unit", "role", "person", "from"], kind="stable").reset_index(drop=True)


def _whole(table: Table, columns: Sequence[str]) -> pd.DataFrame:
    frame = pd.DataFrame({name: table.frame.get(name, "") for name in columns}, dtype=object)
    return frame.map(lambda text: plain(str(text)).strip()[:_LONGEST])


def _ours(column: pd.Series, words: Mapping[str, str]) -> pd.Series:
    known = {zh: key for key, zh in words.items()}
    return column.map(lambda text: known.get(text, text))


def _aside(table: Table, name: str, wrong: pd.Series, rule: str) -> None:
    for at in wrong.to_numpy().nonzero()[0]:
        value = table.cells(name)[at] if name in table.columns else ""
        table.set_aside(at, name, rule % (value,) if "%r" in rule else f"{name} {value!r} {rule}")


def _dates(table: Table, frame: pd.DataFrame) -> None:
    for name in ("from", "until"):
        wrong = frame[name].map(lambda text: bool(text) and not _is_day(text))
        _aside(table, name, wrong, "is no date like 2023-05-01")


def _is_day(text: str) -> bool:
    try:
        return re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) is not None and pd.Timestamp(text) is not pd.NaT
    except ValueError:
        return False


def _kept(table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    return frame[table.status == 0].reset_index(drop=True)


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
