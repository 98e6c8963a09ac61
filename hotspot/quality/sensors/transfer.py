"""
What the nearest references say at a micro-station, and in which hours that may teach it.

Beside a reference every hour teaches. Farther away only hours in which the references
around agree with each other, for the air is mixed then; and even these teach no more than
what all stations have in common, or a station would be taught to forget its own sources.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hotspot.kernels.arrays import Flags, Floats, Ints, Times
from hotspot.quality.hours.neighbours import nearest
from hotspot.quality.means.seen import LEVEL
from hotspot.quality.sensors.growth import growth_factor
from hotspot.rules.sensors import Calibration

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class Transfer:
    """
    References brought to the stations.

    value : float64[n_station, n_hour], ug/m3, NaN where no reference is near or reporting
    teaches : bool[n_station, n_hour]
    km : float64[n_station], distance of the nearest reference, NaN where none is near
    collocated : bool[n_station]
    names : list of str per station, references used, nearest first
    """

    value: np.ndarray
    teaches: np.ndarray
    km: np.ndarray
    collocated: np.ndarray
    names: list


@dataclass(frozen=True)
class Learned:
    """
    What a calibration made of the stations.

    values, left_out, error : float64[n_station, n_hour]
        Calibrated; the same where the hour's block did not teach; one standard deviation (NaN where not known here).
    words : str, the form
    coefficients : sequence of float
    tried : dict of form -> error of each, in the measure that chose
    """

    values: np.ndarray
    left_out: np.ndarray
    error: np.ndarray
    words: str
    coefficients: Sequence[float] | Floats
    tried: dict


def bring(
    stations: "xr.Dataset", reference: "xr.Dataset", criteria: Calibration, *, variable: str = "pm25"
) -> Transfer:
    """
    Bring the references to the stations.

    Parameters
    ----------
    stations, reference : Dataset (station, time) with ``lon lat``

    Examples
    --------
    >>> import xarray as xr
    >>> from hotspot.rules.sensors import Calibration
    >>> time = np.datetime64("2020-03-01", "ns") + np.arange(2) * np.timedelta64(1, "h")
    >>> def at(names, lon, values):
    ...     place = {"station": names, "lon": ("station", lon), "lat": ("station", [40.0] * len(lon)), "time": time}
    ...     return xr.Dataset({"pm25": (("station", "time"), values)}, place)
    >>> brought = bring(at(["m"], [116.0], [[1.0, 1.0]]),
    ...     at(["r", "s"], [116.03, 115.97], [[50.0, 50.0], [54.0, 90.0]]), Calibration())
    >>> brought.value.round(6).tolist(), brought.teaches.tolist(), brought.names
    ([[52.0, 70.0]], [[True, False]], [['r', 's']])
    """
    names = reference["station"].values.astype(str)
    hours = reference[variable].transpose("station", "time").reindex(time=stations["time"].values)
    values = hours.values.astype("float64")
    where, km = nearest(
        stations["lon"].values,
        stations["lat"].values,
        reference["lon"].values,
        reference["lat"].values,
        count=criteria.references,
        within_km=criteria.max_km,
        names_other=names,
    )
    collocated = km[:, 0] <= criteria.collocated_km
    # A collocated station listens to that reference alone.
    where[collocated, 1:], km[collocated, 1:] = -1, np.nan
    n_station, n_hour = where.shape[0], values.shape[1]
    total, weight = np.zeros((n_station, n_hour)), np.zeros((n_station, n_hour))
    low, high = np.full((n_station, n_hour), np.inf), np.full((n_station, n_hour), -np.inf)
    n = np.zeros((n_station, n_hour), np.int64)
    for rank in range(where.shape[1]):
        there = where[:, rank] >= 0
        part = np.full((n_station, n_hour), np.nan)
        part[there] = values[where[there, rank]]
        known = np.isfinite(part)
        share = np.where(there, 1.0 / np.maximum(np.nan_to_num(km[:, rank]), 0.01), 0.0)[:, None]
        total += np.where(known, part, 0.0) * share
        weight += known * share
        low = np.where(known, np.minimum(low, part), low)
        high = np.where(known, np.maximum(high, part), high)
        n += known
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.where(weight > 0, total / weight, np.nan)
        mixed = (n >= 2) & (high - low <= criteria.mixed_spread * value)
    teaches = np.isfinite(value) & (collocated[:, None] | mixed)
    return Transfer(value, teaches, km[:, 0], collocated, [[str(names[k]) for k in row if k >= 0] for row in where])


def transferred(
    values: Floats,
    told: Floats,
    fit: Flags,
    fold: Ints,
    criteria: Calibration,
    *,
    humidity: Floats,
    local: Times,
    particles: bool = True,
    temperature: Floats | None = None,
) -> Learned:
    """
    What references that stand elsewhere can teach: the growth with humidity, and a large common gain.

    The logarithm of station over reference is a constant of the place, a daily course of local
    emission, and the growth with humidity; the first two are taken out by medians and the growth
    that leaves least behind is chosen. A common gain is read where local sources are silent (a low
    quantile of the ratio), and used only if it is larger than what siting can feign. A gain of a
    single station is never told from a source beside it, and is left alone.

    Parameters
    ----------
    values, told : float64[n_station, n_hour]
        Stations, and references brought to them.
    fit : bool[n_station, n_hour], hours that teach
    fold : int64[n_hour]
    humidity : float64[n_station, n_hour] or None
    local : datetime64[n_hour], local start of each hour
    particles : bool, False for gases
    temperature : not used

    Returns
    -------
    Learned; ``tried`` is the mean absolute residual, log units

    Examples
    --------
    >>> from hotspot.rules.sensors import Calibration
    >>> rng = np.random.default_rng(2)
    >>> local = np.datetime64("2020-03-01T00", "h") + np.arange(600)
    >>> told = np.broadcast_to(60 + 25 * np.sin(np.arange(600) / 40), (4, 600))
    >>> wet = np.broadcast_to(60 + 30 * np.sin(np.arange(600) / 17), (4, 600))
    >>> values = told * growth_factor(wet, 0.1, high=85) * np.exp(rng.normal(0, 0.05, (4, 600)))
    >>> learned = transferred(values, told, np.ones((4, 600), bool), np.arange(600) // 168 % 3, Calibration(folds=3),
    ...     humidity=wet, local=local)
    >>> learned.words
    'c / (1 + 0.1 / (100/RH - 1)), RH at most 85 %'
    """
    clock = np.asarray(local, "datetime64[h]")
    hour = (clock - clock.astype("datetime64[D]")).astype(np.int64)
    growths = [(0.0, criteria.humidity_high[0])]
    if humidity is not None and particles:
        growths += [(k, high) for k in criteria.kappa if k for high in criteria.humidity_high]
    factors = [_factor(humidity, kappa, high, values.shape, criteria) for kappa, high in growths]
    logs = [_log_ratio(values / factor, told, fit) for factor in factors]
    names = [_growth_words(kappa, high) for kappa, high in growths]
    residuals = [_without_place_and_hour(log, hour) for log in logs]
    errors = [_mean_abs(residual) for residual in residuals]
    best = _least(errors, criteria.gain)
    gain = _common_gain(logs[best], fit, criteria)
    left_out = np.full(values.shape, np.nan)
    for at in np.unique(fold):
        rest, here = fold != at, fold == at
        chosen = _least([_mean_abs(residual[:, rest]) for residual in residuals], criteria.gain)
        part = _common_gain(logs[chosen][:, rest], fit[:, rest], criteria)
        left_out[:, here] = values[:, here] / factors[chosen][:, here] / part
    result = np.maximum(values / factors[best] / gain, 0.0)
    # The scatter holds the place's own changes too, and the gains are not corrected: an upper bound, on purpose.
    known = np.isfinite(residuals[best])
    scatter = 1.4826 * float(np.median(np.abs(residuals[best][known]))) if known.any() else np.nan
    spread = _spread_of_gains(logs[best], fit, criteria)
    error = np.hypot(scatter, spread) * (result + LEVEL)
    words = names[best] if gain == 1.0 else f"{names[best]}, over {gain:.3f}"
    tried = {name: round(value, 5) for name, value in zip(names, errors, strict=True) if np.isfinite(value)}
    return Learned(result, np.maximum(left_out, 0.0), error, words, [gain, *growths[best]], tried)


def _growth_words(kappa: float, high: float) -> str:
    return f"c / (1 + {kappa:g} / (100/RH - 1)), RH at most {high:g} %" if kappa else "as delivered"


def _factor(humidity: Floats, kappa: float, high: float, shape: tuple[int, int], criteria: Calibration) -> Floats:
    if not kappa:
        return np.ones(shape)
    return growth_factor(humidity, kappa, low=criteria.humidity_low, high=high)


def _log_ratio(values: Floats, told: Floats, fit: Flags) -> Floats:
    return np.log((np.where(fit, values, np.nan) + LEVEL) / (told + LEVEL))


def _without_place_and_hour(log: Floats, hour: Ints) -> Floats:
    """Residuals without each station's usual ratio and each hour of day's, by medians, twice."""
    rest = log.copy()
    for _ in range(2):
        rows = np.isfinite(rest).any(axis=1)
        rest[rows] -= np.nanmedian(rest[rows], axis=1, keepdims=True)
        for one in range(24):
            part = rest[:, hour == one]
            if np.isfinite(part).any():
                rest[:, hour == one] = part - np.nanmedian(part)
    return rest


def _mean_abs(residual: Floats) -> float:
    known = np.isfinite(residual)
    return float(np.abs(residual[known]).mean()) if known.any() else np.nan


def _least(errors: list[float], gain: float) -> int:
    """Position of the least error; the first, without a growth, unless another is clearly less."""
    if not np.isfinite(errors[0]):
        return 0
    best = int(np.argmin(errors))
    return best if errors[best] < (1 - gain) * errors[0] else 0


def _low_ratios(log: Floats, fit: Flags, criteria: Calibration) -> Floats:
    taught = fit.sum(axis=1) >= criteria.min_hours
    return np.nanquantile(log[taught], criteria.envelope, axis=1) if taught.any() else np.empty(0)


def _common_gain(log: Floats, fit: Flags, criteria: Calibration) -> float:
    low = _low_ratios(log, fit, criteria)
    common = float(np.exp(np.median(low))) if low.size else 1.0
    return common if abs(np.log(common)) > criteria.common_gain else 1.0


def _spread_of_gains(log: Floats, fit: Flags, criteria: Calibration) -> float:
    """Robust spread of the stations' ratios, at least half of what siting can feign."""
    low = _low_ratios(log, fit, criteria)
    spread = 1.4826 * float(np.median(np.abs(low - np.median(low)))) if low.size else 0.0
    return max(spread, criteria.common_gain / 2)
