"""What an hour at a place is without a model: the nearest station, or all by inverse distance."""

import numpy as np

from hotspot.grid.lattice import Grid


def naive(stations, x, y):
    """Nearest station and inverse distance squared, float64[n_target, n_hour] each."""
    sx, sy = Grid().project(stations["lon"].values, stations["lat"].values)
    away = np.hypot(x[:, None] - sx, y[:, None] - sy)
    values = stations["pm25"].values
    weight = np.where(np.isfinite(values)[None], 1.0 / np.maximum(away, 1.0)[:, :, None] ** 2, 0.0)
    total = weight.sum(axis=1)
    idw = (weight * np.nan_to_num(values)[None]).sum(axis=1) / np.where(total > 0, total, np.nan)
    order = np.argsort(away, axis=1)
    nearest = np.full(idw.shape, np.nan)
    for rank in range(order.shape[1]):
        nearest = np.where(np.isnan(nearest), values[order[:, rank]], nearest)
    return {"nearest": nearest, "idw": idw}
