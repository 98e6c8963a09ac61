"""Blocks laid and every hour kriged in one call, as the downscaling does it in parts."""

import numpy as np

from hotspot.estimate.field.krige import by_place
from hotspot.estimate.fine.block_krige import lay_blocks
from hotspot.kernels import krige_blocks as kernel


def krige_blocks(x, y, values, target_x, target_y, block, variogram, *, neighbours=32, min_share=0.5):
    """(estimate, variance) of the targets, whose blocks ascend, at every hour of values (station, time)."""
    x, y, values, _ = by_place(x, y, values)
    first = np.r_[0, np.flatnonzero(np.diff(block)) + 1, len(block)]
    blocks = lay_blocks(x, y, target_x, target_y, first, variogram, neighbours=neighbours)
    n = values.shape[1]
    hours = kernel.Hours(np.zeros(n), np.ones(n), np.full(n, -np.inf), np.full(n, np.inf))
    least = np.array([int(np.ceil(min_share * blocks.neighbour.shape[1])), 1])
    out = np.empty((len(block), n)), np.empty((len(block), n), np.float32)
    estimate, sd = kernel.field(np.ascontiguousarray(values), blocks, hours, np.zeros(len(block)), least, *out)
    return estimate, sd**2
