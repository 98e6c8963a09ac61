"""Work handed to a cluster: the same bytes here, on two workers, and after one of two was killed (G9)."""

import os
import pickle
import signal
from operator import methodcaller

import numpy as np
import pytest
import xarray as xr
from cell_case import raster, square

from hotspot.estimate.field.aggregate import aggregate
from hotspot.in_order import in_order, pool
from hotspot.workflows.monthly.cluster import cluster

CELLS = square(300, 1290, 12, 12)


@pytest.fixture(scope="module")
def days():
    """Forty days of a raster with holes, a task a day."""
    field = raster(CELLS, 0.02).expand_dims(time=40) * xr.DataArray(np.linspace(1, 2, 40), dims="time")
    field = field.rename("pm25").assign_attrs(crs="EPSG:4326", unit="ug/m3")
    return field.assign_coords(time=np.arange(40)).chunk(time=1)


def test_g9_the_same_bytes_on_two_workers_and_after_one_was_killed(days):
    from dask.distributed import LocalCluster

    here = aggregate(days, CELLS).compute(scheduler="synchronous")
    jobs = [days[k].values for k in range(12)]
    with (
        LocalCluster(2, threads_per_worker=1, dashboard_address=None) as two,
        cluster(two.scheduler_address),
        pool(1) as runs,
    ):
        both = aggregate(days, CELLS).compute()
        blocks = in_order(methodcaller("tobytes"), jobs, runs)
        lazy = aggregate(days, CELLS).persist()
        os.kill(two.workers[0].pid, signal.SIGKILL)
        killed = lazy.compute()
    assert runs is not None, "blocks of the level go to the cluster as well"
    assert blocks == [one.tobytes() for one in jobs]
    assert pickle.dumps(here["pm25"].values) == pickle.dumps(both["pm25"].values) == pickle.dumps(killed["pm25"].values)
    assert here.identical(both) and here.identical(killed)


def test_g9_weights_are_sent_once_to_a_worker_and_not_with_each_task(days):
    means = aggregate(days, CELLS)["pm25"].data
    sizes = {key: len(pickle.dumps(task)) for key, task in dict(means.__dask_graph__()).items()}
    weights = [size for key, size in sizes.items() if str(key).startswith("Weights")]
    tasks = [size for key, size in sizes.items() if "mean_block" in str(key)]
    assert len(weights) == 1 and len(tasks) == days.sizes["time"]
    assert max(tasks) < weights[0] / 4
