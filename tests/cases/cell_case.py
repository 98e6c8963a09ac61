"""Cells of a rectangle of the lattice, and random layers that lie over them."""

import numpy as np
import pyproj
import xarray as xr

ALBERS = "+proj=aea +lat_1=25 +lat_2=47 +lat_0=0 +lon_0=105 +ellps=GRS80"


def square(west, south, n_col, n_row, spacing=3000.0, crs=ALBERS):
    """Cells of a rectangle of the lattice, as ``Grid.cover`` makes them."""
    col, row = np.meshgrid(np.arange(n_col) + west, np.arange(n_row) + south)
    x, y = (col.ravel() + 0.5) * spacing, (row.ravel() + 0.5) * spacing
    return xr.Dataset(coords={"x": ("cell", x), "y": ("cell", y)}, attrs={"spacing": spacing, "crs": crs})


def raster(cells, step, holes=0.3, seed=0, margin=0.05):
    """One random layer on a lon/lat grid that lies around some cells, ascending."""
    rng = np.random.default_rng(seed)
    to = pyproj.Transformer.from_crs(cells.attrs["crs"], 4326, always_xy=True)
    lon, lat = to.transform(cells["x"].values, cells["y"].values)
    x, y = (
        np.arange(np.floor((v.min() - margin) / step), np.ceil((v.max() + margin) / step) + 1) * step + step / 2
        for v in (lon, lat)
    )
    values = rng.uniform(5, 100, (y.size, x.size))
    values[rng.random(values.shape) < holes] = np.nan
    return xr.DataArray(values, dims=("y", "x"), coords={"x": x, "y": y}, attrs={"crs": "EPSG:4326"}, name="pm25")
