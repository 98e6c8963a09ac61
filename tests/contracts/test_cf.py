"""A field carries what other programs ask for: CF names and units, a projection, and a file that gives it back."""

import re

import numpy as np
import pytest
import xarray as xr
from pyproj import CRS

from hotspot import contracts
from hotspot.deliveries.opening import open_year
from hotspot.estimate.field.monthly import annual_field, monthly_field
from hotspot.synthetic.study import synthetic_month

# Units in the spelling of UDUNITS that the package's own become; the standard names it uses, with their units.
UNITS = {"ug/m3": "ug m-3", "1": "1", "m": "m"}
STANDARD = {
    "mass_concentration_of_pm2p5_ambient_aerosol_particles_in_air": "ug m-3",
    "mass_concentration_of_pm2p5_ambient_aerosol_particles_in_air standard_error": "ug m-3",
    "number_of_observations": "1",
    "time": None,
    "longitude": "degrees_east",
    "latitude": "degrees_north",
    "projection_x_coordinate": "m",
    "projection_y_coordinate": "m",
}


@pytest.fixture(scope="module")
def small():
    return synthetic_month(size="small")


@pytest.fixture(scope="module")
def field(small):
    return monthly_field(small)[0]


@pytest.fixture(scope="module")
def written(field, tmp_path_factory):
    path = tmp_path_factory.mktemp("cf") / "field.nc"
    field.to_netcdf(path)
    return path


def faults(dataset):
    """Rules of CF 1.8 that matter to whoever opens the file: sections 2.6, 3.1, 3.3, 3.5, 5.6, 7.3 and 3.4."""
    found = []
    if not re.fullmatch(r"CF-1\.\d+", dataset.attrs.get("Conventions", "")):
        found.append("2.6: no Conventions")
    for name, variable in dataset.variables.items():
        told = variable.attrs
        if variable.dtype.kind in "fiu" and "units" not in told and name not in ("spatial_ref", "valid", "time"):
            found.append(f"3.1: {name} has no units")
        if "unit" in told and told.get("units") != UNITS.get(told["unit"]):
            found.append(f"3.1: {name} is in {told['unit']} and says {told.get('units')}")
        if "long_name" not in told and "standard_name" not in told and not str(name).endswith("_code"):
            found.append(f"3.3: {name} has neither standard_name nor long_name")
        standard = told.get("standard_name")
        if standard and (standard not in STANDARD or STANDARD[standard] not in (None, told.get("units"))):
            found.append(f"3.3: {name}: {standard} in {told.get('units')}")
        found += [
            f"3.4: {name} names {other}"
            for other in told.get("ancillary_variables", "").split()
            if other not in dataset
        ]
        if "flag_values" in told and len(told["flag_values"]) != len(told["flag_meanings"].split()):
            found.append(f"3.5: {name} has more flags than meanings")
        if "grid_mapping" in told and told["grid_mapping"] not in dataset.variables:
            found.append(f"5.6: {name} has no grid mapping")
        for axis, method in re.findall(r"(\w+): (\w+)", told.get("cell_methods", "")):
            if method not in ("mean", "sum", "point") or axis not in (*dataset.dims, "area", *STANDARD):
                found.append(f"7.3: {name}: {axis}: {method}")
    return found  # fmt: skip


def test_a_field_keeps_the_rules_of_cf(field, small):
    annual = annual_field(open_year(small.study, 2024))
    level = contracts.checked(field.assign(level=("cell", np.ones(field.sizes["cell"]))))
    for one in (field, annual, level):
        assert faults(one) == []
    assert {n for n in field.data_vars if "cell_methods" in field[n].attrs} >= {"pm25", "pm25_base"}
    assert annual["pm25"].attrs["long_name"] == "PM2.5, mean of the year"


@pytest.mark.parametrize(
    "spoil, what",
    [
        (lambda f: f["pm25"].attrs.pop("units"), "3.1: pm25"),
        (lambda f: f["pm25"].attrs.update(units="kg m-3"), "3.1: pm25"),
        (lambda f: f["pm25"].attrs.update(standard_name="dust"), "3.3: pm25"),
        (lambda f: f["pm25"].attrs.update(ancillary_variables="nothing"), "3.4: pm25"),
        (lambda f: f["pm25"].attrs.update(grid_mapping="nothing"), "5.6: pm25"),
        (lambda f: f["pm25"].attrs.update(cell_methods="month: mean"), "7.3: pm25"),
        (lambda f: f["valid"].attrs.update(flag_meanings="one"), "3.5: valid"),
        (lambda f: f.attrs.pop("Conventions"), "2.6"),
    ],
)
def test_the_rules_can_be_broken(field, spoil, what):
    broken = field.copy(deep=True)
    spoil(broken)
    assert any(fault.startswith(what) for fault in faults(broken))


def test_cf_xarray_finds_variables_by_their_standard_names(field):
    pytest.importorskip("cf_xarray", reason="cf_xarray is not installed; it is in the extra `tests`")
    name = "mass_concentration_of_pm2p5_ambient_aerosol_particles_in_air"
    assert set(field.cf.standard_names[name]) >= {"pm25"}
    only = field[["pm25", "pm25_error", "coverage", "n_valid", "valid", "why"]]
    assert only.cf[name].name == "pm25"
    assert field.cf["longitude"].name == "lon" and field.cf["time"].name == "time"
    assert set(only.cf[["pm25"]].coords) >= {"pm25_error", "valid"}  # companions come along


def test_a_field_knows_its_projection_without_a_manual_import(field):
    assert CRS(field.rio.crs.to_wkt()).equals(CRS(CRS(field.attrs["crs"]).to_wkt("WKT1_GDAL")), ignore_axis_order=True)
    assert field["pm25"].rio.crs == field.rio.crs


def test_a_file_gives_the_field_back(field, written):
    with xr.open_dataset(written) as opened:
        back = opened.load()
    xr.testing.assert_equal(back, field)
    assert faults(back) == [] and back.rio.crs == field.rio.crs
    assert contracts.months_in(contracts.checked(back)) == contracts.months_in(field)
    assert {
        v.dtype.itemsize for v in xr.open_dataset(written, decode_cf=False).variables.values() if v.dtype.kind == "i"
    } <= {1, 4}


def test_a_manifest_does_not_repeat_what_belongs_to_a_file(field):
    assert set(contracts.cf.OF_THE_FILE) == {"Conventions", "title", "history"} <= set(field.attrs)
