"""
From emission to concentration: plumes by wind class, added up by hour and day.

The wind of an hour falls into one of 145 classes (calm, or 36 directions x 4
speeds). Each class has one influence kernel, the concentration around a unit
source. A day's field is a weighted sum of kernels convolved with the emission,
done in Fourier space; an hour at a station uses the same kernels, so the hours
of a station average to its pixel's day.

The plume is Gaussian across the wind with Briggs' rural spread for neutral air
(Briggs 1973, ATDL-79), well mixed below a depth that grows with distance up to
the mixing height; mixing and rain then scale each hour.
"""

from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from hotspot.kernels.arrays import Floats, Ints, Times
from hotspot.synthetic.weather import Weather

SPEEDS = (1.0, 2.2, 3.8, 6.5)  # m/s, the middle of each speed class
EDGES = (0.5, 1.5, 3.0, 5.0)  # m/s, below the first: calm
SECTORS = 36
DEPTH = 400.0  # m, mixing depth at which an hour's factor is 1
REACH = 40  # pixels a plume is followed


@dataclass(frozen=True)
class Hours:
    """What the plume model needs of each hour of the wanted local days."""

    day: np.ndarray  # int64[n_hour], position of the local day
    class_: np.ndarray  # int64[n_hour], wind class
    dilution: np.ndarray  # float64[n_hour], 1 at DEPTH and no rain
    rhythm: dict  # name -> float64[n_hour], share of full work
    background: np.ndarray  # float64[n_hour], ug/m3 on the plain


def wind_class(u: Floats, v: Floats) -> Ints:
    """
    Class of a wind that blows to (u, v): 0 calm, else 1 + sector * 4 + speed.

    Examples
    --------
    >>> wind_class(np.array([0.1, 1.0, 0.0]), np.array([0.1, 0.0, 6.0]))
    array([  0,   1,  40])
    """
    speed = np.hypot(u, v)
    sector = np.round(np.degrees(np.arctan2(v, u)) / (360 / SECTORS)).astype(np.int64) % SECTORS
    return np.where(speed < EDGES[0], 0, 1 + sector * len(SPEEDS) + np.searchsorted(EDGES, speed, side="right") - 1)


def influence(width: float, height: float) -> Floats:
    """
    Concentration around a unit source for each wind class.

    Parameters
    ----------
    width, height : float
        Size of a pixel, m.

    Returns
    -------
    float64[145, 2 * REACH + 1, 2 * REACH + 1], ug/m3 per g/s; rows run north to
    south, columns west to east, the source in the middle
    """
    step = np.arange(-REACH, REACH + 1)
    east, north = np.meshgrid(step * width, -step * height)
    away = np.hypot(east, north)
    half = 0.5 * np.sqrt(width * height)
    rim = np.clip((REACH * min(width, height) - away) / 6000.0, 0.0, 1.0)  # fade out, no edge in the picture
    rim = rim * np.exp(-away / 45_000.0)
    kernels = np.empty((1 + SECTORS * len(SPEEDS), *away.shape))
    reach = np.hypot(away, half + 700.0)
    depth = np.minimum(DEPTH, 140.0 + 0.075 * reach)
    kernels[0] = 1e6 * rim / (2 * np.pi * reach * depth * 0.45)
    for sector in range(SECTORS):
        angle = np.radians(sector * 360 / SECTORS)
        along = east * np.cos(angle) + north * np.sin(angle)
        across = north * np.cos(angle) - east * np.sin(angle)
        far = np.maximum(along, 0.0)
        # Briggs' class D, the turning of the wind within the hour, and the pixel's own width.
        sigma = np.sqrt((0.08 * far / np.sqrt(1 + 0.0001 * far)) ** 2 + (0.13 * far) ** 2 + (half + 400.0) ** 2)
        depth = np.minimum(DEPTH, 130.0 + 0.05 * far)  # a stack's plume is high when it sets out
        onset = 1.0 / (1.0 + np.exp(np.clip(-along / (0.4 * half), -60.0, 60.0)))  # nothing upwind, no step either
        shape = onset * np.exp(-0.5 * (across / sigma) ** 2) / (np.sqrt(2 * np.pi) * sigma * depth)
        for number, speed in enumerate(SPEEDS):
            kernels[1 + sector * len(SPEEDS) + number] = 1e6 * shape * rim / speed
    return kernels


