"""
Worlds whose emission is known and whose physics is not the package's own.

Three kinds: a Gaussian plume by stability of the hour (``plume``), advection and diffusion with
memory from hour to hour (``puff``), and plumes under wind the weather service does not know well, half
hidden by secondary particles that follow the cities over tens of kilometres (``secondary``).
In all: retrieval errors shared over 25 km and some that stay all year, clouds that prefer dirty days,
a regional background with slopes, valleys that hold the air back, and sources outside the cells.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy import fft, ndimage

KINDS = ("plume", "puff", "secondary")
SPACING = 3000.0
_MARGIN = 8  # cells around the watched ones, where sources may stand too


class World(NamedTuple):
    """What was delivered, and the truth beside it."""

    pm25: np.ndarray  # float64[row, col, day] as seen, NaN under cloud
    emission: np.ndarray  # float64[row, col], true, any unit
    truth: np.ndarray  # float64[row, col, day], without errors and clouds
    wind: np.ndarray  # float64[hour, 2] as delivered, m/s
    height: np.ndarray  # float64[hour] boundary layer as delivered, m

    def field(self):
        """The same as the package takes it: Dataset (cell, day) and weather (time)."""
        import xarray as xr

        rows, cols, n_day = self.pm25.shape
        row, col = (axis.ravel() for axis in np.mgrid[:rows, :cols])
        day = np.datetime64("2024-01-01") + np.arange(n_day)
        names = np.array([f"C{r:02d}{c:02d}" for r, c in zip(row, col, strict=True)])
        lon, lat = 115.0 + col * 0.035, 37.0 + row * 0.027
        places = {"col": col, "row": row, "x": col * SPACING, "y": row * SPACING, "lon": lon, "lat": lat}
        coords = {name: ("cell", values) for name, values in places.items()}
        coords |= {"cell": names, "day": day.astype("datetime64[ns]")}
        seen = xr.Dataset({"pm25": (("cell", "day"), self.pm25.reshape(-1, n_day))}, coords, {"spacing": SPACING})
        time = np.datetime64("2023-12-31T16:00") + np.arange(len(self.height)) * np.timedelta64(1, "h")
        one = {"u10": self.wind[:, 0], "v10": self.wind[:, 1], "blh": self.height, "tp": np.zeros(len(self.height))}
        return seen, xr.Dataset({k: ("time", v) for k, v in one.items()}, {"time": time.astype("datetime64[ns]")})


def make_world(kind, seed, *, cells=30, n_day=365, noise=0.10, pixel=1000.0, local_share=0.35, stays=0.05, relief=0.15):
    """
    A year of one kind of world.

    Parameters
    ----------
    kind : str, one of ``KINDS``
    seed : int
        Of everything: sources, weather, clouds, errors, and the numbers of the plume.
    cells : int
        Side of the square of watched 3 km cells.
    n_day : int
    noise : float
        Error of one day's cell, a share of its value.
    pixel : float
        Metres, a divisor of 3000.
    local_share : float
        Share of the mean concentration that the sources of the world make.
    relief : float
        How far valleys hold the air back, standard deviation of the logarithm, half of it for the region's air.
    stays : float
        Error of a cell that is the same on every day, a share of ``noise``.

    Returns
    -------
    World
    """
    rng = np.random.default_rng([KINDS.index(kind), seed])
    per = round(SPACING / pixel)
    n = (cells + 2 * _MARGIN) * per
    emission = _sources(rng, n, per, cells)
    wind, height = _weather(rng, n_day)
    spread = {"plume": _plume, "puff": _puff, "secondary": _secondary}[kind]
    local = _by_cell(spread(rng, emission, wind, height, pixel), per)[_inner(cells)]
    valley = np.exp(relief * _smooth(rng, (cells, cells), 5.0))[..., None]
    local *= valley
    regional = _regional(rng, cells, n_day, height)
    local *= local_share / (1 - local_share) * regional.mean() / local.mean()
    truth = local + regional * valley**0.5
    pm25 = _seen(rng, truth, noise, stays)
    wind, height = _delivered(rng, wind, height, poor=kind == "secondary")
    return World(pm25, _by_cell(emission[..., None], per)[_inner(cells)][..., 0], truth, wind, height)


def _inner(cells):
    return (slice(_MARGIN, _MARGIN + cells),) * 2


def _by_cell(values, per):
    """Mean over the pixels of each cell, along the first two axes."""
    n = values.shape[0] // per
    return values.reshape(n, per, n, per, -1).mean(axis=(1, 3))


def _smooth(rng, shape, scale):
    """A random field, standard normal at every point, smooth over ``scale`` points."""
    field = ndimage.gaussian_filter(rng.normal(size=shape), scale, mode="wrap")
    return (field - field.mean()) / field.std()


def _sources(rng, n, per, cells):
    """Emission of every pixel: towns, works, roads and the country; 5 to 10 % of it outside the cells."""
    y, x = np.mgrid[:n, :n] / per
    size = n / per
    place = rng.uniform(2, size - 2, (rng.integers(14, 22), 2))
    towns = np.zeros((n, n))
    for (i, j), mass in zip(place, np.exp(rng.normal(0, 0.9, len(place))), strict=True):
        across = 0.5 * (1 + mass**0.4) * rng.uniform(0.6, 1.2)
        towns += mass / across**2 * np.exp(-((y - i) ** 2 + (x - j) ** 2) / (2 * across**2))
    towns *= np.exp(0.6 * _smooth(rng, (n, n), 0.5 * per))
    works = np.zeros((n, n))
    for mass in np.exp(rng.normal(0, 1.0, rng.integers(70, 130))):
        i, j = place[rng.integers(len(place))] + rng.normal(0, 4, 2) if rng.random() < 0.5 else rng.uniform(0, size, 2)
        works[tuple(np.clip((np.array([i, j]) * per).astype(int), 0, n - 1))] += mass
    roads = np.zeros((n, n))
    for a, b in pairwise(place):
        points = (a + (b - a) * np.linspace(0, 1, 40 * per)[:, None]) * per
        np.add.at(roads, tuple(points.astype(int).T), 1.0)
    country = np.exp(1.2 * _smooth(rng, (n, n), 1.2 * per))
    shares = rng.dirichlet([11, 9, 3, 7])
    emission = sum(s * part / part.sum() for s, part in zip(shares, (towns, works, roads, country), strict=True))
    inside = np.zeros((n, n), bool)
    inside[_MARGIN * per : (_MARGIN + cells) * per, _MARGIN * per : (_MARGIN + cells) * per] = True
    outer = rng.uniform(0.05, 0.10)
    emission[~inside] *= outer / (1 - outer) * emission[inside].sum() / emission[~inside].sum()
    return emission


def _weather(rng, n_day):
    """Hourly wind (hour, 2), m/s, and boundary-layer height, m: spells of days, a season, day and night."""
    n = n_day * 24
    hour = np.arange(n)
    season = np.cos(2 * np.pi * (hour / 24 - 15) / 365)
    keep = np.exp(-1 / rng.uniform(20, 40))
    gust = rng.normal(size=(n, 2)) * np.sqrt(1 - keep**2)
    for t in range(1, n):
        gust[t] += keep * gust[t - 1]
    turn = rng.uniform(0, 2 * np.pi)
    usual = np.column_stack([np.cos(turn) * np.ones(n), np.sin(turn) * np.ones(n)]) * season[:, None]
    day = 1 + 0.35 * np.sin(2 * np.pi * (hour % 24 - 9) / 24)
    wind = (rng.uniform(1.6, 2.4) * gust + usual) * day[:, None]
    sun = np.clip(np.sin(2 * np.pi * (hour % 24 - 6) / 24), 0, None) ** 0.7
    slow = ndimage.gaussian_filter1d(rng.normal(size=n), 24)
    height = (120 + 60 * np.hypot(*wind.T) + sun * (900 - 450 * season)) * np.exp(0.35 * slow / slow.std())
    return wind, np.clip(height, 60, 3000)


def _plume(rng, emission, wind, height, pixel, *, reach=36e3):
    """Gaussian plumes of every hour, spread by its stability, reflected below the boundary layer."""
    n = emission.shape[0]
    speed, sun = np.hypot(*wind.T), height > np.median(height)
    stability = np.where(speed > 4, 1, np.where(sun, 0, 2))
    spread, lift, exponent = rng.uniform(0.8, 1.3, 3) * [1, 1, 0.9] * np.array([1, 1, 1])
    across = np.array([0.20, 0.11, 0.06]) * spread
    up = np.array([0.12, 0.06, 0.03]) * lift
    sector = np.round(np.arctan2(wind[:, 1], wind[:, 0]) / (2 * np.pi) * 48).astype(int) % 48
    bins = np.array([0.7, 1.5, 2.6, 4.2, 7.0])
    pace = np.abs(np.log(np.maximum(speed, 0.5))[:, None] - np.log(bins)).argmin(axis=1)
    lid = np.array([150.0, 400.0, 1000.0])
    depth = np.abs(np.log(height)[:, None] - np.log(lid)).argmin(axis=1)
    code = ((sector * 5 + pace) * 3 + stability) * 3 + depth
    classes, of = np.unique(code, return_inverse=True)
    wide = fft.next_fast_len(n + int(reach / pixel), real=True)
    at = (np.arange(wide) + wide // 2) % wide - wide // 2
    y, x = np.meshgrid(at * pixel, at * pixel, indexing="ij")
    source = fft.rfft2(emission, (wide, wide))
    kernels = np.empty((len(classes), *source.shape), np.complex64)
    for k, one in enumerate(classes):
        turn, u = one // 45 * 2 * np.pi / 48, bins[one // 9 % 5]
        along, side = x * np.cos(turn) + y * np.sin(turn), -x * np.sin(turn) + y * np.cos(turn)
        down = np.maximum(along, 0.25 * pixel)
        sy = across[one // 3 % 3] * 100 * (down / 100) ** min(exponent, 1.0) + 0.29 * pixel
        h = lid[one % 3]
        sz = np.minimum(up[one // 3 % 3] * 100 * (down / 100) ** 0.85 + 30, 0.8 * h)
        value = np.exp(-0.5 * (side / sy) ** 2) / (sy * sz * u) * np.exp(-along / (u * 4e4))
        value[(along < -0.5 * pixel) | (along > reach)] = 0.0
        kernels[k] = fft.rfft2(value)
    return _daily(of, np.ones(len(of)), kernels, source, wide, n)


def _daily(of, strength, kernels, source, wide, n):
    """Daily means of hours that each belong to a class of kernel."""
    n_day = len(of) // 24
    out = np.empty((n, n, n_day))
    for d in range(n_day):
        share = np.bincount(of[24 * d : 24 * d + 24], strength[24 * d : 24 * d + 24], len(kernels)) / 24
        use = np.flatnonzero(share)
        out[..., d] = fft.irfft2(np.tensordot(share[use], kernels[use], 1) * source, (wide, wide))[:n, :n]
    return out


def _puff(rng, emission, wind, height, pixel):
    """Advection, diffusion and loss with memory: the air of the last hour is still there."""
    n = emission.shape[0]
    wide = fft.next_fast_len(n + round(30e3 / pixel), real=True)
    ky = 2 * np.pi * fft.fftfreq(wide, pixel)[:, None]
    kx = 2 * np.pi * fft.rfftfreq(wide, pixel)[None, :]
    source = fft.rfft2(emission, (wide, wide)).astype(np.complex64)
    mix, life = rng.uniform(150, 500), rng.uniform(3, 8) * 3600
    state, out = np.zeros_like(source), np.empty((n, n, len(height) // 24))
    total = np.zeros_like(source)
    depth = height.copy()
    for t in range(len(height)):
        # What a rising layer mixes up is lost to the ground; a sinking one leaves it above.
        decay = 1 / life + np.hypot(*wind[t]) * 2e-5
        rate = decay + (mix + 250 * np.hypot(*wind[t])) * (kx**2 + ky**2) + 1j * (kx * wind[t, 0] + ky * wind[t, 1])
        gone = np.exp(-3600 * rate).astype(np.complex64)
        if t:
            state *= min(depth[t - 1] / depth[t], 1.0)
        made = (1 - gone) / rate.astype(np.complex64) * source / depth[t]
        total += 0.5 * state
        state = state * gone + made
        total += 0.5 * state
        if t % 24 == 23:
            out[..., t // 24] = np.maximum(fft.irfft2(total / 24, (wide, wide))[:n, :n], 0)
            total[:] = 0
    return out


def _secondary(rng, emission, wind, height, pixel):
    """Plumes, and as much again that forms from the same gases over tens of kilometres, more on some days."""
    primary = _plume(rng, emission, wind, height, pixel)
    n_day = primary.shape[2]
    wide = rng.uniform(9e3, 16e3) / pixel
    smooth = ndimage.gaussian_filter(emission, wide, mode="nearest")
    made = ndimage.gaussian_filter1d(rng.normal(size=n_day), 3)
    strength = np.exp(0.6 * made / made.std())
    stale = 1 / np.sqrt(height.reshape(n_day, 24).mean(axis=1))
    strength = strength * stale
    second = smooth[..., None] * (strength / strength.mean())
    return primary + second * rng.uniform(0.6, 1.2) * primary.mean() / second.mean()


def _regional(rng, cells, n_day, height):
    """What comes from far away: level of the day, a slope, and waves of a hundred kilometres."""
    y, x = np.mgrid[:cells, :cells] / cells - 0.5
    level = ndimage.gaussian_filter1d(rng.normal(size=n_day), 1.5)
    low = np.log(height.reshape(n_day, 24).mean(axis=1))
    level = 35 * np.exp(0.5 * level / level.std() - 0.5 * (low - low.mean()))
    out = np.empty((cells, cells, n_day))
    turn = rng.uniform(0, 2 * np.pi, n_day)
    for d in range(n_day):
        slope = x * np.cos(turn[d]) + y * np.sin(turn[d])
        out[..., d] = level[d] * np.exp(0.25 * slope + 0.10 * _smooth(rng, (cells, cells), 8.0))
    usual = rng.uniform(0, 2 * np.pi)
    return out * np.exp(0.2 * (x * np.cos(usual) + y * np.sin(usual)))[..., None]


def _seen(rng, truth, noise, stays):
    """Errors, half of their variance shared over 25 km, a little of it all year; clouds on dirty days."""
    rows, cols, n_day = truth.shape
    seen = np.empty_like(truth)
    dirty = np.log(truth.mean(axis=(0, 1)))
    dirty = (dirty - dirty.mean()) / dirty.std()
    cloudy = rng.uniform(0.30, 0.50)
    always = stays * noise * (0.7 * _smooth(rng, (rows, cols), 25 / 3 / 2) + 0.7 * rng.normal(size=(rows, cols)))
    for d in range(n_day):
        shared = _smooth(rng, (rows, cols), 25 / 3 / 2)
        error = noise * (shared + rng.normal(size=(rows, cols))) / np.sqrt(2) + always
        cover = 0.7 * _smooth(rng, (rows, cols), 4.0) + 0.7 * rng.normal() + 0.6 * dirty[d]
        hidden = cover > np.sqrt(1 + 0.36) * _normal_quantile(1 - cloudy)
        seen[..., d] = np.where(hidden, np.nan, truth[..., d] * np.exp(error - 0.5 * noise**2))
    return seen


def _normal_quantile(p):
    from scipy import stats

    return stats.norm.ppf(p)


def _delivered(rng, wind, height, *, poor):
    """The weather as a reanalysis has it: too smooth, turned and too slow or fast by an amount of its own."""
    turn, scale, scatter = (rng.normal(0, 20), np.exp(rng.normal(0, 0.25)), 1.2) if poor else (
        rng.normal(0, 6), np.exp(rng.normal(0, 0.12)), 0.6)  # fmt: skip
    c, s = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    wrong = ndimage.gaussian_filter1d(rng.normal(size=wind.shape), 3, axis=0)
    told = scale * wind @ np.array([[c, s], [-s, c]]) + scatter * wrong / wrong.std()
    slow = ndimage.gaussian_filter1d(rng.normal(size=len(height)), 12)
    return told, height * np.exp(0.3 * slow / slow.std() + rng.normal(0, 0.2))


def found(emission, value, *, share=0.1):
    """
    How far a ranking finds the emitters.

    Returns
    -------
    share of the true top tenth that is in the value's, emission of the value's tenth over that of the true one,
    Spearman's rank correlation
    """
    from scipy import stats

    emission, value = np.ravel(emission), np.ravel(value)
    n = round(share * len(emission))
    told = np.where(np.isfinite(value), value, -np.inf)
    true, chosen = (np.argsort(-one, kind="stable")[:n] for one in (emission, told))
    known = np.isfinite(value)
    rho = stats.spearmanr(emission[known], value[known]).statistic
    return len(set(true) & set(chosen)) / n, emission[chosen].sum() / emission[true].sum(), float(rho)
