"""Regional background and terrain: kernels against plain loops, laws, closed forms, real elevation."""

import numpy as np
import pytest
import xarray as xr

from hotspot.estimate.level.background import regional_background, ring_offsets
from hotspot.estimate.weather.terrain import terrain_index
from hotspot.kernels.window import ring_background
from hotspot.rules.criteria import Background, Criteria
from hotspot.sources.intake import Intake
from hotspot.sources.places.dem import open_dem
from hotspot.study import Terrain
from hotspot.variables import DataError


def region(side=40, days=3, seed=0):
    """Square of cells, clean air with a slope, one strong source in the middle."""
    rng = np.random.default_rng(seed)
    col, row = (axis.ravel() for axis in np.meshgrid(np.arange(side), np.arange(side), indexing="ij"))
    values = 30 + 0.1 * col[:, None] + rng.normal(0, 1, (side * side, days))
    day = np.arange(days).astype("datetime64[D]").astype("datetime64[ns]")
    coords = {
        "cell": [f"C{n:05d}" for n in range(side * side)],
        "col": ("cell", col + 1000),
        "row": ("cell", row + 900),
    }
    return xr.Dataset({"pm25": (("cell", "day"), values)}, coords | {"day": day}, {"spacing": 3000.0})


def slow(field, rules):
    """Direction by direction, cell by cell, with numpy's quantile and median."""
    at = {(int(c), int(r)): n for n, (c, r) in enumerate(zip(field["col"], field["row"], strict=True))}
    values = field["pm25"].values
    offsets = ring_offsets(rules, 3000.0)
    out = np.full(values.shape, np.nan)
    for n, (c, r) in enumerate(zip(field["col"].values, field["row"].values, strict=True)):
        for day in range(values.shape[1]):
            lows = []
            for direction in offsets:
                near = [at.get((int(c + dc), int(r + dr)), -1) for dc, dr in direction]
                seen = [values[m, day] for m in near if m >= 0 and np.isfinite(values[m, day])]
                if len(seen) >= rules.min_samples:
                    lows.append(np.quantile(seen, rules.quantile))
            if lows:
                out[n, day] = np.median(lows)
    return out


@pytest.mark.parametrize("quantile", [0.1, 0.25, 0.5])
def test_background_is_the_slow_one(quantile):
    rules = Background(quantile=quantile)
    field = region(30, 2)
    holes = np.random.default_rng(3).random(field["pm25"].shape) < 0.3
    field["pm25"] = field["pm25"].where(~holes)
    found = regional_background(field, Criteria(background=rules)).values
    expected = slow(field, rules)
    known = np.isfinite(expected)
    assert known.mean() > 0.9
    assert np.allclose(found[known], expected[known], rtol=1e-13)


def test_no_cell_of_the_ring_is_nearer_or_farther_than_declared():
    rules = Background()
    away = np.hypot(*ring_offsets(rules, 3000.0).transpose(2, 0, 1)) * 3
    assert away.min() >= rules.inner_km and away.max() <= rules.outer_km
    assert ring_offsets(rules, 3000.0).shape == (8, 9, 2)


def test_own_plume_is_not_its_own_background():
    field = region()
    values = field["pm25"].values.copy()
    middle = 20 * 40 + 20
    quiet = regional_background(field)[middle].values
    values[middle] += 100
    loud = regional_background(field.assign(pm25=(("cell", "day"), values)))
    assert (loud[middle].values == quiet).all()


def test_one_dirty_neighbour_city_is_outvoted():
    field = region()
    dirty = (field["col"].values > 1026) & (np.abs(field["row"].values - 920) < 5)
    values = np.where(dirty[:, None], 200.0, field["pm25"].values)
    middle = 20 * 40 + 20
    found = float(regional_background(field.assign(pm25=(("cell", "day"), values)))[middle, 0])
    assert found == pytest.approx(float(regional_background(field)[middle, 0]), abs=1.0)