def make_hours(weather: Weather, days: Times) -> Hours:
    """
    Wind classes, dilution, rhythms and background of the hours of local days (UTC+8).

    Parameters
    ----------
    days : datetime64[D][n_day], local

    Returns
    -------
    Hours, 24 for each day, in order
    """
    first = np.searchsorted(weather.time, days.astype("datetime64[h]") - 8)
    take = (first[:, None] + np.arange(24)).ravel()
    local = weather.local_hour
    dry = np.exp(-0.5 * weather.tp)
    speed = np.hypot(weather.u10, weather.v10)
    work = ((local >= 7) & (local < 20)).astype(float)
    cold = np.clip((10.0 - weather.t2m) / 14.0, 0.0, 1.4)
    rhythm = {
        "industry": 0.9 + 0.15 * work,
        "heating": 0.12
        + cold * (0.75 + 0.5 * np.exp(-(((local - 20.0) / 3.0) ** 2)) + 0.3 * np.exp(-(((local - 7) / 2) ** 2))),
        "dust": (0.35 + 1.0 * work) * dry * (0.7 + 0.12 * np.minimum(speed, 5.0)),
        "traffic": 0.45
        + 0.8 * work
        + 0.35 * np.exp(-(((local - 8.0) / 1.6) ** 2))
        + 0.35 * np.exp(-(((local - 18.5) / 2) ** 2)),
    }
    dilution = np.clip((DEPTH / weather.blh) ** 0.45, 0.5, 1.9) * dry
    years = (weather.time - weather.time[0]).astype(float) / 8766.0
    clean = np.clip(weather.season * weather.u10 - weather.v10, 0.0, 6.0)  # north-westerlies in winter sweep
    background = (36.0 + 15.0 * weather.season) * (1.0 - 0.04 * years)
    background = background * np.exp(0.95 * (weather.stagnation - 0.35) - 0.09 * clean)
    washed = _memory(np.minimum(weather.tp, 4.0), 10.0)
    background = _memory(background, 14.0) * np.exp(-0.22 * washed)
    return Hours(
        day=np.repeat(np.arange(len(days)), 24),
        class_=wind_class(weather.u10, weather.v10)[take],
        dilution=dilution[take],
        rhythm={name: values[take] for name, values in rhythm.items()},
        background=background[take],
    )


def _memory(series: Floats, hours: float) -> Floats:
    """Exponential memory of a series, its mean kept."""
    keep = np.exp(-1.0 / hours)
    return np.array(list(accumulate(series.tolist(), lambda last, new: keep * last + (1.0 - keep) * new)))


@dataclass(frozen=True)
class Plumes:
    """What emission maps and kernels do to each other, worked out once."""

    kernel_waves: np.ndarray  # complex[145, n_wave]
    group_waves: np.ndarray  # complex[n_group, n_wave]
    shape: tuple  # of the padded field
    field: tuple  # of the field itself
    effect: np.ndarray  # float64[n_place, n_group, 145], ug/m3 at full work


def make_plumes(maps: Floats, kernels: Floats, places: Ints) -> Plumes:
    """
    Prepare ``local_fields`` and ``local_hours``.

    Parameters
    ----------
    maps : float64[n_group, n_lat, n_lon], g/s
    kernels : float64[145, k, k], from ``influence``
    places : int64[n_place, 2]
        Row and column of the pixels whose hours will be asked for.

    Examples
    --------
    One source, one hour of west wind: the pixel two to the east is reached, the one to the west is not.

    >>> maps = np.zeros((1, 9, 9))
    >>> maps[0, 4, 4] = 30.0
    >>> plumes = make_plumes(maps, influence(900.0, 1100.0), np.array([[4, 6], [4, 2]]))
    >>> east, west = plumes.effect[:, 0, int(wind_class(np.array(2.0), np.array(0.0)))]
    >>> bool(east > 5 > 0.1 > west)
    True
    """
    from scipy.fft import next_fast_len, rfft2

    n_class, size, _ = kernels.shape
    field = maps.shape[1:]
    shape = tuple(next_fast_len(side + size - 1, real=True) for side in field)
    effect = effects_at(maps, kernels, places)
    kernel_waves = rfft2(kernels, shape).reshape(n_class, -1)
    return Plumes(kernel_waves, rfft2(maps, shape).reshape(len(maps), -1), shape, field, effect)


