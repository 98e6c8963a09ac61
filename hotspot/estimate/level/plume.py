"""
What a cell's emission does to its neighbours, by wind: plumes as spectra on the lattice.

A plume blows with the wind, widens, and is lost; its numbers are learned from left-out days,
never taken from anywhere (``inversion``). In Fourier space it is one fraction, so a day's plume is
a weighted sum of the spectra of its wind classes.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hotspot.kernels.arrays import Floats, Ints

_EDGES = (0.7, 1.5, 2.5, 4.0, 6.5)  # m/s, below the first: calm, without direction
_CALM_SPREAD, _WIND_SPREAD = 500.0, 200.0  # m2/s and m, for ``spread`` 1
_LOST_M = 20_000.0  # beside the lifetime: metres of wind after which what is left has mixed away
_DEPTH_M = 500.0  # boundary layer at which a class weighs 1


class Plume(NamedTuple):
    """Numbers of a plume."""

    lifetime: float = 1800.0  # s until it has mixed away in still air
    spread: float = 1.0  # how fast it widens, relative
    turn: float = 0.0  # degrees that the plume's wind is turned against the delivered one, counter-clockwise
    pace: float = 1.0  # its speed, relative to the delivered one; 0: it spreads alike in all directions


class Winds(NamedTuple):
    """The wind of a place in classes."""

    share: np.ndarray  # float32[day, class], of the day's hours, each weighed by its shallowness
    blow: np.ndarray  # float64[class, 2], mean wind to (east, north), m/s


def wind_classes(u: Floats, v: Floats, depth: Floats | None, day: Ints, n_day: int, *, sectors: int = 16) -> Winds:
    """
    Hours or days of wind in classes of direction and speed.

    Parameters
    ----------
    u, v : float arrays (step,), m/s; NaN where not known
    depth : float array (step,) or None
        Boundary layer, m; a step weighs ``(500 / depth) ** 0.5``, between fully mixed and not at all.
    day : int array (step,), position of the step's day, -1 for none

    Returns
    -------
    Winds; a day without wind has no share in any class

    Examples
    --------
    >>> winds = wind_classes(np.array([3.0, 0.1]), np.zeros(2), None, np.array([0, 0]), 1)
    >>> winds.share[0][winds.share[0] > 0].tolist(), winds.blow[33].tolist()
    ([0.5, 0.5], [3.0, 0.0])
    """
    speed = np.hypot(u, v)
    use = (day >= 0) & np.isfinite(speed)
    u, v, speed, day = u[use], v[use], speed[use], day[use]
    pace = np.searchsorted(_EDGES, speed, side="right")
    sector = np.round(np.arctan2(v, u) / (2 * np.pi) * sectors).astype(np.int64) % sectors
    code = np.where(pace == 0, 0, 1 + (pace - 1) * sectors + sector)
    n_class = 1 + len(_EDGES) * sectors
    weight = np.ones(len(code))
    if depth is not None:
        depth = np.where(np.isfinite(depth[use]), depth[use], _DEPTH_M)
        weight = np.sqrt(_DEPTH_M / np.clip(depth, 50.0, 5000.0))
    hours = np.bincount(day * n_class + code, weight, n_day * n_class).reshape(n_day, n_class)
    share = hours / np.maximum(np.bincount(day, minlength=n_day), 1)[:, None]
    number = np.maximum(np.bincount(code, minlength=n_class), 1)
    blow = np.column_stack([np.bincount(code, one, n_class) / number for one in (u, v)])
    return Winds(share.astype(np.float32), blow)


def plume_spectrum(blow: Floats, plume: Plume, shape: tuple[int, int], spacing: float) -> NDArray[np.complex64]:
    """
    Spectrum of the concentration around a unit source, for each class of wind.

    Parameters
    ----------
    blow : float array (class, 2), wind to (east, north), m/s
    shape : (rows, cols) of the periodic lattice
    spacing : float, m

    Returns
    -------
    complex64[class, rows, cols // 2 + 1], hours

    Notes
    -----
    Steady advection, diffusion and loss of a source q, ``u . grad c - D lap c + c / T = q``, is in
    Fourier space (wave numbers k, rad/m)

        K(k) = B(k) / (1 / T + U / 20 km + D |k|^2 + i k . u),    D = spread (500 m2/s + 200 m U)

    with u the class's wind turned by ``turn`` and made faster by ``pace``, U = |u|, T = ``lifetime`` and
    ``B = sinc(kx L / 2 pi) sinc(ky L / 2 pi)`` of a cell of side L that emits evenly. In still air
    the plume of a point is ``K0(r / sqrt(D T)) / (2 pi D)``, the modified Bessel function.

    Examples
    --------
    >>> still = plume_spectrum(np.zeros((1, 2)), Plume(), (8, 8), 3000.0)
    >>> round(float(still[0, 0, 0].real), 3)        # all that is in the air: lifetime in hours
    0.5
    """
    turn = np.radians(plume.turn)
    turned = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    u = plume.pace * np.asarray(blow) @ turned
    speed = np.hypot(*u.T)[:, None, None]
    ky = 2 * np.pi * np.fft.fftfreq(shape[0], spacing)[:, None]
    kx = 2 * np.pi * np.fft.rfftfreq(shape[1], spacing)[None, :]
    rate = 1 / plume.lifetime + speed / _LOST_M
    rate = rate + plume.spread * (_CALM_SPREAD + _WIND_SPREAD * speed) * (kx**2 + ky**2)
    drift = kx * u[:, 0, None, None] + ky * u[:, 1, None, None]
    box = np.sinc(ky * spacing / (2 * np.pi)) * np.sinc(kx * spacing / (2 * np.pi))
    return (box / (rate + 1j * drift) / 3600.0).astype(np.complex64)


def daily_spectra(
    winds: Winds, plume: Plume, shape: tuple[int, int], spacing: float
) -> tuple[NDArray[np.complex64], float, Floats]:
    """
    Each day's plume, such that a cell's own share in the mean of all days is 1.

    Parameters
    ----------
    shape : (rows, cols)
    spacing : float, m

    Returns
    -------
    complex64[day, rows, cols // 2 + 1]; float, the own share it was divided by, hours; float64[day], own share of
    each day, relative

    Examples
    --------
    >>> winds = Winds(np.eye(2, dtype="f4"), np.array([[0.0, 0.0], [3.0, 0.0]]))
    >>> _, _, own = daily_spectra(winds, Plume(), (16, 16), 3000.0)
    >>> bool(own[0] > own[1]), round(float(own.mean()), 6)
    (True, 1.0)
    """
    classes = plume_spectrum(winds.blow, plume, shape, spacing)
    # The mean over all wave numbers is the value at the source; columns but the first (and the last) count twice.
    twice = np.full(classes.shape[-1], 2.0)
    twice[0] = 1.0
    if shape[1] % 2 == 0:
        twice[-1] = 1.0
    own_class = (classes.real * twice).sum(axis=(1, 2), dtype=np.float64) / (shape[0] * shape[1])
    spectra = np.zeros((len(winds.share), *classes.shape[1:]), np.complex64)
    own = np.zeros(len(winds.share))
    for day, share in enumerate(winds.share):
        # One class after the other: no library may add them in an order of its own.
        for one in np.flatnonzero(share):
            spectra[day] += share[one] * classes[one]
            own[day] += share[one] * own_class[one]
    known = own > 0
    scale = own[known].mean() if known.any() else 1.0
    spectra /= np.float32(scale)
    return spectra, float(scale), own / scale
