"""
How well the source behind a cell could be told at all on the worlds of ``tracing_worlds``.

Oracles know this world's register for what it is worth: how surely a size and a class tell an emission. Of the plume
they know what their name says, up to everything; then they hear what is measured, with the true background, the true
errors of instruments and, with the true wind, when each source works. First is who adds most in most draws of what they
know. Nobody knows so much.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri
from tracing_worlds import CLASSES, in_delivered_wind

DRAWS = 2000
LOW = 25.0  # m, a stack of which nothing is known
# Where the wind is the delivered one: hours or days that are one piece of evidence, and a plume's error, share of it.
# Of six pairs each those that helped most on seeds 4 to 6; with the method's own (18, 0.6) stations made it worse.
OF_STATIONS, OF_DAYS, SURE = (400.0, 1.5), (16.0, 0.6), (1.0, 0.0)


@dataclass(frozen=True)
class Oracle:
    """What one of them knows of the registered sources, in the register's order."""

    emission: np.ndarray  # float64[draw, source], g/s
    unit: np.ndarray  # float64[cell, source], ug/m3 per g/s, mean of the month

    def rank(self, cell, listed, right):
        """Place of a source among the listed ones of a cell."""
        added = self.emission[:, listed] * self.unit[cell, listed]
        often = np.bincount(added.argmax(axis=1), minlength=listed.size) + 1e-3 * added.mean(axis=0) / added.mean()
        return 1 + int((often > often[listed == right]).sum())


def register_tells(world, *, sizes=True):
    """Mean and sd of the log emission of each source by its size and class; of one in no register nothing is told."""
    truth, relation = world.truth, world.about["relation"]
    own = np.linspace(-5, 5, 1001)
    edges = ndtri(np.arange(len(CLASSES) + 1) / len(CLASSES))[truth["class"][:, None] + [0, 1]]
    low, high = (edges.T[..., None] - 0.5 * own) / 0.75**0.5
    told = ndtr(high) - ndtr(low)
    if sizes:
        told *= np.exp(-0.5 * (truth["size"][:, None] - relation * own) ** 2 / (1 - relation**2))
    weight = np.exp(-0.5 * own**2) * np.where(world.number[:, None] >= 0, told, 1.0)
    weight /= weight.sum(axis=1, keepdims=True)
    mean = weight @ own
    sd = np.sqrt((weight * (own - mean[:, None]) ** 2).sum(axis=1))
    return np.log(9.0) + truth["spread"] * mean, truth["spread"] * sd


def heard(mean, sd, evidence):
    """
    Laplace posterior of log emissions.

    Parameters
    ----------
    mean, sd : float arrays (source), before
    evidence : list of (unit, seen, behind, share, plain, gain, together, model)
        float[place, source, time] ug/m3 per g/s; float[place, time] measured, NaN where not, and what is behind; error
        of a value, share and ug/m3; of a place's instrument, share; values in a row that are one piece of evidence;
        error of a prediction, share of it.

    Returns
    -------
    (float64[source], float64[source, source])
    """
    log_q = mean.copy()
    for _ in range(30):
        bend, slope = np.diag(sd**-2.0), (mean - log_q) / sd**2
        for unit, seen, behind, share, plain, gain, together, model in evidence:
            for of_place, measured, rest in zip(unit, seen, behind, strict=True):
                there = ~np.isnan(measured)
                own = of_place[:, there] * np.exp(log_q)[:, None]
                local, whole = own.sum(axis=0), own.sum(axis=0) + rest[there]
                weight = 1 / (plain**2 + (share * whole) ** 2 + (model * local) ** 2) / together
                off, weighed = measured[there] - whole, own * weight
                bend += weighed @ own.T
                slope += weighed @ off
                if gain:  # what an instrument reads too high or low is anything
                    shared, held = weighed @ whole, gain**-2.0 + (weight * whole) @ whole
                    bend -= np.outer(shared, shared) / held
                    slope -= shared * ((weight * whole) @ off) / held
        step = np.clip(np.linalg.solve(bend, slope), -0.5, 0.5)
        log_q = log_q + step
        if np.abs(step).max() < 1e-2:
            break
    return log_q, np.linalg.inv(bend)


def oracles(world, *, sizes=True):
    """By name, from what a register tells to everything but the emissions."""
    truth, known = world.truth, np.flatnonzero(world.number >= 0)
    nominal, rng = truth["nominal"], np.random.default_rng(7)
    before = register_tells(world, sizes=sizes)
    certain = np.log(nominal), np.diag(np.full(len(nominal), 1e-12))
    n = world.stations.sizes["station"]

    def stations(unit, how):
        nets = [(slice(0, n), world.stations, 0.06), (slice(n, None), world.micro, 0.15)]
        return [(unit[rows], net["pm25"].values, truth["behind"][rows], error, 2.5, error, *how)
                for rows, net, error in nets if net is not None]  # fmt: skip

    def days(unit, how):
        return [(unit, world.days, truth["behind_by_day"], 0.15, 0.0, 0.0, *how)]

    true = truth["by_day"] / nominal[:, None], truth["by_hour"] / nominal[:, None]
    plumes = {"all of the plume": (*true, SURE, SURE)}
    for name, where, height in (
        ("the wind delivered", world.places, truth["height"]),
        ("nor its stack", truth["told_places"], np.full(len(nominal), LOW)),
    ):
        by_day = in_delivered_wind(world, where, height).reshape(len(world.at), len(nominal), -1, 8).mean(axis=3)
        by_hour = in_delivered_wind(world, where, height, stations=True)
        plumes[name] = by_day, by_hour, OF_STATIONS, OF_DAYS
    found = {}
    for plume, (by_day, by_hour, of_stations, of_days) in plumes.items():
        for name, told in (
            ("register", (before[0], np.diag(before[1] ** 2))),
            ("stations", heard(*before, stations(by_hour, of_stations))),
            ("days", heard(*before, days(by_day, of_days))),
            ("emissions", certain),
        ):
            found[f"{name}; {plume}"] = told, by_day.mean(axis=2)
    return {name: Oracle(np.exp(rng.multivariate_normal(*told, DRAWS, method="cholesky"))[:, known], unit[:, known])
            for name, (told, unit) in found.items()}  # fmt: skip
