"""
What the variables of a field are called in the CF conventions, so that other programs know them.

``unit`` is the package's own word and stays; ``units`` is CF's, in the spelling of UDUNITS.
"""

from functools import lru_cache
from importlib.metadata import version
from typing import Any

import numpy as np
import xarray as xr

from hotspot.rules.pollutants import POLLUTANTS, SLOT

CONVENTIONS = "CF-1.8"
# Attributes of the file, not of the month: a manifest does not repeat them.
OF_THE_FILE = ("Conventions", "title", "history")
GRID_MAPPING = "spatial_ref"
_MEAN = "area: mean time: mean"
_CONCENTRATION = {"unit": "ug/m3", "units": "ug m-3"}
_COUNT = {"unit": "1", "units": "1"}
_COMPANIONS = "pm25_error coverage n_valid valid why"

_VARIABLES: dict[str, dict[str, Any]] = {
    "pm25": {**_CONCENTRATION, "standard_name": "@cf@", "long_name": "@pollutant_en@, @value_en@ of the month",
             "cell_methods": _MEAN, "ancillary_variables": _COMPANIONS},
    "pm25_error": {**_CONCENTRATION, "standard_name": "@cf@ standard_error",
                   "long_name": "standard error of pm25 (1 sd)"},
    "coverage": {**_COUNT, "long_name": "share of the cell's area observed", "cell_methods": "time: mean"},
    "n_valid": {**_COUNT, "standard_name": "number_of_observations",
                "long_name": "days behind the mean; missing where a product does not tell them"},
    "valid": {"long_name": "may be ranked", "flag_values": np.array([0, 1], "int8"),
              "flag_meanings": "not_valid valid"},
    "why": {"long_name": "why the value may not be ranked; empty where it may"},
    "pm25_base": {**_CONCENTRATION, "standard_name": "@cf@", "cell_methods": _MEAN,
                  "long_name": "@pollutant_en@ a change is taken from"},
    "pm25_plain": {**_CONCENTRATION, "standard_name": "@cf@", "cell_methods": _MEAN,
                   "long_name": "@pollutant_en@ of the satellite, before it was corrected by stations"},
    "pm25_seen": {**_CONCENTRATION, "standard_name": "@cf@", "cell_methods": _MEAN,
                  "long_name": "@pollutant_en@, mean of the days that were seen"},
    "pm25_filled": {**_CONCENTRATION, "standard_name": "@cf@", "cell_methods": _MEAN,
                    "long_name": "@pollutant_en@, mean of all days, the unseen ones filled"},
    "pm25_normalised": {**_CONCENTRATION, "long_name": "@pollutant_en@ in average weather"},
    "pm25_normalised_low": {**_CONCENTRATION,
                            "long_name": "@pollutant_en@ in average weather, lower end of the interval"},
    "pm25_normalised_high": {**_CONCENTRATION,
                             "long_name": "@pollutant_en@ in average weather, upper end of the interval"},
    "pm25_normalised_change": {**_COUNT, "long_name": "change in average weather from the same month a year before"},
    "pm25_normalised_change_low": {**_COUNT, "long_name": "lower end of pm25_normalised_change"},
    "pm25_normalised_change_high": {**_COUNT, "long_name": "upper end of pm25_normalised_change"},
    "level": {**_CONCENTRATION, "long_name": "level of the year's list, the second criterion"},
}  # fmt: skip
_COORDINATES: dict[str, dict[str, Any]] = {
    "time": {"standard_name": "time", "long_name": "first local day of the month", "axis": "T"},
    "month": {"long_name": "month"},
    "cell": {"long_name": "code of the cell"},
    "lon": {"standard_name": "longitude", "units": "degrees_east", "long_name": "longitude of the centre, WGS 84"},
    "lat": {"standard_name": "latitude", "units": "degrees_north", "long_name": "latitude of the centre, WGS 84"},
    "x": {"standard_name": "projection_x_coordinate", "units": "m", "long_name": "x of the centre"},
    "y": {"standard_name": "projection_y_coordinate", "units": "m", "long_name": "y of the centre"},
    "col": {"units": "1", "long_name": "column of the lattice"},
    "row": {"units": "1", "long_name": "row of the lattice"},
    "area_share": {"units": "1", "long_name": "share of the cell's area inside the region"},
    "label": {"long_name": "name of the cell"},
    "city": {"long_name": "city of the cell"},
    "county": {"long_name": "county of the cell"},
    "township": {"long_name": "township of the cell"},
}

_ENCODINGS: dict[str, dict[str, Any]] = {
    "col": {"dtype": "int32"},
    "row": {"dtype": "int32"},
    "time": {"units": "days since 1970-01-01", "calendar": "standard", "dtype": "int32"},
}


def dressed(field: xr.Dataset) -> xr.Dataset:
    """
    A field with the CF attributes of its variables and, where it knows its projection, the grid mapping.

    Parameters
    ----------
    field : Dataset (cell, time) or (cell)

    Returns
    -------
    Dataset, a shallow copy; values and the caller's object are untouched

    Examples
    --------
    >>> place = {"cell": ["A"], "x": ("cell", [1500.0]), "y": ("cell", [1500.0])}
    >>> field = xr.Dataset({"pm25": ("cell", [35.0])}, place, {"crs": "+proj=laea +lon_0=105 +lat_0=35"})
    >>> told = dressed(field)
    >>> told["pm25"].attrs["units"], told["pm25"].attrs["grid_mapping"], told.rio.crs.is_projected
    ('ug m-3', 'spatial_ref', True)
    """
    import rioxarray  # noqa: F401  so that ``field.rio`` is there

    out, of = field.copy(deep=False), POLLUTANTS[field.attrs.get("variable", SLOT)]
    companions = [name for name in _COMPANIONS.split() if name in field]
    mapped = bool(field.attrs.get("crs")) and {"x", "y"} <= set(field.coords)
    for name in map(str, out.data_vars):
        attrs = dict(out[name].attrs) | _VARIABLES.get(name, {})
        if "time" not in out[name].dims and "cell_methods" in attrs and "time" not in out.coords:
            attrs["long_name"] = attrs["long_name"].replace("of the month", "of the year")
        attrs = {key: of.told(value) for key, value in attrs.items()}
        if of.statistic != "mean":  # CF has no word for a percentile of daily maxima
            attrs.pop("cell_methods", None)
        if "ancillary_variables" in attrs:
            attrs["ancillary_variables"] = " ".join(companions)
        out[name].attrs = attrs | ({"grid_mapping": GRID_MAPPING} if mapped and name not in ("valid", "why") else {})
    for name in map(str, out.coords):
        if name in _COORDINATES:
            out[name].attrs = dict(out[name].attrs) | _COORDINATES[name]
    if mapped:
        out = out.assign_coords({GRID_MAPPING: xr.Variable((), np.int32(0), _mapping(str(field.attrs["crs"])))})
    # A file of the conventions before 1.9 knows no integer of 64 bits.
    for name, told in _ENCODINGS.items():
        if name in out.coords:
            out[name].encoding = dict(out[name].encoding) | told
    return out.assign_attrs(
        Conventions=CONVENTIONS,
        title=f"{of.en} of the cells of a hotspot grid",
        history=f"made by hotspot {_version()}",
    )


@lru_cache(maxsize=1)
def _version() -> str:
    return version("hotspot")


@lru_cache(maxsize=8)
def _mapping(crs: str) -> dict[str, Any]:
    """The attributes of a grid mapping variable."""
    from pyproj import CRS

    told = CRS.from_user_input(crs).to_cf()
    return told | {"spatial_ref": told["crs_wkt"], "long_name": "projection of the lattice"}
