"""Ordinary kriging as it stands in the textbook: one dense system per target, semivariances, no tricks."""

import numpy as np


def krige(x, y, values, target_x, target_y, gamma, neighbours):
    """Estimate and variance at each target from its nearest stations; ``gamma`` is a function of distance."""
    estimate, variance = [], []
    for tx, ty in zip(target_x, target_y, strict=True):
        near = np.argsort(np.hypot(x - tx, y - ty), kind="stable")[:neighbours]
        n = near.size
        system = np.ones((n + 1, n + 1))
        system[n, n] = 0.0
        for a in range(n):
            for b in range(n):
                system[a, b] = gamma(np.hypot(x[near[a]] - x[near[b]], y[near[a]] - y[near[b]]))
        right = np.array([*gamma(np.hypot(x[near] - tx, y[near] - ty)), 1.0])
        solution = np.linalg.solve(system, right)
        estimate.append(solution[:n] @ values[near])
        variance.append(solution @ right)
    return np.array(estimate), np.array(variance)


def semivariance(x, y, values, width, n_bin):
    """Counts, mean distances and semivariances per class ](k) width, (k + 1) width], by a plain double loop."""
    rows = [[] for _ in range(n_bin)]
    for i in range(len(x)):
        for j in range(i):
            h = float(np.hypot(x[i] - x[j], y[i] - y[j]))
            for k in range(n_bin):
                if k * width < h <= (k + 1) * width and not np.isnan(values[i] - values[j]):
                    rows[k].append((h, 0.5 * (values[i] - values[j]) ** 2))
    return [(len(r), np.mean([a for a, _ in r]), np.mean([b for _, b in r])) for r in rows if r]
