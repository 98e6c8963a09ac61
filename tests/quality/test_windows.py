"""Means of groups and windows of hours: the slow ones, pandas, bottleneck's count of gaps."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from hotspot.kernels import series
from hotspot.quality.means.windows import cell_means, running_means


def network(n_station=7, n_time=100, missing=0.3, seed=0):
    rng = np.random.default_rng(seed)
    values = rng.normal(50, 10, (n_station, n_time))
    values[rng.random(values.shape) < missing] = np.nan
    return xr.Dataset({"pm25": (("station", "time"), values)}, {"time": np.arange(n_time)})


def test_cell_means_are_pandas():
    stations, cell = network(), np.array(["B", "A", "", "B", "A", "C", "B"])
    ours = cell_means(stations, cell)["pm25"]
    frame = pd.DataFrame(stations.pm25.values).groupby(cell).mean().drop("")
    np.testing.assert_allclose(ours.values, frame.to_numpy(), rtol=1e-14)
    assert ours.cell.values.tolist() == ["A", "B", "C"]


@pytest.mark.parametrize(("hours", "least"), [(1, 1), (7, 1), (24, 18), (99, 50), (100, 1), (300, 60)])
def test_running_means_are_pandas(hours, least):
    stations = network(n_station=140, n_time=250)
    ours = running_means(stations, hours=hours, min_hours=least)
    theirs = pd.DataFrame(stations.pm25.values.T).rolling(hours, min_periods=least).mean().to_numpy().T
    np.testing.assert_allclose(ours.values, theirs, rtol=1e-11)


def test_rounding_does_not_pile_up():
    values = np.full((20_000, 1), 0.1)
    values[0] = 1e15
    mean = series.rolling_means(values, 10, 1, np.empty_like(values))
    np.testing.assert_allclose(mean[20:], 0.1, rtol=1e-14)


def test_windows_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="cannot be"):
        running_means(network(), hours=5, min_hours=6)
