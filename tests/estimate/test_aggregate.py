"""Rasters onto cells: equal to exactextract, the same bits whichever way it is delivered."""

import itertools

import dask
import numpy as np
import pyproj
import pytest
import shapely
import xarray as xr
from cell_case import ALBERS, raster, square

from hotspot.estimate.field.aggregate import aggregate, check_means
from hotspot.variables import DataError

LOCAL = "+proj=laea +lat_0=2.5 +lon_0=-76.8"


def outlines(cells, target, per_side=16):
    """All cells as finely cut polygons in another CRS: a side of 3 km is followed to a millimetre."""
    s = cells.attrs["spacing"]
    t = np.arange(per_side) / per_side
    zero, one = np.zeros_like(t), np.ones_like(t)
    ring = np.concatenate([np.c_[t, zero], np.c_[one, t], np.c_[1 - t, one], np.c_[zero, 1 - t]])
    west, south = cells["x"].values[:, None] - s / 2, cells["y"].values[:, None] - s / 2
    to = pyproj.Transformer.from_crs(cells.attrs["crs"], target, always_xy=True)
    lon, lat = to.transform(west + s * ring[None, :, 0], south + s * ring[None, :, 1])
    return shapely.polygons(np.stack([lon, lat], axis=-1))


def exact(field, cells):
    """exactextract: mean of the layer weighted by coverage and pixel area, and the share seen."""
    import geopandas as gpd
    from exactextract import exact_extract
    from exactextract.raster import NumPyRasterSource

    x, y = field["x"].values, field["y"].values
    dx, dy = (x[-1] - x[0]) / (x.size - 1), (y[-1] - y[0]) / (y.size - 1)
    frame = {"xmin": x[0] - dx / 2, "xmax": x[-1] + dx / 2, "ymin": y[0] - dy / 2, "ymax": y[-1] + dy / 2}
    geod = pyproj.CRS(field.attrs["crs"]).get_geod()
    edges = np.linspace(frame["ymin"], frame["ymax"], y.size + 1)
    # The area of a pixel by geodesics along finely cut parallels: another way than ours.
    fine = np.linspace(0, dx, 64)
    area = np.array(
        [
            abs(geod.polygon_area_perimeter([*fine, *fine[::-1]], [a] * 64 + [b] * 64)[0])
            for a, b in itertools.pairwise(edges)
        ]
    )
    source = NumPyRasterSource(field.values[::-1].astype(float), **frame, nodata=np.nan)
    weight = NumPyRasterSource(np.repeat(area[::-1, None], x.size, axis=1), **frame)
    shapes = gpd.GeoDataFrame(geometry=outlines(cells, field.attrs["crs"]), crs=field.attrs["crs"])
    return exact_extract(source, shapes, ["weighted_mean"], weights=weight, output="pandas")["weighted_mean"].to_numpy(
        float
    )


def assert_equal(ours, theirs, rel=1e-6):
    assert np.array_equal(np.isfinite(ours), np.isfinite(theirs))
    seen = np.isfinite(ours)
    assert seen.sum() > 10
    assert np.abs(ours[seen] / theirs[seen] - 1).max() < rel


