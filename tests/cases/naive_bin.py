"""Plain-loop truth for raster to cell: shapely's intersections, one pixel at a time."""

import math

import numpy as np
import pyproj
import shapely


def outline(cells, k, target, per_side=200):
    """Cell k as a polygon in another CRS, its edges cut finely."""
    s = cells.attrs["spacing"]
    west, south = float(cells["x"][k]) - s / 2, float(cells["y"][k]) - s / 2
    t = np.arange(per_side) / per_side
    zero, one = np.zeros_like(t), np.ones_like(t)
    ring = np.concatenate([np.c_[t, zero], np.c_[one, t], np.c_[1 - t, one], np.c_[zero, 1 - t]])
    to = pyproj.Transformer.from_crs(cells.attrs["crs"], target, always_xy=True)
    return shapely.Polygon(np.c_[to.transform(west + s * ring[:, 0], south + s * ring[:, 1])])


def pixel_area(crs, west, east, south, north):
    """Area of a lon/lat rectangle on the ellipsoid, m2, by integrating the radii (no closed form)."""
    ellipsoid = pyproj.CRS(crs).ellipsoid
    a, b = ellipsoid.semi_major_metre, ellipsoid.semi_minor_metre
    e2 = 1 - (b / a) ** 2
    steps = 200
    total = 0.0
    for i in range(steps):
        lat = math.radians(south + (north - south) * (i + 0.5) / steps)
        w = math.sqrt(1 - e2 * math.sin(lat) ** 2)
        total += (a * (1 - e2) / w**3) * (a / w) * math.cos(lat) * math.radians(north - south) / steps
    return total * math.radians(east - west)


def mean(field, cells, k):
    """Weighted mean and coverage of one cell from one lon/lat layer with ascending axes."""
    x, y, values = field["x"].values, field["y"].values, field.values
    dx, dy = (x[-1] - x[0]) / (x.size - 1), (y[-1] - y[0]) / (y.size - 1)
    cell = outline(cells, k, field.attrs["crs"])
    top = bottom = whole = 0.0
    west, south, east, north = cell.bounds
    for j in range(y.size):
        for i in range(x.size):
            box = (x[0] + (i - 0.5) * dx, y[0] + (j - 0.5) * dy, x[0] + (i + 0.5) * dx, y[0] + (j + 0.5) * dy)
            if box[2] < west or box[0] > east or box[3] < south or box[1] > north:
                continue
            pixel = shapely.box(*box)
            share = cell.intersection(pixel).area / pixel.area
            w = share * pixel_area(field.attrs["crs"], box[0], box[2], box[1], box[3])
            whole += w
            if np.isfinite(values[j, i]):
                top += w * values[j, i]
                bottom += w
    return (top / bottom if bottom else math.nan), (bottom / whole if whole else 0.0)
