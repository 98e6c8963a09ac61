"""What lasts inside a cell: the 3 km field between its cells, and the conditional mean of what stations add."""

import numpy as np
import pytest
import xarray as xr

from hotspot.estimate.fine.gains import LEAST_PLACE, REACH_M, tell_gains
from hotspot.estimate.fine.lasting import _LEFT, _ODD, lasting
from hotspot.estimate.fine.pattern import pattern_at
from hotspot.grid.lattice import Grid
from hotspot.grid.sub_cells import sub_cells
from hotspot.quality.means.seen import LEVEL

COLUMN, ROW, MONTH = 1318, 1448, "2025-12"
GRID = Grid()


def field_of(values):
    """A monthly 3 km field, of rows from the south."""
    column, row = np.meshgrid(COLUMN + np.arange(values.shape[1]), ROW + np.arange(values.shape[0]))
    x, y = GRID.centre(column.ravel(), row.ravel())
    return xr.Dataset(
        {"pm25": (("cell", "time"), values.reshape(-1, 1))},
        {"cell": GRID.code(column.ravel(), row.ravel()).astype(str), "x": ("cell", x), "y": ("cell", y),
         "time": np.array([MONTH], "datetime64[ns]")},
        {"spacing": 3000.0},
    )  # fmt: skip


def network(seed=1, side=2, gain=0.1, hours=300):
    """Four stations in each cell of a square, all of whose air is the same."""
    rng = np.random.default_rng(seed)
    west, south, *_ = GRID.bounds(COLUMN + 1, ROW + 1)
    at = np.array([(i, j) for i in range(2 * side) for j in range(2 * side)]) * 1500.0 + 750.0
    x, y = np.array([west, south])[:, None] + at.T + rng.uniform(-300, 300, (2, len(at)))
    lon, lat = GRID.unproject(x, y)
    base = 60 * np.exp(0.4 * rng.standard_normal(hours))
    values = base * np.exp(rng.normal(0, gain, (len(at), 1)) + 0.05 * rng.standard_normal((len(at), hours)))
    place = {"station": [f"S{k:02d}" for k in range(len(at))], "lon": ("station", lon), "lat": ("station", lat)}
    both = {"pm25": (("station", "time"), values), "pm25_error": (("station", "time"), 0.12 * values)}
    return xr.Dataset(both, place | {"time": np.datetime64(MONTH, "ns") + np.arange(hours) * np.timedelta64(1, "h")})


@pytest.fixture
def field():
    return field_of(np.random.default_rng(4).uniform(40, 70, (4, 4)))


def places_of(*at):
    return sub_cells([str(GRID.code(COLUMN + i, ROW + j)) for i, j in at], GRID)


def test_it_is_the_conditional_mean_by_plain_loops(field):
    stations, held = network(), places_of((1, 1), (2, 2))
    x, y = (np.asarray(v) for v in GRID.project(stations["lon"].values, stations["lat"].values))
    gains, crs = tell_gains(stations, x, y), GRID.crs.to_wkt()
    assert gains.own > 0
    own, place = np.hypot(gains.own, gains.noise), _LEFT * gains.place
    at = np.log(pattern_at(x, y, crs=crs, month=MONTH, coarse=field) + LEVEL)
    away, n = gains.usual - at, x.size
    square = np.array(
        [
            [
                place**2 * np.exp(-np.hypot(x[i] - x[j], y[i] - y[j]) / REACH_M) + (own**2 if i == j else 0)
                for j in range(n)
            ]
            for i in range(n)
        ]
    )
    middle = np.linalg.solve(square, away).sum() / np.linalg.solve(square, np.ones(n)).sum()
    most = _ODD * np.hypot(place, own)
    weight = np.linalg.solve(square, np.clip(away - middle, -most, most))
    level, unsure = lasting(stations, held, field, MONTH)
    for k in (0, 20, 40, 71):
        tx, ty = float(held["x"][k]), float(held["y"][k])
        to = np.array([place**2 * np.exp(-np.hypot(x[i] - tx, y[i] - ty) / REACH_M) for i in range(n)])
        there = np.log(pattern_at([tx], [ty], crs=crs, month=MONTH, coarse=field)[0] + LEVEL)
        assert level[k] == pytest.approx(np.exp(there + to @ weight) - LEVEL, rel=1e-9)
        short = 1 - np.linalg.solve(square, to).sum()
        left = place**2 - to @ np.linalg.solve(square, to) + short**2 / np.linalg.inv(square).sum()
        assert unsure[k] == pytest.approx(np.sqrt(left), rel=1e-9)


def test_a_broken_station_moves_its_cell_no_farther_than_two_spreads(field):
    stations, held = network(), places_of((1, 1))
    worse = stations.copy(deep=True)
    worse["pm25"][0] = 8 * stations["pm25"][0]
    (level, _), (moved, _) = (lasting(some, held, field, MONTH) for some in (stations, worse))
    assert np.abs(np.log(moved / level)).max() < 0.15


def test_in_a_network_too_small_to_tell_gains_all_that_is_stated_is_the_instruments(field):
    held = places_of((1, 1))
    few = network(gain=0.3).isel(station=slice(0, 3))
    level, unsure = lasting(few, held, field, MONTH)
    alone = pattern_at(held["x"].values, held["y"].values, crs=GRID.crs.to_wkt(), month=MONTH, coarse=field)
    assert 0.001 < np.log(level / alone).std() < 0.05
    assert (unsure > 0.5 * _LEFT * LEAST_PLACE).all()
    level, _ = lasting(few.isel(station=slice(0, 2)), held, field, MONTH)  # two of which nothing is usual
    assert level == pytest.approx(alone, rel=1e-9)


def test_the_order_of_stations_changes_nothing(field):
    stations, held = network(), places_of((1, 1), (1, 2))
    turned = stations.isel(station=slice(None, None, -1))
    for one, other in zip(lasting(stations, held, field, MONTH), lasting(turned, held, field, MONTH), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)