def effects_at(maps: Floats, kernels: Floats, places: Ints) -> Floats:
    """
    What each group of sources does to some pixels in each wind class, at full work.

    Parameters
    ----------
    maps : float64[n_group, n_lat, n_lon], g/s
    kernels : float64[n_class, k, k], from ``influence``
    places : int64[n_place, 2]
        Row and column.

    Returns
    -------
    float64[n_place, n_group, n_class], ug/m3
    """
    n_class, size, _ = kernels.shape
    padded = np.pad(maps, ((0, 0), (REACH, REACH), (REACH, REACH)))
    around = [padded[:, row : row + size, column : column + size].reshape(len(maps), -1) for row, column in places]
    flipped = kernels[:, ::-1, ::-1].reshape(n_class, -1)
    # np.sum, not a matrix product: its order of sums does not depend on threads.
    return np.stack([[(flipped[:, g > 0] * g[g > 0]).sum(1) for g in groups] for groups in around])


def local_fields(hours: Hours, n_day: int, rhythms: list[str], factors: Floats, plumes: Plumes) -> Floats:
    """
    Mean increment of each local day over the background.

    Parameters
    ----------
    rhythms : list of str[n_group]
    factors : float64[n_group, n_day]

    Returns
    -------
    float64[n_day, n_lat, n_lon], ug/m3
    """
    from scipy.fft import irfft2
    from scipy.sparse import csr_array

    total = np.zeros((n_day, plumes.kernel_waves.shape[1]), complex)
    for waves, rhythm, factor in zip(plumes.group_waves, rhythms, factors, strict=True):
        # Few classes occur in a day: a sparse product, in one fixed order of sums.
        weight = hours.dilution * hours.rhythm[rhythm] * factor[hours.day] / 24.0
        mix = csr_array((weight, (hours.day, hours.class_)), shape=(n_day, len(plumes.kernel_waves)))
        total += (mix @ plumes.kernel_waves) * waves
    fields = irfft2(total.reshape(n_day, plumes.shape[0], -1), plumes.shape)
    rows, columns = plumes.field
    return np.maximum(fields[:, REACH : REACH + rows, REACH : REACH + columns], 0.0)


def local_hours(hours: Hours, rhythms: list[str], factors: Floats, plumes: Plumes) -> Floats:
    """
    Increment of each hour at the places of ``plumes``, by the same kernels as ``local_fields``.

    Returns
    -------
    float64[n_hour, n_place], ug/m3
    """
    result = np.zeros((len(hours.day), len(plumes.effect)))
    for number, (rhythm, factor) in enumerate(zip(rhythms, factors, strict=True)):
        weight = hours.dilution * hours.rhythm[rhythm] * factor[hours.day]
        result += weight[:, None] * plumes.effect[:, number, :].T[hours.class_]
    return result


def smooth_noise(rng: np.random.Generator, n: int, shape: tuple[int, int], length: int) -> Floats:
    """
    Gaussian noise of unit variance that varies over ``length`` pixels, with finer grain in it.

    Parameters
    ----------
    n : int
        Number of independent fields.
    shape : (int, int)
    length : int
        Distance between the points that are drawn, pixels.

    Returns
    -------
    float64[n, shape[0], shape[1]]

    Examples
    --------
    >>> noise = smooth_noise(np.random.default_rng(1), 200, (40, 50), 8)
    >>> noise.shape, abs(round(float(noise.std()), 1))
    ((200, 40, 50), 1.0)
    """
    field = np.zeros((n, *shape))
    for weight, step in ((0.85, length), (0.45, max(2, length // 3)), (0.27, max(2, length // 7))):
        rows, columns = (int(np.ceil(side / step)) + 2 for side in shape)
        coarse = rng.standard_normal((n, rows, columns))
        field += weight * _blend(_blend(coarse, 1, shape[0], step), 2, shape[1], step)
    return field


def _blend(coarse: Floats, axis: int, n: int, step: int) -> Floats:
    """Coarse points to pixels along one axis: smooth, and of unit variance again."""
    place = (np.arange(n) + 0.5) / step
    low = np.floor(place).astype(np.int64)
    share = place - low
    share = share * share * (3.0 - 2.0 * share)
    size = np.sqrt(share**2 + (1.0 - share) ** 2)
    form = [-1 if a == axis else 1 for a in range(coarse.ndim)]
    first, second = ((1.0 - share) / size).reshape(form), (share / size).reshape(form)
    return np.take(coarse, low, axis) * first + np.take(coarse, low + 1, axis) * second
