"""
The forms a calibration may take, fitted from sums so that thousands of stations stay cheap.

Every fit is least squares on sums per block of time (the moments of its columns), so leaving
a block out is a subtraction, and the order of hours and stations changes nothing that matters.
"""

from dataclasses import dataclass
from typing import cast

import numpy as np

from hotspot.kernels.arrays import Flags, Floats, Ints
from hotspot.one_thread import one_thread
from hotspot.quality.sensors.growth import dry
from hotspot.rules.sensors import Calibration


@dataclass(frozen=True)
class Form:
    """One way from a sensor's hour to the reference scale."""

    name: str
    kappa: float = 0.0
    high: float = 70.0  # upper bound of the humidity in the growth term, per cent

    @property
    def words(self) -> str:
        texts = {
            "raw": "as delivered",
            "gain": "b c",
            "linear": "a + b c",
            "growth": f"a + b c / (1 + {self.kappa:g} / (100/RH - 1)), RH at most {self.high:g} %",
            "weather": "a + b c + d RH + e T",
            "weather product": "a + b c + d RH + e T + f c RH",
        }
        return texts[self.name]


def candidates(criteria: Calibration, *, humidity: bool, temperature: bool, particles: bool = True) -> list[Form]:
    """
    The forms that compete, the plainer first.

    Parameters
    ----------
    humidity, temperature : bool, whether the stations measure them
    particles : bool, False for gases, which do not swell

    Examples
    --------
    >>> from hotspot.rules.sensors import Calibration
    >>> [form.name for form in candidates(Calibration(), humidity=False, temperature=False)]
    ['raw', 'gain', 'linear']
    """
    forms = [Form("raw"), Form("gain"), Form("linear")]
    if humidity and particles:
        forms += [Form("growth", kappa, high) for kappa in criteria.kappa if kappa for high in criteria.humidity_high]
    if humidity and temperature:
        forms += [Form("weather"), Form("weather product")]
    return forms


def columns(form: Form, values: Floats, humidity: Floats | None, temperature: Floats | None, low: float) -> Floats:
    """
    Columns of a form, one row per hour.

    Parameters
    ----------
    values, humidity, temperature : float arrays of one shape (the last two None where not measured)
    low : float, lower bound of the humidity in the growth term

    Returns
    -------
    float64[..., n_column]

    Examples
    --------
    >>> columns(Form("linear"), np.array([10.0, 20.0]), None, None, 30.0).tolist()
    [[1.0, 10.0], [1.0, 20.0]]
    """
    one = np.ones_like(values)
    humid, warm = cast(Floats, humidity), cast(Floats, temperature)  # ``candidates`` asks for what is measured only
    if form.name in ("raw", "gain"):
        parts = [values]
    elif form.name == "linear":
        parts = [one, values]
    elif form.name == "growth":
        parts = [one, dry(values, humid, form.kappa, low=low, high=form.high)]
    else:
        # Near unit size, so that sums stay well conditioned.
        wet, warm = humid / 100.0, warm / 10.0
        parts = [one, values, wet, warm] + ([values * wet] if form.name == "weather product" else [])
    return np.stack(parts, axis=-1)


