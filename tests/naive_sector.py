"""Conditional probability as a person would count it, hour by hour."""

import math


def cpf(direction, values, high_share, sectors):
    """List of (hours, high) per sector; the threshold is the linear quantile of the hours with wind and value."""
    pairs = [(d, v) for d, v in zip(direction, values, strict=True) if not math.isnan(d) and not math.isnan(v)]
    ordered = sorted(v for _, v in pairs)
    position = (len(ordered) - 1) * (1 - high_share)
    low = math.floor(position)
    up = min(low + 1, len(ordered) - 1)
    limit = ordered[low] + (ordered[up] - ordered[low]) * (position - low)
    out = [[0, 0] for _ in range(sectors)]
    width = 360 / sectors
    for d, v in pairs:
        for k in range(sectors):
            gap = (d - (k * width - width / 2)) % 360
            if gap < width:
                out[k][0] += 1
                out[k][1] += v > limit
                break
    return out


def sector_counts(bearing, direction, high, block, half_width, n_block):
    """Hours and high hours per source and block, by the angle between two unit vectors."""
    hours = [[0] * n_block for _ in bearing]
    dirty = [[0] * n_block for _ in bearing]
    for i, b in enumerate(bearing):
        for d, h, k in zip(direction, high, block, strict=True):
            if math.isnan(d):
                continue
            if abs((d - b + 180) % 360 - 180) <= half_width:
                hours[i][k] += 1
                dirty[i][k] += bool(h)
    return hours, dirty
