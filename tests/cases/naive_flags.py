"""Plain-loop twins of the flag kernels, written for reading, not for speed."""

import math
import statistics


def run_lengths(mask):
    out = []
    for row in mask:
        lengths = [0] * len(row)
        for at in range(len(row)):
            if row[at]:
                first, last = at, at
                while first > 0 and row[first - 1]:
                    first -= 1
                while last + 1 < len(row) and row[last + 1]:
                    last += 1
                lengths[at] = last - first + 1
        out.append(lengths)
    return out


def flat_windows(values, n_hours, tolerance):
    out = []
    for row in values:
        flat = [False] * len(row)
        for first in range(len(row) - n_hours + 1):
            window = row[first : first + n_hours]
            if not any(math.isnan(v) for v in window) and max(window) - min(window) <= tolerance:
                for at in range(first, first + n_hours):
                    flat[at] = True
        out.append(flat)
    return out


def spike_heights(values):
    out = []
    for row in values:
        heights = [math.nan] * len(row)
        for at in range(1, len(row) - 1):
            rise, fall = row[at] - row[at - 1], row[at] - row[at + 1]
            if math.isnan(rise) or math.isnan(fall):
                continue
            if rise > 0 and fall > 0:
                heights[at] = min(rise, fall)
            elif rise < 0 and fall < 0:
                heights[at] = max(rise, fall)
            else:
                heights[at] = 0.0
        out.append(heights)
    return out


def local_medians(values, half, n_least):
    out = []
    for row in values:
        line = []
        for at in range(len(row)):
            near = [row[k] for k in range(max(0, at - half), min(len(row), at + half + 1)) if k != at]
            near = [v for v in near if not math.isnan(v)]
            line.append(statistics.median(near) if len(near) >= n_least else math.nan)
        out.append(line)
    return out


def neighbour_medians(values, neighbour, n_least):
    out = []
    for near in neighbour:
        line = []
        for at in range(len(values[0])):
            seen = [values[k][at] for k in near if k >= 0 and not math.isnan(values[k][at])]
            line.append(statistics.median(seen) if len(seen) >= n_least else math.nan)
        out.append(line)
    return out


def window_slope(window):
    """Theil-Sen slope, tau and median absolute residual of one window of (step, value)."""
    pairs, sign = [], 0
    for late in range(len(window)):
        for early in range(late):
            rise = window[late][1] - window[early][1]
            pairs.append(rise / (window[late][0] - window[early][0]))
            sign += int(rise > 0) - int(rise < 0)
    slope = statistics.median(pairs)
    rest = [v - slope * t for t, v in window]
    level = statistics.median(rest)
    return slope, sign / len(pairs), statistics.median([abs(r - level) for r in rest])
