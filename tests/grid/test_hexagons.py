"""H3 columns and the hexagon view: area-weighted, totals conserved (METHODS 1)."""

import geopandas as gpd
import h3
import numpy as np
import pytest
import shapely

from hotspot.grid.hexagons import h3_index, to_hexagons
from hotspot.grid.lattice import Grid
from hotspot.variables import DataError


@pytest.fixture(scope="module")
def cells():
    unit = {"city": "甲市", "city_code": "1", "county": "", "county_code": "", "township": "", "township_code": ""}
    outline = shapely.Point(114.3, 30.6).buffer(0.25)
    return Grid().cover(gpd.GeoDataFrame([unit], geometry=[outline], crs="EPSG:4326"))


def inside(cells):
    return cells.area_share.values * cells.attrs["spacing"] ** 2


@pytest.mark.parametrize("resolution", [4, 6, 7, 8])
def test_totals_on_hexagons_are_the_totals_on_cells(cells, resolution):
    values = np.random.default_rng(3).uniform(10, 90, cells.sizes["cell"])
    view = to_hexagons(cells, values, resolution)
    assert (view.value * view.area_m2).sum() == pytest.approx((values * inside(cells)).sum(), rel=1e-9)
    assert view.area_m2.sum() == pytest.approx(inside(cells).sum(), rel=1e-9)
    assert values.min() <= view.value.min() and view.value.max() <= values.max()


def test_missing_cells_take_their_area_out_and_no_value_away(cells):
    values = np.random.default_rng(4).uniform(10, 90, cells.sizes["cell"])
    values[::3] = np.nan
    view = to_hexagons(cells, values, 7)
    seen = np.isfinite(values)
    assert view.value.notna().all()
    assert view.area_m2.sum() == pytest.approx(inside(cells)[seen].sum(), rel=1e-9)
    assert (view.value * view.area_m2).sum() == pytest.approx((values * inside(cells))[seen].sum(), rel=1e-9)


def test_a_constant_field_stays_constant_where_a_plain_mean_would_too(cells):
    view = to_hexagons(cells, np.full(cells.sizes["cell"], 35.0), 7)
    np.testing.assert_allclose(view.value, 35.0, rtol=1e-12)
    assert view.hexagon.is_monotonic_increasing and view.hexagon.is_unique


def test_hexagons_are_weighted_by_area_not_by_count(cells):
    values = np.arange(cells.sizes["cell"], dtype=float)
    view = to_hexagons(cells, values, 6).set_index("hexagon")
    name = view.area_m2.idxmax()
    plane = shapely.transform(view.geometry[name], lambda xy: np.column_stack(Grid().project(*xy.T)))
    slow = [
        plane.intersection(shapely.box(x - 1500, y - 1500, x + 1500, y + 1500)).area * share
        for x, y, share in zip(cells.x.values, cells.y.values, cells.area_share.values, strict=True)
    ]
    assert view.value[name] == pytest.approx(np.average(values, weights=slow), rel=1e-12)
    counted = values[h3_index(cells.lon.values, cells.lat.values, 6) == name].mean()
    assert abs(view.value[name] - counted) > 1e-6


def test_index_columns_are_those_of_h3(cells):
    fine, coarse = (h3_index(cells.lon.values, cells.lat.values, resolution) for resolution in (9, 8))
    for k in (0, 7, cells.sizes["cell"] - 1):
        assert fine[k] == h3.latlng_to_cell(float(cells.lat[k]), float(cells.lon[k]), 9)
        assert h3.cell_to_parent(str(fine[k]), 8) == coarse[k]


def test_places_without_coordinates_have_no_hexagon():
    assert h3_index([116.4, np.nan], [39.9, 39.9], 8).tolist() == [h3.latlng_to_cell(39.9, 116.4, 8), ""]
    assert h3_index(np.nan, 39.9, 8) == ""


def test_wrong_sizes_and_resolutions_are_refused(cells):
    with pytest.raises(DataError, match="one value per cell"):
        to_hexagons(cells, [1.0, 2.0], 7)
    for wrong in (-1, 16, 7.5):
        with pytest.raises(ValueError, match="resolution"):
            to_hexagons(cells, np.ones(cells.sizes["cell"]), wrong)


def test_no_value_at_all_gives_an_empty_view(cells):
    assert len(to_hexagons(cells, np.full(cells.sizes["cell"], np.nan), 7)) == 0
