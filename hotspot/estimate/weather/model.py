"""
A model of one series on calendar and weather, and what the weather did to it.

Gradient-boosted trees (LightGBM) of a logarithm, refitted with every fold of
months left out. Half of a month's weather effect comes from the refit that has
not seen it: a month that helps to explain itself takes part of its own emission
for weather, one that does not leaves some weather in, and on synthetic truth
their mean errs least. The same refits give the blocked cross-validation and the
model's part of the intervals.
"""

import sys
from types import ModuleType
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import ArrayLike

from hotspot.estimate.weather.forest import Forest, average_over_weather, flatten, predict, regroup
from hotspot.kernels.arrays import Flags, Floats, Ints, Times
from hotspot.rules.criteria import Normalisation
from hotspot.variables import DataError


class Effects(NamedTuple):
    """What weather did to a series, in its own scale; every array float64, NaN where the weather has a gap."""

    weather: np.ndarray  # [time]
    stagnant: np.ndarray  # [time], stagnant weather less all weather, at that time's calendar
    refits: np.ndarray  # [fold, time], as ``weather`` but from every refit
    stagnant_refits: np.ndarray  # [fold, time]
    factors: dict  # name -> [time], what the factor alone did
    r2: float  # of the left-out months, trend and season included
    rmse: float


def calendar_columns(time: Times, first: np.datetime64, *, hourly: bool = False) -> Floats:
    """
    Calendar of local times: quarter since ``first``, day of the year, weekday (and hour).

    Parameters
    ----------
    time : datetime64 array, local

    Returns
    -------
    float64[time, 3 or 4]

    Examples
    --------
    >>> calendar_columns(np.array(["2020-03-01"], "M8[D]"), np.datetime64("2020-01-01")).tolist()
    [[0.0, 61.0, 6.0]]
    """
    day = time.astype("datetime64[D]")
    number = day.astype(np.int64)
    columns = [
        (number - first.astype("datetime64[D]").astype(np.int64)) // 91,
        (day - day.astype("datetime64[Y]")).astype(np.int64) + 1,
        (number + 3) % 7,
    ]
    if hourly:
        columns.append(time.astype("datetime64[h]").astype(np.int64) % 24)
    return np.column_stack(columns).astype(float)


def train(columns: Floats, targets: Floats, weight: Floats, rules: Normalisation, *, hourly: bool = False) -> list[Any]:
    """
    A LightGBM model of each series on the same rows, which are binned once; the same bytes on every run.

    Parameters
    ----------
    columns : float64[row, feature], the calendar's first
    targets : float64[series, row]
    weight : float64[row]

    Returns
    -------
    list of lightgbm.Booster
    """
    lightgbm = _lightgbm()
    settings = {
        "objective": "regression",
        "num_leaves": rules.hourly_leaves if hourly else rules.leaves,
        "learning_rate": rules.learning_rate,
        "min_data_in_leaf": rules.leaf_rows,
        "max_bin": rules.bins,
        "seed": rules.seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "verbose": -1,
    }
    data = lightgbm.Dataset(columns, weight=weight, free_raw_data=True)
    try:
        return [
            lightgbm.train(settings, data.set_label(target), rules.trees, keep_training_booster=True)
            for target in targets
        ]
    except lightgbm.basic.LightGBMError as error:
        raise DataError(
            f"weather: no model can be learned from {len(columns)} rows ({error}); deliver a longer field with "
            "weather, or see criteria.normalisation."
        ) from None


def _lightgbm() -> ModuleType:
    """LightGBM; without its dask part where Python strips docstrings (-OO), because that part edits its own."""
    if sys.flags.optimize > 1:
        sys.modules.setdefault("lightgbm.dask", cast(Any, None))
    try:
        import lightgbm
    except OSError as error:  # no DataError: a month must not go without its weather because a machine lacks a library
        raise ImportError(
            f"LightGBM does not load ({error}); install the system's OpenMP: libgomp1, on macOS libomp"
        ) from None
    return lightgbm


def folds_of(time: Times, n_fold: int) -> Ints:
    """
    Fold of each local time: whole months, dealt out in turn.

    Examples
    --------
    >>> folds_of(np.array(["2020-01-31", "2020-02-01", "2020-06-01"], "M8[D]"), 5).tolist()
    [0, 1, 0]
    """
    month = time.astype("datetime64[M]").astype(np.int64)
    return (month - month.min()) % n_fold


