"""
How each register names its columns: one function per layout.

Each returns a frame beside the table's rows, all text: ``facility name class_ word
lon lat datum size size_unit pollutant accuracy status vintage country``. ``attrs`` say which
of the file's columns hold the longitude, the name and the size, whether ``class_`` is settled
(empty = no source of PM2.5), and which column holds the class word.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pandas as pd

from hotspot.registry import Registry, a_function
from hotspot.rules.classes import dossier_papers
from hotspot.rules.emissions import is_unit
from hotspot.sources.aliases import header_unit, mapped, our_names, plain
from hotspot.sources.places.positions import degree_texts, place_names, tidy_id
from hotspot.sources.tables import Table
from hotspot.study import Facilities
from hotspot.variables import DataError

_SCHEMA = (
    "facility",
    "name",
    "class_",
    "word",
    "lon",
    "lat",
    "datum",
    "size",
    "size_unit",
    "pollutant",
    "accuracy",
    "status",
    "vintage",
    "country",
    *dossier_papers(),
)
_AS_WRITTEN = tuple(name for name in _SCHEMA if name not in ("facility", "class_", "word", "country"))
_NO_SOURCE = ("hydro", "wind", "solar", "nuclear", "geothermal", "wave and tidal")
_ENTERPRISE = ("企业名称", "单位名称", "排污单位名称", "污染源名称")  # who a row is, where no column is called its name
_STATUS = {
    "operational": "operating",
    "operating": "operating",
    "shutdown": "shut down",
    "under construction": "under construction",
}


def wri_power(table: Table, delivery: Facilities) -> pd.DataFrame:
    """WRI Global Power Plant Database, raw country table. Only what burns is a source of PM2.5."""
    need = ("Power Plant ID", "Name", "Fuel", "Capacity (MW)", "Operational Status", "Latitude", "Longitude", "Country")
    _require(table, need)
    text = table.frame
    out = _empty(text)
    out["facility"] = "wri-" + text["Power Plant ID"].map(tidy_id)
    out["name"], out["lon"], out["lat"] = text["Name"], text["Longitude"], text["Latitude"]
    out["word"] = text["Fuel"].str.strip()
    out["class_"] = out["word"].map(lambda fuel: "" if fuel.lower() in _NO_SOURCE else "power")
    out["size"], out["size_unit"] = text["Capacity (MW)"], "MW"
    out["status"] = text["Operational Status"].map(_status)
    out["country"] = text["Country"].map(lambda name: "CHN" if "china" in name.lower() else "")
    return _with(out, lon="Longitude", name="Name", size="Capacity (MW)", classed=True)


def sfi_cement(table: Table, delivery: Facilities) -> pd.DataFrame:
    """Spatial Finance Initiative, cement plants."""
    need = ("iso3", "uid", "gcd_plant_name", "status", "latitude", "longitude", "accuracy", "capacity", "capacity_unit")
    _require(table, need)
    text = table.frame
    out = _sfi(text, "cement", ["gcd_plant_name", "gcd_company_name", "company_name", "gcd_location"])
    out["size"], out["size_unit"] = text["capacity"], text["capacity_unit"]
    return _with(out, lon="longitude", name="gcd_plant_name", size="capacity", classed=True)


def sfi_steel(table: Table, delivery: Facilities) -> pd.DataFrame:
    """Spatial Finance Initiative, iron and steel plants. The file does not say the unit of its capacity."""
    need = (
        "iso3",
        "uid",
        "pf_owner",
        "status",
        "latitude",
        "longitude",
        "accuracy",
        "pf_total_raw_production_capacity",
    )
    _require(table, need)
    text = table.frame
    out = _sfi(text, "steel", ["pf_owner", "owner_name", "pf_location"])
    out["size"] = text["pf_total_raw_production_capacity"]
    return _with(out, lon="longitude", name="pf_owner", size="pf_total_raw_production_capacity", classed=True)


def general(table: Table, delivery: Facilities) -> pd.DataFrame:
    """The general schema: name, class, lon, lat, and what else is known, under any known header."""
    extra = mapped(delivery.columns, table.columns, name=table.name)
    extra = {theirs: "class_" if ours == "class" else ours for theirs, ours in extra.items()}
    known = (*_SCHEMA, "station")
    # In a register the column "id" is the facility's, and "unit" the size's.
    for theirs in table.columns:
        if theirs.strip().lower() in ("id", "编号") and "facility" not in extra.values():
            extra.setdefault(theirs, "facility")
    if "name" not in our_names(table.columns, extra=extra, name=table.name, known=("name",)):
        extra |= {theirs: "name" for theirs in table.columns if plain(theirs) in _ENTERPRISE}
    ours, places = place_names(table.columns, extra=extra, required=("name",), name=table.name, known=known)
    out = _empty(table.frame)
    for name in _AS_WRITTEN:
        if name in ours:
            out[name] = degree_texts(table, places[name]) if name in ("lon", "lat") else table.frame[ours[name]]
    if "size" in ours and "size_unit" not in ours:  # 装机容量(MW), capacity_mw
        said = header_unit(ours["size"]) or ("MW" if plain(ours["size"]).endswith("mw") else "")
        out["size_unit"] = out["size"].where(out["size"].str.strip() == "", said if is_unit(said) else "")
    if "facility" in ours:
        out["facility"] = table.frame[ours["facility"]].map(tidy_id)
    if "class_" in ours:
        out["word"] = table.frame[ours["class_"]].str.strip()
    return _with(out, lon=ours["lon"], name=ours["name"], size=ours.get("size"), classed=False, word=ours.get("class_"))


def _sfi(text: pd.DataFrame, key: str, names: Sequence[str]) -> pd.DataFrame:
    out = _empty(text)
    out["facility"] = f"sfi-{key}-" + text["uid"].map(tidy_id)
    out["class_"] = key
    out["lon"], out["lat"] = text["longitude"], text["latitude"]
    name = pd.Series("", index=text.index, dtype=object)
    for column in (column for column in names if column in text.columns):
        name = name.where(name.str.strip() != "", text[column].astype(object))
    out["name"] = name.where(name.str.strip() != "", "(" + text["uid"].astype(object) + ")")
    out["accuracy"], out["country"] = text["accuracy"], text["iso3"]
    out["status"] = text["status"].map(_status)
    if "date_accessed" in text.columns:
        out["vintage"] = text["date_accessed"].str.slice(0, 4)
    return out


def _status(word: Any) -> str:
    return _STATUS.get(str(word).strip().lower(), str(word).strip())


def _require(table: Table, need: Iterable[str]) -> None:
    lacking = [name for name in need if name not in table.columns]
    if lacking:
        raise DataError(
            f"{table.name}: column {lacking[0]!r} is missing, so this is not the declared layout; "
            f'the header has: {", ".join(table.columns[:8])} ...; for other registers use layout = "table".'
        )


def _empty(text: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series("", index=text.index, dtype=object) for name in _SCHEMA})


def _with(
    out: pd.DataFrame, *, lon: str, name: str, size: str | None, classed: bool, word: str | None = None
) -> pd.DataFrame:
    out = out.astype(object)
    out.attrs.update(lon=lon, name=name, size=size, classed=classed, word=word)
    return out


# A layout is a function (table, delivery) -> frame like ``general``; from outside under the entry points of this name.
LAYOUTS: Registry[Callable[..., pd.DataFrame]] = Registry(
    "hotspot.layouts.facilities",
    {
        "wri-power": wri_power,
        "sfi-cement": sfi_cement,
        "sfi-steel": sfi_steel,
        "table": general,
        "general": general,
    },
    a_function,
)