@pytest.mark.parametrize(("spacing", "step"), [(3000.0, 0.1), (3000.0, 0.01), (500.0, 0.05), (500.0, 0.004)])
def test_random_raster_with_holes_is_exactextract(spacing, step):
    cells = square(int(900e3 // spacing), int(3900e3 // spacing), 14, 14, spacing)
    field = raster(cells, step, seed=int(step * 1e4))
    assert_equal(aggregate(field, cells, min_coverage=1e-9)["pm25"].values, exact(field, cells))


def test_acag_over_the_plain_is_exactextract(shared):
    path = shared / "acag_pm25_satellite" / "V5GL02.HybridPM25c_0p10.Asia.202001-202001.nc"
    with xr.open_dataset(path) as source:
        field = source["GWRPM25"].rename(lat="y", lon="x").load().assign_attrs(crs="EPSG:4326")
    cells = square(150, 1240, 110, 90)  # 9,900 cells from Zhengzhou to Beijing and the sea
    assert_equal(aggregate(field, cells, min_coverage=1e-9)["GWRPM25"].values, exact(field, cells))


def test_cauca_on_a_local_lattice_is_exactextract(shared):
    import rasterio

    with rasterio.open(shared / "cauca_hotspot_training" / "PM25.tif") as source:
        values = source.read(1, masked=True).filled(np.nan)[::-1]
        t, shape = source.transform, source.shape
    x, y = t.c + t.a * (np.arange(shape[1]) + 0.5), (t.f + t.e * (np.arange(shape[0]) + 0.5))[::-1]
    field = xr.DataArray(values, dims=("y", "x"), coords={"x": x, "y": y}, attrs={"crs": "EPSG:4326"}, name="pm25")
    cells = square(-58, -68, 108, 116, crs=LOCAL)
    ours = aggregate(field, cells, min_coverage=1e-9)["pm25"].values
    assert np.isfinite(ours).sum() > 10_000
    assert_equal(ours, exact(field, cells))


def test_either_way_up_and_any_longitude_is_the_same_bits():
    cells = square(300, 1290, 20, 20)
    field = raster(cells, 0.02).expand_dims(time=3).copy()
    field["time"] = np.arange(3)
    base = aggregate(field, cells)
    for other in (
        field.isel(y=slice(None, None, -1)),
        field.isel(x=slice(None, None, -1)),
        field.transpose("x", "y", "time"),
    ):
        assert base.identical(aggregate(other, cells))
    east = field.assign_coords(x=field["x"] + 360)
    assert_equal(aggregate(east, cells)["pm25"].values, base["pm25"].values, rel=1e-9)


def test_a_globe_from_0_to_360_closes():
    """Cells astride longitude 0 take their pixels from both ends of the raster."""
    crs = "+proj=laea +lat_0=40 +lon_0=0"
    cells = square(-4, -4, 8, 8, crs=crs)
    rng = np.random.default_rng(1)
    y = np.arange(39.05, 41, 0.1)
    values = rng.uniform(5, 50, (y.size, 3600))
    globe = xr.DataArray(
        values,
        dims=("y", "x"),
        coords={"y": y, "x": np.arange(3600) / 10 + 0.05},
        attrs={"crs": "EPSG:4326"},
        name="pm25",
    )
    turned = globe.assign_coords(x=np.where(globe["x"] > 180, globe["x"] - 360, globe["x"])).sortby("x")
    ours = aggregate(globe, cells)
    assert (ours["coverage"] == 1).all()
    assert_equal(ours["pm25"].values, aggregate(turned, cells)["pm25"].values, rel=1e-9)


@pytest.mark.parametrize("chunks", [{"time": 1}, {"time": 7, "y": 33}, {"time": -1, "x": 20}])
def test_lazy_stays_lazy_and_gives_the_same_bits(chunks):
    cells = square(300, 1290, 12, 12)
    field = raster(cells, 0.02).expand_dims(time=40) * xr.DataArray(np.linspace(1, 2, 40), dims="time")
    field = field.rename("pm25").assign_attrs(crs="EPSG:4326", unit="ug/m3")
    field["time"] = np.arange(40)
    eager = aggregate(field, cells)
    lazy = aggregate(field.chunk(chunks), cells)
    assert dask.is_dask_collection(lazy["pm25"].data)
    for workers in (1, 2, 5):
        with dask.config.set(scheduler="threads", num_workers=workers):
            assert eager.identical(lazy.compute())


def test_coverage_is_the_share_seen_and_decides():
    cells = square(300, 1290, 6, 6)
    field = raster(cells, 0.01, holes=0.5)
    out = aggregate(field, cells, min_coverage=0.5)
    loose = aggregate(field, cells, min_coverage=1e-9)
    assert np.array_equal(out["coverage"].values, loose["coverage"].values)
    assert np.array_equal(np.isnan(out["pm25"].values), out["coverage"].values < 0.5)
    assert 0 < np.isnan(out["pm25"].values).sum() < 36
    full = aggregate(field.fillna(7.0), cells)
    assert (full["coverage"] == 1).all()


def test_missing_tile_leaves_cells_without_value():
    """RELIABILITY 41: what the raster does not reach is not seen, and is no zero."""
    cells = square(300, 1290, 12, 4)
    field = raster(cells, 0.01, holes=0.0)
    field = field.isel(x=slice(field["x"].size // 2))
    out = aggregate(field, cells)
    assert (out["coverage"].values == 0).any() and (out["coverage"].values == 1).any()
    assert np.isnan(out["pm25"].values[out["coverage"].values < 0.5]).all()


def test_projected_rasters_and_pixels_of_any_size():
    cells = square(300, 1290, 5, 5)
    for step in (100.0, 9000.0, 70_000.0):
        x, y = np.arange(800e3, 1100e3, step), np.arange(3800e3, 4000e3, step)
        values = np.broadcast_to(2.0 * x, (y.size, x.size))
        field = xr.DataArray(values, dims=("y", "x"), coords={"x": x, "y": y}, attrs={"crs": ALBERS}, name="v")
        ours = aggregate(field, cells)["v"].values
        if step == 100.0:  # pixels small against the cells: the mean of x is the cell's middle
            assert ours == pytest.approx(2 * cells["x"].values, abs=1e-6 * 1e6)
        assert np.isfinite(ours).all()
    mercator = pyproj.Transformer.from_crs(ALBERS, 3857, always_xy=True)
    mx, my = mercator.transform(cells["x"].values, cells["y"].values)
    x, y = np.arange(mx.min() - 9000, mx.max() + 9000, 300.0), np.arange(my.min() - 9000, my.max() + 9000, 300.0)
    field = xr.DataArray(
        np.ones((y.size, x.size)), dims=("y", "x"), coords={"x": x, "y": y}, attrs={"crs": "EPSG:3857"}, name="v"
    )
    out = aggregate(field, cells)
    assert (out["coverage"] == 1).all() and out["v"].values == pytest.approx(np.ones(25), rel=1e-15)


def test_adding_and_scaling_go_through():
    cells = square(300, 1290, 6, 6)
    field = raster(cells, 0.02)
    base = aggregate(field, cells)["pm25"].values
    again = aggregate((3 * field + 5).rename("pm25").assign_attrs(field.attrs), cells)["pm25"].values
    assert again == pytest.approx(3 * base + 5, rel=1e-12, nan_ok=True)


def test_errors_say_what_came():
    cells = square(300, 1290, 3, 3)
    field = raster(cells, 0.02)
    with pytest.raises(DataError, match="no CRS"):
        aggregate(field.assign_attrs(crs=None), cells)
    with pytest.raises(DataError, match=r"the raster covers x .* but the cells lie in x 115\.\d+ to"):
        aggregate(field.assign_coords(x=field["x"] - 20), cells)
    with pytest.raises(DataError, match="not evenly spaced"):
        aggregate(field.isel(x=[0, 1, 2, 5, 6]), cells)
    with pytest.raises(DataError, match="name them"):
        aggregate(field.rename(x="lon"), cells)
    with pytest.raises(ValueError, match="min_coverage is 0"):
        aggregate(field, cells, min_coverage=0)
    with pytest.raises(DataError, match="not in the middle"):
        aggregate(field, cells.assign_coords(x=cells["x"] + 700))
    with pytest.raises(DataError, match="CRS 'nonsense'"):
        aggregate(field.assign_attrs(crs="nonsense"), cells)


def test_a_month_in_the_wrong_unit_is_refused():
    """RELIABILITY 30, 48."""
    cells = square(300, 1290, 3, 3)
    field = raster(cells, 0.02) / 1000
    field = field.rename("pm25").assign_attrs(crs="EPSG:4326", period="month", unit="ug/m3")
    with pytest.raises(DataError, match="outside 1-500"):
        aggregate(field, cells)
    check_means(np.array([0.5] + [30.0] * 200))  # one cell of 201 may
    aggregate(field.assign_attrs(period="day"), cells)  # a clean day may lie lower


def test_the_caller_keeps_what_he_gave():
    cells = square(300, 1290, 3, 3)
    field = raster(cells, 0.02)
    before, cells_before = field.copy(deep=True), cells.copy(deep=True)
    aggregate(field.isel(y=slice(None, None, -1)), cells)
    assert field.identical(before) and cells.identical(cells_before)


def test_one_and_two_threads_give_the_same_bytes(monkeypatch):
    from hotspot.estimate.field import aggregate as room

    cells = square(300, 1290, 24, 24)
    field = raster(cells, 0.02)
    many = xr.concat([field * k for k in range(1, 41)], "time").assign_attrs(field.attrs)
    made = []
    for threads in (1, 2, 3):
        monkeypatch.setattr(room, "_THREADS", threads)
        monkeypatch.setattr(room, "_WORTH", 1)
        means = room.aggregate(many, cells)
        made.append(means["pm25"].values.tobytes() + means["coverage"].values.tobytes())
    assert made[0] == made[1] == made[2]
