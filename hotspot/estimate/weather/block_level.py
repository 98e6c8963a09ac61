"""
One block end to end: its patterns, their weather effects, every cell's level by
period, and the variance of each level from days and from refits.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import numpy as np

from hotspot.estimate.fine.blocks import own_amplitudes, split_block
from hotspot.estimate.weather.model import Effects, weather_effects
from hotspot.kernels.arrays import Flags, Floats, Ints
from hotspot.rules.criteria import Normalisation

QUANTITIES = ("normalised", "stagnant", "background", "increment")


class Setting(NamedTuple):
    """What all blocks share."""

    calendar: np.ndarray  # float64[time, n_calendar]
    fold: np.ndarray  # int64[time]
    month: np.ndarray  # int64[time], from 0
    period: np.ndarray  # int64[time], position of the period of the result
    chunk: np.ndarray  # int64[time], blocks of days, each within one month
    factor: tuple  # of the weather columns
    remove: frozenset
    season_days: int | None  # weather rows averaged over lie within so many days of the year; None: all
    day_of_year: np.ndarray  # int64[time], from 0
    rules: Normalisation
    hourly: bool
    levels: bool = True  # False: only values in average weather, no row is stagnant and there is no background


class Block(NamedTuple):
    """One block's data."""

    values: np.ndarray  # float64[cell, time], NaN where not seen
    background: np.ndarray | None  # float64[cell, time], as it was
    flat_background: np.ndarray | None  # float64[cell, time], as it were without terrain: what transport takes away
    terrain: np.ndarray  # float64[cell], factor of the terrain, 1 where it is not removed
    weather: np.ndarray  # float64[time, column]
    rows: np.ndarray  # float64[row, column], the weather of the whole climatology without gaps
    row_day_of_year: np.ndarray  # int64[row], from 0
    stagnant: np.ndarray  # bool[row]
    stagnant_time: np.ndarray  # bool[time]


def level_of_block(block: Block, setting: Setting, *, by_step: bool = False) -> dict[str, Any]:
    """
    Take the weather out of a block.

    Parameters
    ----------
    by_step : bool
        True gives the single days (or hours), without variances.

    Returns
    -------
    dict: of each of ``QUANTITIES`` (without ``levels`` of the first) a float64[cell, period] and ``NAME_variance``,
    of the mean; ``degrees`` [cell, period]; ``n_valid`` [cell, period]; ``moved`` [cell, factor];
    ``amplitude`` [cell]; ``r2``, ``rmse``

    Notes
    -----
    In logs, cell c, day d: y = log(max(value, floor)); weather effect e = sum over patterns k
    of amplitude(c, k) x effect(k, d). Then

    - normalised = s x exp(y - e), s such that the mean over all days is that of the values;
    - stagnant = q x exp(y - e + D) / k, D the mean effect of stagnant rows, q the mean of exp(e)
      over stagnant days against exp of its mean (Duan's smearing, 10.1080/01621459.1983.10478017),
      k the terrain's factor; with transport removed less the background, taken through the same steps.

    The variance of a period's mean: days in blocks (the block bootstrap's own variance, in
    closed form), and the delete-a-fold jackknife of the refits.
    """
    rules = setting.rules
    floored = np.maximum(block.values, rules.floor)
    log_values = np.log(floored)
    patterns = split_block(log_values, rules.modes)
    effects = _effects(patterns.scores, patterns.weight, block, setting)
    weather = np.array([one.weather for one in effects])
    loading = patterns.loading
    if len(floored) > 1:
        loading = own_amplitudes(log_values, weather, loading, setting.month, rules.own_days)
    stagnant = np.array([one.stagnant for one in effects])
    refits = np.array([one.refits for one in effects])
    stagnant_refits = np.array([one.stagnant_refits for one in effects])
    found: dict[str, Any] = {"r2": effects[0].r2, "rmse": effects[0].rmse, "amplitude": loading[:, 0]}

    normal, calm = _levels(floored, _combined(loading, weather), _combined(loading, stagnant), block)
    refit_levels = [
        _levels(floored, _combined(loading, refits[:, g]), _combined(loading, stagnant_refits[:, g]), block)
        for g in range(len(refits[0]))
    ]
    flat = block.terrain[:, None]
    values, refit_values = {"normalised": normal}, {"normalised": [one[0] for one in refit_levels]}
    if setting.levels:
        values["stagnant"], refit_values["stagnant"] = calm / flat, [one[1] / flat for one in refit_levels]
    if block.background is not None:
        values["background"] = np.where(np.isfinite(block.values), block.background, np.nan)
        values["increment"] = block.values - block.background
        if "transport" in setting.remove:
            background = np.maximum(cast(np.ndarray, block.flat_background), rules.floor)
            one = split_block(np.log(background), 0)
            [effect] = _effects(one.scores, one.weight, block, setting)
            ones = np.ones((len(floored), 1))
            values["stagnant"] = (
                calm / flat - _levels(background, ones * effect.weather, ones * effect.stagnant, block)[1]
            )
            refit_values["stagnant"] = [
                calm_g - _levels(background, ones * effect.refits[g], ones * effect.stagnant_refits[g], block)[1]
                for g, calm_g in enumerate(refit_values["stagnant"])
            ]
    if setting.levels:
        found["moved"] = _moved(effects, loading, setting)
    if by_step:
        return found | values | {"n_valid": np.isfinite(normal).astype(float)}
    found["n_valid"] = _sums(np.isfinite(normal), setting.period)
    for name, single in values.items():
        mean, variance, degrees = _mean_and_variance(single, setting)
        for g, other in enumerate(refit_values.get(name, ())):
            shift = _mean_and_variance(other, setting)[0] - mean
            found[f"{name}_shift_{g}"] = shift
        found[name], found[f"{name}_variance"] = mean, variance + _jackknife(found, name, len(refits[0]))
        found["degrees"] = degrees if name == "normalised" else found["degrees"]
    return {name: value for name, value in found.items() if "_shift_" not in name}