def weather_effects(
    targets: Floats, weight: Floats, calendar: Floats, weather: Floats, fold: Ints, *, rules: Normalisation,
    factor: ArrayLike, remove: frozenset[str], rows: Floats, stagnant: Flags,
    groups: list[tuple[Flags, Flags]] | None = None, hourly: bool = False, alone: bool = True,
) -> list[Effects]:  # fmt: skip
    """
    Fit series that share their weather and take it apart.

    Parameters
    ----------
    targets : float64[series, time], NaN where nothing was measured
    weight : float64[time], 0 to 1, how much was measured
    calendar : float64[time, n_calendar]
    weather : float64[time, n_weather], NaN rows where the weather has a gap
    fold : int64[time], from ``folds_of``
    factor : sequence of str[n_weather], the factor each column belongs to
    remove : collection of str
        Factors to average over; the columns of the others stay as they were.
    rows : float64[row, n_weather]
        Weather of the whole climatology, without gaps.
    stagnant : bool[row]
        Which of them are stagnant; none: ``stagnant`` of the result is NaN.
    groups : list of (bool[time], bool[row]), optional
        Times and the rows they are averaged over, e.g. the same weeks of all years; those
        without any row are left NaN.
    alone : bool
        Whether each factor is asked what it did alone.

    Returns
    -------
    list of Effects, one per series

    Notes
    -----
    With f the trees, w the weather and a(.) the exact mean over weather rows (METHODS 6.4):
    weather effect = f(calendar, w) - a(f(calendar, .)). The calendar, season included, is
    never averaged over (Wu 2022). Of the refits, the one that has not seen the month has the
    weight ``unseen_share``, the mean of all the rest.
    """
    n_calendar, n_time = calendar.shape[1], len(fold)
    columns = np.hstack([calendar, weather])
    whole = np.isfinite(weather).all(axis=1)
    known = whole & np.isfinite(targets).all(axis=0) & (weight > 0)
    factor = np.asarray(factor)
    averaged = np.r_[np.zeros(n_calendar, bool), np.isin(factor, list(remove))]
    groups = [(np.ones(n_time, bool), np.ones(len(rows), bool))] if groups is None else groups
    n_fold = int(fold.max()) + 1
    shape = (len(targets), n_fold, n_time)
    fitted, refits, calm = (np.full(shape, np.nan) for _ in range(3))
    names = dict.fromkeys(factor if alone else ())
    single = [{name: np.full(n_time, np.nan) for name in names} for _ in targets]
    for g in range(n_fold):
        own = fold == g
        used = known & ~own
        models = train(columns[used], targets[:, used], weight[used], rules, hourly=hourly)
        for s, model in enumerate(models):
            forest = flatten(model, n_calendar)
            fitted[s, g, whole] = predict(forest, columns[whole])
            without = regroup(forest, averaged)
            for times, among in groups:
                at = np.flatnonzero(times & whole)
                if at.size and averaged.any() and among.any():
                    mean = _averaged(without, columns[at], rows, averaged, n_calendar, among)
                    refits[s, g, at] = fitted[s, g, at] - mean
            if not averaged.any():
                refits[s, g, whole] = 0.0
            if stagnant.any() and averaged.any():
                at = np.flatnonzero(whole)
                calm[s, g, at] = _averaged(without, columns[at], rows, averaged, n_calendar, stagnant)
                calm[s, g] -= fitted[s, g] - refits[s, g]
            at = np.flatnonzero(own & whole)
            for name in names:
                only = np.r_[np.zeros(n_calendar, bool), factor == name]
                if at.size:
                    mean = _averaged(regroup(forest, only), columns[at], rows, only, n_calendar, None)
                    single[s][name][at] = fitted[s, g, at] - mean
    here = (fold, np.arange(n_time))
    unseen, found = rules.unseen_share, []
    for s, target in enumerate(targets):
        error = (target - fitted[s][here])[known]
        spread = target[known] - np.average(target[known], weights=weight[known])
        mse = np.average(error**2, weights=weight[known])
        r2 = 1.0 - mse / np.average(spread**2, weights=weight[known])
        both = [unseen * one[s][here] + (1 - unseen) * one[s].mean(axis=0) for one in (refits, calm)]
        found.append(Effects(both[0], both[1], refits[s], calm[s], single[s], float(r2), float(np.sqrt(mse))))
    return found


def _averaged(
    forest: Forest, columns: Floats, rows: Floats, averaged: Flags, n_calendar: int, among: Flags | None
) -> Floats:
    """Exact mean over weather rows of the averaged columns, at the other columns of each time."""
    among = None if among is None else among.astype(float)
    return average_over_weather(forest, columns[:, ~averaged], rows[:, averaged[n_calendar:]], among)
