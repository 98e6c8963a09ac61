"""A station against the others: how far it is believed, and what is stated of it."""

import numpy as np
import pytest

from hotspot.estimate.field.krige import Variogram, krige
from hotspot.estimate.field.left_out import as_stated, leave_one_out, own_errors

SHAPE = Variogram("spherical", 4.0, 36.0, 30e3)
LIMIT = 1.5


@pytest.fixture(scope="module")
def network():
    """Sixteen stations, 10 km apart, and values that agree with them."""
    x, y = (part.ravel() * 1e4 for part in np.meshgrid(np.arange(4), np.arange(4), indexing="ij"))
    return x, y, 50 + 2 * np.sin(x / 2e4) + 2 * np.cos(y / 2e4)


def test_stations_that_agree_are_kriged_as_they_stand(network):
    x, y, z = network
    noise = own_errors(x, y, z, SHAPE, limit=LIMIT)
    assert not noise.any()
    for plain, other in zip(
        krige(x, y, z, x + 1e3, y, SHAPE), krige(x, y, z, x + 1e3, y, SHAPE, noise=noise), strict=True
    ):
        assert plain.tobytes() == other.tobytes(), "not a bit moves in a field whose stations agree"


@pytest.mark.parametrize("off", [-49.9, 15.0, 40.0, 200.0, 900.0])
def test_no_station_pulls_a_field_farther_than_its_neighbours_allow(network, off):
    x, y, z = network
    bent = z + off * (np.arange(z.size) == 5)
    told, variance = leave_one_out(x, y, bent, SHAPE)
    allowed = LIMIT * np.sqrt(variance[5])
    noise = own_errors(x, y, bent, SHAPE, limit=LIMIT)
    assert noise[5] > 0 and noise[5] == noise.max()
    here = x[5:6] + 100.0, y[5:6]
    plain, robust = (krige(x, y, bent, *here, SHAPE, noise=own) for own in (None, noise))
    assert abs(plain[0] - told[5]) > 1.5 * allowed or abs(off) < 20
    assert abs(robust[0] - z[5]) < allowed and robust[1] > plain[1], "moved less, and stated less sure"
    # Where it disagrees without end, it says nothing: the field is that of the others.
    if off == 900.0:
        assert abs(robust[0] - z[5]) < 1.0


@pytest.mark.parametrize("neighbours", [5, 32])
def test_left_out_is_kriged_from_the_others_to_the_bit(network, neighbours):
    """Two stations in one place, hours missing: the places are put in order once for all, nothing else is."""
    rng = np.random.default_rng(7)
    x, y, z = network
    x, y = np.r_[x[::-1], x[3]], np.r_[y[::-1], y[3]]
    table = np.r_[z, z[3] + 1][:, None] + rng.normal(0, 3, (17, 24))
    table[rng.random(table.shape) < 0.2] = np.nan
    noise = rng.uniform(0, 5, 17)
    told = leave_one_out(x, y, table, SHAPE, neighbours=neighbours, noise=noise)
    for i in range(17):
        others = (x != x[i]) | (y != y[i])
        assert others.sum() == (15 if (x[i], y[i]) == (x[16], y[16]) else 16)
        slow = krige(x[others], y[others], table[others], x[i : i + 1], y[i : i + 1], SHAPE, neighbours=neighbours,
                     noise=noise[others])  # fmt: skip
        for fast, own in zip(told, slow, strict=True):
            there = ~np.isnan(table[i])
            assert fast[i, there].tobytes() == own[0, there].tobytes() and np.isnan(fast[i, ~there]).all()


def test_what_left_out_stations_show_is_the_least_that_is_stated():
    rng = np.random.default_rng(3)
    told, spread = rng.normal(50, 5, 4000), 3.0
    values = told + rng.normal(0, spread, told.size)
    assert as_stated(values, told, np.full(told.size, spread**2 / 4)) == pytest.approx(4.0, rel=0.1)
    assert as_stated(values, told, np.full(told.size, 4 * spread**2)) == 1.0
    assert as_stated([np.nan], [1.0], [1.0]) == 1.0


def test_the_account_names_a_station_that_is_doubted_with_its_error():
    from types import SimpleNamespace

    import xarray as xr

    from hotspot.estimate.field.from_stations import _kriged
    from hotspot.estimate.field.skill import only_what_is_told
    from hotspot.rules.criteria import Interpolation
    from hotspot.synthetic.study import synthetic_month

    month = synthetic_month(size="small")
    stations = month.reference
    value = np.full((stations.sizes["station"], 1), 50.0) + np.arange(stations.sizes["station"])[:, None]
    value[3] = 120.0
    means = xr.Dataset(
        {"pm25": (("station", "time"), value), "n_valid": (("station", "time"), np.full_like(value, 31.0))},
        {name: stations[name] for name in ("station", "lon", "lat")},
    )
    field = _kriged(means, month.study.cells, ["2025-12"], Interpolation(), [""])
    assert field.attrs["doubted"].startswith("2025-12 ") and "S04 +-" in field.attrs["doubted"]
    said = []
    only_what_is_told(field, "2025-12", SimpleNamespace(note=said.append))
    assert any("a larger error of their own" in line and "S04" in line for line in said)