def _effects(scores: Floats, weight: Floats, block: Block, setting: Setting) -> list[Effects]:
    return weather_effects(
        scores, weight, setting.calendar, block.weather, setting.fold, rules=setting.rules, factor=setting.factor,
        remove=setting.remove, rows=block.rows, stagnant=block.stagnant, groups=_same_season(block, setting),
        hourly=setting.hourly, alone=setting.levels,
    )  # fmt: skip


def _same_season(block: Block, setting: Setting) -> list[tuple[Flags, Flags]] | None:
    """For each fortnight of the year its times, and the weather rows within ``season_days`` of its middle day."""
    if setting.season_days is None:
        return None
    groups = []
    for first in range(0, 366, 14):
        away = np.abs(block.row_day_of_year - (first + 6.5))
        among = np.minimum(away, 366 - away) <= setting.season_days + 0.5
        times = (setting.day_of_year >= first) & (setting.day_of_year < first + 14)
        groups.append((times, among))
    return groups


def _levels(values: Floats, effect: Floats, shift: Floats, block: Block) -> tuple[Floats, Floats]:
    """Normalised and stagnant values of each cell and time; NaN where value or weather is missing."""
    bare = np.exp(np.log(values) - effect)
    seen = np.isfinite(bare)
    total = np.where(seen, values, 0.0).sum(axis=1)
    below = np.where(seen, bare, 0.0).sum(axis=1)
    scale = np.where(below > 0, total / np.where(below > 0, below, 1.0), np.nan)
    calm_days = effect[:, block.stagnant_time & np.isfinite(effect[0])]
    if not calm_days.shape[1]:
        return bare * scale[:, None], np.full(bare.shape, np.nan)
    smear = np.exp(calm_days - calm_days.mean(axis=1, keepdims=True)).mean(axis=1)
    return bare * scale[:, None], bare * np.exp(shift) * smear[:, None]


def _sums(values: np.ndarray, label: Ints) -> Floats:
    """Sums of consecutive columns of one label, float64[place, label]."""
    return np.add.reduceat(values, np.flatnonzero(np.r_[True, np.diff(label) != 0]), axis=1, dtype=float)


def _mean_and_variance(single: Floats, setting: Setting) -> tuple[Floats, Floats, Floats]:
    """Mean of each period, the block bootstrap's variance of it, and its degrees of freedom."""
    seen = np.isfinite(single)
    count = _sums(seen, setting.period)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(count > 0, _sums(np.where(seen, single, 0.0), setting.period) / count, np.nan)
    rest = np.where(seen, single - mean[:, setting.period], 0.0)
    squares, filled = _sums(rest, setting.chunk) ** 2, _sums(seen, setting.chunk) > 0
    owner = setting.period[np.flatnonzero(np.r_[True, np.diff(setting.chunk) != 0])]
    n_chunk = _sums(filled, owner)
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = _sums(squares, owner) / count**2 * n_chunk / (n_chunk - 1)
    return mean, np.where(n_chunk > 1, variance, np.nan), n_chunk - 1


def _combined(loading: Floats, effects: Sequence[Floats] | Floats) -> Floats:
    """Sum over patterns of loading x effect, in one fixed order; float64[cell, time]."""
    total = loading[:, :1] * effects[0]
    for k in range(1, len(effects)):
        total += loading[:, k, None] * effects[k]
    return total


def _jackknife(found: dict[str, Any], name: str, n: int) -> Any:
    """Delete-a-fold variance of a level from its refits, (n - 1) / n x sum of squares."""
    if f"{name}_shift_0" not in found:
        return 0.0
    shifts = np.array([found[f"{name}_shift_{g}"] for g in range(n)])
    return (n - 1) / n * ((shifts - shifts.mean(axis=0)) ** 2).sum(axis=0)


def _moved(effects: list[Effects], loading: Floats, setting: Setting) -> dict[str, Floats]:
    """Share by which each factor moved a day's concentration, on a mean day: name -> float64[cell]."""
    moved = {}
    for name in dict.fromkeys(setting.factor):
        effect = _combined(loading, [one.factors[name] for one in effects])
        seen = np.isfinite(effect)
        share = np.where(seen, np.abs(1.0 - np.exp(-np.where(seen, effect, 0.0))), 0.0).sum(axis=1)
        moved[name] = share / np.maximum(seen.sum(axis=1), 1)
    return moved
