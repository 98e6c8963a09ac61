"""Emission inventories: units, sectors, windows, what is refused, and what they change in a month's tracing."""

import numpy as np
import pandas as pd
import pytest

import hotspot as hs
from hotspot.rules.emissions import GRAM_PER_SECOND
from hotspot.sources.intake import Intake
from hotspot.sources.places.emission_raster import read_inventory
from hotspot.study import EmissionInventory
from hotspot.trace.visits.attribution import placed
from hotspot.variables import DataError

BOUNDS = (114.3, 36.3, 114.7, 36.7)


def geotiff(path, values, **settings):
    import rasterio

    shape = {"height": values.shape[0], "width": values.shape[1], "count": 1, "dtype": str(values.dtype)}
    settings = {"crs": "EPSG:4326", "transform": rasterio.Affine(0.1, 0, 114.0, 0, -0.1, 37.0)} | settings
    with rasterio.open(path, "w", driver="GTiff", **shape, **settings) as raster:
        raster.write(values, 1)


def netcdf(path, unit, **sectors):
    import xarray as xr

    coords = {"lat": 36.05 + 0.1 * np.arange(10), "lon": 114.05 + 0.1 * np.arange(10)}
    fields = {name: (("time", "lat", "lon"), values[None], {"units": unit}) for name, values in sectors.items()}
    xr.Dataset(fields, coords | {"time": [0]}).to_netcdf(path)


def read(folder, *files, **said):
    return read_inventory((EmissionInventory(files=files, **said),), folder, Intake(folder), bounds=BOUNDS)


def test_sectors_and_units_come_to_tonnes_a_year(tmp_path):
    values = np.arange(100.0).reshape(10, 10)
    geotiff(tmp_path / "amount.tif", values)
    netcdf(tmp_path / "sectors.nc", "t/a", power=values[::-1] / 4, industry=values[::-1] * 3 / 4)
    one, two = read(tmp_path, "amount.tif", unit="t/a"), read(tmp_path, "sectors.nc", variables=("power", "industry"))
    at = {"lat": 36.55, "lon": 114.55, "method": "nearest"}
    assert float(one.sel(**at)) == float(two.sel(**at)) == 45.0
    assert one.attrs["unit"] == "t/a" and one.sizes == {"lat": 6, "lon": 6}
    # 0.1 x 0.1 degrees at 36.55 N are about 99.8 km2 (an arc minute of latitude is 1.85 km).
    geotiff(tmp_path / "flux.tif", np.full((10, 10), 1.0))
    area = float(read(tmp_path, "flux.tif", unit="t/km2/a").sel(**at))
    assert area == pytest.approx(111.32 * 110.96 * 0.01 * np.cos(np.radians(36.55)), rel=0.004)
    flux = float(read(tmp_path, "flux.tif", unit="kg m-2 s-1").sel(**at))
    assert flux == pytest.approx(area * 1e6 * 365.25 * 86400 / 1000)


def test_what_is_no_inventory_is_refused_with_what_to_do(tmp_path):
    values = np.ones((10, 10))
    geotiff(tmp_path / "good.tif", values)
    geotiff(tmp_path / "metres.tif", values, crs="EPSG:32650")
    geotiff(tmp_path / "marks.tif", np.where(np.eye(10) > 0, -9999.0, values))
    netcdf(tmp_path / "two.nc", "t/a", power=values, industry=values)
    (tmp_path / "page.tif").write_text("<html>not found</html>")
    (tmp_path / "half.tif").write_bytes((tmp_path / "good.tif").read_bytes()[:300])
    faults = (
        ("good.tif", {}, "says no unit"), ("good.tif", {"unit": "ppm"}, "no emission we know"),
        ("metres.tif", {"unit": "t/a"}, "grid of degrees"), ("marks.tif", {"unit": "t/a"}, "10 negative emissions"),
        ("page.tif", {"unit": "t/a"}, "HTML"), ("half.tif", {"unit": "t/a"}, "half.tif: "),
        ("two.nc", {}, "declare which of its variables"), ("two.nc", {"variables": ("steel",)}, "no variable 'steel'"),
        ("two.nc", {"variables": ("power",), "unit": "kg/a"}, "the study declares 'kg/a'"),
    )  # fmt: skip
    for name, said, words in faults:
        with pytest.raises(DataError, match=words):
            read(tmp_path, name, **said)
    assert int(read(tmp_path, "marks.tif", unit="t/a", nodata=-9999.0).isnull().sum()) > 0
    with pytest.raises(DataError, match="one inventory of all sectors"):
        read_inventory((EmissionInventory(files=("a",)),) * 2, tmp_path, Intake(tmp_path), bounds=BOUNDS)
    far = (EmissionInventory(files=("good.tif",), unit="t/a"),)
    with pytest.raises(DataError, match="does not cover the study"):
        read_inventory(far, tmp_path, Intake(tmp_path), bounds=(100.0, 20.0, 101.0, 21.0))


def test_a_plant_takes_its_pixel_and_a_month_is_traced_with_it(tmp_path):
    small = hs.synthetic_month(size="small")
    plants = small.facilities
    lon, lat = plants["lon"].to_numpy(float), plants["lat"].to_numpy(float)
    values = np.full((60, 60), 0.0)
    import rasterio

    west, north = lon.min() - 0.3, lat.max() + 0.3
    # One plant alone in its pixel is said to emit a hundred times what any other may.
    alone = int(np.argmax(np.hypot(lon - lon.mean(), lat - lat.mean())))
    values[int((north - lat[alone]) / 0.05), int((lon[alone] - west) / 0.05)] = 1e5
    geotiff(tmp_path / "e.tif", values, transform=rasterio.Affine(0.05, 0, west, 0, -0.05, north))
    bounds = (west, north - 2.9, west + 2.9, north)
    grid = read_inventory((EmissionInventory(files=("e.tif",), unit="t/a"),), tmp_path, Intake(tmp_path), bounds=bounds)
    crs = small.study.cells.attrs["crs"]
    tracing = small.study.criteria.tracing
    before, after = placed(plants, crs, tracing)["emission"], placed(plants, crs, tracing, grid)["emission"]
    changed = np.flatnonzero(~np.isclose(before, after))
    assert alone in changed and float(after.iloc[changed].sum()) == pytest.approx(1e5 * GRAM_PER_SECOND)
    cells = small.study.cells
    near = np.hypot(cells["lon"] - lon[alone], cells["lat"] - lat[alone]).argsort().values[:1]
    here = cells.isel(cell=near)
    warned = pd.DataFrame({"month": small.month, "city": here["city"].values, "cell": here["cell"].values})
    warned["reason"] = "highest"
    rest = {"cells": cells, "criteria": small.study.criteria}
    order = hs.trace_sources(warned, None, plants, **rest, inventory=grid)
    assert order.sort_values("order")["facility"].iloc[0] == plants["facility"].iloc[alone]
    assert float(order["share"].max()) > float(hs.trace_sources(warned, None, plants, **rest)["share"].max())