def test_scale_shift_and_order_of_cells():
    field = region(25, 2)
    found = regional_background(field)
    scaled = regional_background(field.assign(pm25=3 * field["pm25"] + 0))
    assert np.allclose(scaled, 3 * found, rtol=1e-12)
    shuffled = field.isel(cell=np.random.default_rng(1).permutation(field.sizes["cell"]))
    again = regional_background(shuffled).sel(cell=field["cell"].values)
    assert (again.values == found.values).all()
    assert regional_background(field.astype("float32")).dtype == np.float32


def test_the_share_from_outside_is_that_of_the_seen_cells():
    field = region(25, 4)
    field["pm25"] = field["pm25"].where(np.random.default_rng(0).random(field["pm25"].shape) > 0.2)
    background = regional_background(field)
    known = np.isfinite(field["pm25"].values) & np.isfinite(background.values)
    share = background.values[known].mean() / field["pm25"].values[known].mean()
    assert background.attrs["share"] == pytest.approx(share)


def test_region_stands_in_on_cloudy_days_and_says_so():
    field = region(25, 6)
    values = field["pm25"].values.copy()
    values[:, 5] = np.where(np.arange(625) % 25 == 0, values[:, 5], np.nan)  # one line of cells seen
    background = regional_background(field.assign(pm25=(("cell", "day"), values)))
    seen = np.isfinite(values[:, 5])
    assert np.isfinite(background.values[seen, 5]).all()
    assert 0 < background.attrs["stand_in"] < 0.05
    assert np.abs(background.values[seen, 5] - 30 - 0.1 * (field["col"].values[seen] - 1000)).max() < 6


def test_upwind_side_follows_the_wind():
    field = region(40, 3)
    values = np.where(field["col"].values[:, None] > 1020, 90.0, 30.0) * np.ones((1, 3))  # dirty east
    field = field.assign(pm25=(("cell", "day"), values))
    steps = xr.Dataset({"u10": ("time", [-4.0, 4.0, 0.0]), "v10": ("time", np.zeros(3))}, {"time": field["day"].values})
    rules = Criteria(background=Background(side="upwind"))
    middle = 20 * 40 + 20
    found = regional_background(field, rules, steps=steps)[middle].values
    # Wind that blows to the west brings the dirty east, wind to the east the clean west; a calm takes all sides.
    assert found[0] == 90.0 and found[1] == 30.0 and found[2] == float(regional_background(field)[middle, 2])
    with pytest.raises(DataError, match="wind is missing"):
        regional_background(field, rules)


def test_cells_without_a_lattice_are_refused():
    with pytest.raises(DataError, match="col is missing"):
        regional_background(region(25, 1).drop_vars("col"))


def test_kernel_gives_nan_where_no_direction_has_enough():
    values = np.full((1, 2), 5.0)
    ring = np.full((1, 4, 2), -1)
    whole = np.ones((1, 4), bool)
    args = whole, np.zeros((1, 2), np.int64), np.zeros(1, np.int64), 0.1
    assert np.isnan(ring_background(values, ring, *args, 1)).all()
    ring[0, 2, 0] = 0
    assert (ring_background(values, ring, *args, 1) == 5.0).all()
    assert np.isnan(ring_background(values, ring, *args, 2)).all()


CRS = "+proj=laea +lat_0=36 +lon_0=114"