def moments(x: Floats, y: Floats, use: Flags, fold: Ints, n_fold: int) -> tuple[Floats, Floats, Floats, Ints]:
    """
    Sums per station and fold.

    Parameters
    ----------
    x : float64[n_station, n_hour, k]
    y : float64[n_station, n_hour]
    use : bool[n_station, n_hour]
    fold : int64[n_hour]

    Returns
    -------
    (float64[n_station, n_fold, k, k], float64[n_station, n_fold, k], float64[n_station, n_fold], int64 the same):
    sums of x x', x y, y y, and counts

    Examples
    --------
    >>> xx, xy, yy, n = moments(np.ones((1, 4, 1)), np.arange(4.0)[None], np.ones((1, 4), bool), np.arange(4) % 2, 2)
    >>> xx.ravel().tolist(), xy.ravel().tolist(), yy.ravel().tolist(), n.ravel().tolist()
    ([2.0, 2.0], [2.0, 4.0], [4.0, 10.0], [2, 2])
    """
    n_station, _, k = x.shape
    xx, xy = np.zeros((n_station, n_fold, k, k)), np.zeros((n_station, n_fold, k))
    yy, n = np.zeros((n_station, n_fold)), np.zeros((n_station, n_fold), np.int64)
    for at in range(n_fold):
        here = fold == at
        part = np.where(use[:, here, None], x[:, here], 0.0)
        told = np.where(use[:, here], y[:, here], 0.0)
        xx[:, at] = np.einsum("shk,shl->skl", part, part)
        xy[:, at] = np.einsum("shk,sh->sk", part, told)
        yy[:, at] = (told**2).sum(axis=1)
        n[:, at] = use[:, here].sum(axis=1)
    return xx, xy, yy, n


@one_thread
def solve(form: Form, xx: Floats, xy: Floats, n: Ints, shrink: float) -> tuple[Floats, Floats]:
    """
    Coefficients of every station, drawn toward those of all stations together.

    Parameters
    ----------
    xx, xy, n : sums per station, folds already added up
    shrink : float
        Hours of evidence that the common coefficients are worth.

    Returns
    -------
    (float64[n_station, k], float64[k]): each station's, and the common ones

    Notes
    -----
    With the common ``b0`` and the mean moments ``M`` of all stations, a station's coefficients
    minimise ``sum (y - x b)^2 + shrink (b - b0)' M (b - b0)``: as if ``shrink`` typical hours had
    been seen that obey the common line.

    Examples
    --------
    >>> xx, xy = np.array([[[100.0]], [[0.0]]]), np.array([[120.0], [0.0]])
    >>> own, common = solve(Form("gain"), xx, xy, np.array([10, 0]), 10.0)
    >>> own.ravel().round(6).tolist(), common.round(6).tolist()
    ([1.2, 1.2], [1.2])
    """
    if form.name == "raw":
        return np.ones((xx.shape[0], 1)), np.ones(1)
    total, told, hours = xx.sum(axis=0), xy.sum(axis=0), max(int(n.sum()), 1)
    # A whisker of ridge keeps a constant column (one temperature all the time) from blowing up.
    ridge = np.diag(1e-10 * np.diag(total) + 1e-12)
    common = np.linalg.solve(total + ridge, told)
    mean = total / hours
    own = np.linalg.solve(xx + shrink * mean + ridge, (xy + shrink * (mean @ common))[..., None])[..., 0]
    return own, common


@one_thread
def cross_validated(
    form: Form, sums: tuple[Floats, Floats, Floats, Ints], test: tuple[Floats, Floats, Floats, Ints], shrink: float
) -> float:
    """
    Mean squared error of hours whose block was left out, over all stations.

    Parameters
    ----------
    sums, test : tuples from ``moments``
        What teaches, and what is predicted.

    Examples
    --------
    >>> x, y = np.arange(1.0, 9)[None, :, None], 2 * np.arange(1.0, 9)[None]
    >>> sums = moments(x, y, np.ones((1, 8), bool), np.arange(8) // 4, 2)
    >>> round(cross_validated(Form("gain"), sums, sums, 0.0), 9), cross_validated(Form("raw"), sums, sums, 0.0)
    (0.0, 25.5)
    """
    xx, xy, _, n = sums
    error = 0.0
    for at in range(n.shape[1]):
        own, _ = solve(form, xx.sum(1) - xx[:, at], xy.sum(1) - xy[:, at], n.sum(1) - n[:, at], shrink)
        error += float(
            (
                test[2][:, at]
                - 2 * np.einsum("sk,sk->s", own, test[1][:, at])
                + np.einsum("sk,skl,sl->s", own, test[0][:, at], own)
            ).sum()
        )
    return error / max(int(test[3].sum()), 1)
