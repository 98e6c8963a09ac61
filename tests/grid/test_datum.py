"""GCJ-02 and BD-09: METHODS 1, RELIABILITY 85; oracle prcoords."""

import subprocess
import sys
import warnings
from functools import partial

import numpy as np
import prcoords
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from hotspot.grid import datum
from hotspot.variables import DataError

lon_cn, lat_cn = st.floats(73.5, 135.1), st.floats(3.5, 53.6)
TO_GCJ, TO_BD = (partial(datum.from_wgs84, datum=name) for name in ("gcj02", "bd09"))
FROM_GCJ, FROM_BD = (partial(datum.to_wgs84, datum=name) for name in ("gcj02", "bd09"))
PAIRS = [(TO_GCJ, FROM_GCJ), (TO_BD, FROM_BD)]


@pytest.fixture(scope="module")
def china():
    rng = np.random.default_rng(2018)
    return rng.uniform(73.5, 135.1, 5000), rng.uniform(3.5, 53.6, 5000)


@pytest.mark.parametrize(("ours", "theirs"), [(TO_GCJ, prcoords.wgs_gcj), (TO_BD, prcoords.wgs_bd)])
def test_forward_is_prcoords(china, ours, theirs):
    lon, lat = ours(*china)
    peer = np.array([theirs((y, x)) for x, y in zip(*china, strict=True)])
    np.testing.assert_allclose(lon, peer[:, 1], rtol=0, atol=1e-12)
    np.testing.assert_allclose(lat, peer[:, 0], rtol=0, atol=1e-12)


@pytest.mark.parametrize(("ours", "theirs"), [(FROM_GCJ, prcoords.gcj_wgs_bored), (FROM_BD, prcoords.bd_wgs_bored)])
def test_inverse_is_prcoords_within_its_own_stop(china, ours, theirs):
    lon, lat = ours(*china)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer = np.array([theirs((y, x)) for x, y in zip(*china, strict=True)])
    # prcoords stops its iteration at 1e-5 degrees; the fixed point behind it is ours.
    np.testing.assert_allclose(lon, peer[:, 1], rtol=0, atol=1e-5)
    np.testing.assert_allclose(lat, peer[:, 0], rtol=0, atol=1e-5)


@pytest.mark.parametrize(("there", "back"), PAIRS)
@settings(deadline=None)
@given(lon=lon_cn, lat=lat_cn)
def test_there_and_back_is_the_same_place(there, back, lon, lat):
    # The formula holds a square root of |lon - 105|, infinitely steep on that meridian: 1e-11 degrees there.
    near = 1e-11 if abs(lon - 105) < 0.01 else 3e-13
    assert back(*there(lon, lat)) == pytest.approx((lon, lat), abs=near)
    assert there(*back(lon, lat)) == pytest.approx((lon, lat), abs=near)


@pytest.mark.parametrize("way", [function for pair in PAIRS for function in pair])
def test_one_place_is_the_kernel_at_one_place(way, china):
    """Plain Python for one place, compiled for many: one formula."""
    many = np.column_stack(way(*china))[:300]
    one = np.array([way(float(x), float(y)) for x, y in zip(china[0][:300], china[1][:300], strict=True)])
    near = np.where(np.abs(china[0][:300] - 105) < 0.01, 1e-11, 3e-13)[:, None]
    assert (np.abs(one - many) <= near).all()


def test_a_shell_that_asks_for_one_place_waits_for_no_compiler():
    """``hotspot cell`` in half a second: loading numba alone took as long."""
    code = "import sys; from hotspot.grid.place import find_place as f; f('116.397', '39.909', datum='bd09'); "
    code += "print(sorted({'numba', 'pandas', 'xarray', 'scipy'} & set(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_the_shift_is_100_to_1000_m(china):
    metres = Geod(ellps="WGS84").inv(*china, *datum.from_wgs84(*china, "gcj02"))[2]
    assert metres.min() > 20 and 100 < np.median(metres) < 700 and metres.max() < 2000


def test_abroad_nothing_moves():
    lon, lat = np.array([-76.6, 2.35, 151.2, 72.0]), np.array([2.4, 48.86, -33.9, 40.0])
    for function in (f for pair in PAIRS for f in pair):
        x, y = function(lon, lat)
        assert (x == lon).all() and (y == lat).all()


def test_shapes_and_missing_values_are_kept():
    lon, lat = np.full((2, 3), 116.4), np.full((2, 3), 39.9)
    lon[1, 1] = np.nan
    for function in (f for pair in PAIRS for f in pair):
        x, y = function(lon, lat)
        assert x.shape == y.shape == (2, 3) and np.isnan(x[1, 1]) and np.isfinite(x[0]).all()
        assert lon[0, 0] == 116.4
    assert all(isinstance(part, float) for part in datum.from_wgs84(116.4, 39.9, "gcj02"))


def test_an_unknown_datum_is_refused():
    for function in (datum.to_wgs84, datum.from_wgs84):
        with pytest.raises(DataError, match="declare one of wgs84, cgcs2000, gcj02, bd09"):
            function(116.4, 39.9, "mars")
    assert datum.to_wgs84(116.4, 39.9, "cgcs2000") == (116.4, 39.9)


@pytest.mark.parametrize("truth", ["wgs84", "gcj02", "bd09"])
def test_a_shifted_list_of_stations_is_recognised(truth):
    """Case 85: at least ten known sites, noise of 20 m, and the datum shows."""
    rng = np.random.default_rng(85)
    lon, lat = rng.uniform(115, 117, 20), rng.uniform(39, 41, 20)
    given_lon, given_lat = datum.from_wgs84(lon + rng.normal(0, 2e-4, 20), lat + rng.normal(0, 2e-4, 20), truth)
    name, metres = datum.best_datum(given_lon, given_lat, lon, lat)
    assert name == truth and metres[truth] < 60
    with pytest.raises(DataError, match="too few"):
        datum.best_datum(lon[:9], lat[:9], lon[:9], lat[:9])