def ground(height):
    """Elevation on 3 km pixels that are the cells, and the cells of its middle."""
    n = height.shape[0]
    centre = 3000.0 * (np.arange(n) - n // 2) + 1500.0
    field = xr.DataArray(height, {"y": centre, "x": centre}, ("y", "x"), "elevation", {"crs": CRS})
    inner = centre[n // 4 : -(n // 4)]
    east, north = (axis.ravel() for axis in np.meshgrid(inner, inner))
    coords = {"cell": [f"C{k}" for k in range(east.size)], "x": ("cell", east), "y": ("cell", north)}
    return field, xr.Dataset(coords=coords, attrs={"spacing": 3000.0, "crs": CRS})


def test_flat_ground_has_no_relief_valley_or_wall():
    found = terrain_index(*ground(np.full((40, 40), 250.0)))
    assert np.allclose(found["elevation"], 250.0)
    for name in ("relief", "valley", "blocking"):
        assert np.allclose(found[name], 0.0, atol=1e-6)


def test_a_slope_has_the_relief_of_its_steps_and_half_its_sides_blocked():
    height = np.tile(110.0 * np.arange(60.0), (60, 1))  # rises to the east
    found = terrain_index(*ground(height))
    steps = np.arange(-4, 5) * 110.0
    assert np.allclose(found["relief"], steps.std())
    assert np.allclose(found["valley"], 0.0, atol=1e-6)
    assert np.allclose(found["blocking"], 7 / 16)  # all directions with an eastward part


def test_adding_a_height_everywhere_changes_only_the_height():
    rng = np.random.default_rng(0)
    height = rng.gamma(2.0, 150.0, (40, 40))
    low, high = (terrain_index(*ground(height + extra)) for extra in (0.0, 1000.0))
    assert np.allclose(high["elevation"] - low["elevation"], 1000.0)
    for name in ("relief", "valley", "blocking"):
        assert np.allclose(high[name], low[name], atol=1e-6)


def test_real_elevation_knows_plain_and_mountain(shared):
    delivery = Terrain(layout="geotiff", files=("dem_ndvi_china/dem_china_0p117deg.tif",), unit="m")
    intake = Intake(shared)
    field = open_dem(delivery, shared, intake, bounds=(112.0, 36.0, 118.0, 41.0))
    at = {name: float(field.sel(x=x, y=y, method="nearest")) for name, x, y in
          (("Beijing", 116.4, 39.9), ("Taiyuan", 112.55, 37.87))}  # fmt: skip
    assert at["Beijing"] < 120 < 600 < at["Taiyuan"] < 1100
    assert list(intake.files) == ["dem_ndvi_china/dem_china_0p117deg.tif"]
    assert field.attrs["unit"] == "m" and float(field["x"].max()) < 118.3


def write(path, values, unit=None, **settings):
    import rasterio

    shape = {"height": values.shape[-2], "width": values.shape[-1], "count": 1, "dtype": str(values.dtype)}
    settings = {"crs": "EPSG:4326", "transform": rasterio.Affine(0.1, 0, 114.0, 0, -0.1, 38.0)} | settings
    with rasterio.open(path, "w", driver="GTiff", **shape, **settings) as raster:
        raster.write(values, 1)
        if unit:
            raster.set_band_unit(1, unit)


def test_bad_elevation_models_are_refused_with_what_to_do(tmp_path):
    good = np.full((20, 20), 100, np.int16)
    write(tmp_path / "good.tif", good)
    write(tmp_path / "feet.tif", good, unit="ft")
    write(tmp_path / "nodata.tif", np.where(np.eye(20) > 0, -9999, good).astype(np.int16))
    write(tmp_path / "nocrs.tif", good, crs=None)
    (tmp_path / "page.tif").write_text("<html>not found</html>")
    (tmp_path / "half.tif").write_bytes((tmp_path / "good.tif").read_bytes()[:300])

    def read(name, unit="m", nodata=None, **more):
        delivery = Terrain(layout="geotiff", files=(name,), unit=unit, nodata=nodata)
        return open_dem(delivery, tmp_path, Intake(tmp_path), **more)

    assert float(read("good.tif").mean()) == 100.0
    assert np.isnan(read("nodata.tif", nodata=-9999.0).values).sum() == 20
    for name, words in (("feet.tif", "not metres"), ("nodata.tif", "declare nodata"), ("nocrs.tif", "no CRS"),
                        ("page.tif", "HTML"), ("half.tif", "half.tif: "), ("*.tif", "6 files match")):  # fmt: skip
        with pytest.raises(DataError, match=words):
            read(name)
    with pytest.raises(DataError, match="unit None is not metres"):
        read("good.tif", unit=None)
    with pytest.raises(DataError, match="does not touch the study"):
        read("good.tif", bounds=(100.0, 20.0, 101.0, 21.0))
