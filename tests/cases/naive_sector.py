"""Conditional probability as a person would count it, hour by hour."""

import math


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


def polar(u10, v10, values, sectors, bins, calm_ms, high_share, interval):
    """(hours, sum, high, within the interval) of each sector and class of speed, hour by hour."""
    hours = [
        (math.hypot(u, v), math.degrees(math.atan2(-u, -v)) % 360, c)
        for u, v, c in zip(u10, v10, values, strict=True)
        if not (math.isnan(u) or math.isnan(v) or math.isnan(c))
    ]
    ordered = sorted(c for _, _, c in hours)

    def quantile(share):
        position = (len(ordered) - 1) * share
        low = math.floor(position)
        up = min(low + 1, len(ordered) - 1)
        return ordered[low] + (ordered[up] - ordered[low]) * (position - low)

    limit, low, high = quantile(1 - high_share), quantile(interval[0]), quantile(interval[1])
    table = [[0, 0.0, 0, 0] for _ in range(sectors * (len(bins) + 1))]
    for speed, direction, c in hours:
        if speed < calm_ms:
            continue
        sector = min(range(sectors), key=lambda k: abs((direction - k * 360 / sectors + 180) % 360 - 180))
        row = table[sector * (len(bins) + 1) + sum(speed >= edge for edge in bins)]
        row[0] += 1
        row[1] += c
        row[2] += c > limit
        row[3] += low < c <= high
    return table
