"""
Did it help? The change that an intervention made, with its interval (C9).

Before and after differ by weather and season as well as by the intervention. So
the days before teach what the treated cells have under a given weather beside
cells that nothing was done to; for every day after, that is what would have
been. The difference to what was is the effect.
"""

from collections.abc import Sequence
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from hotspot.kernels.arrays import Flags, Floats, Ints, Times
from hotspot.one_thread import one_thread
from hotspot.rules.criteria import Criteria, Effect_
from hotspot.variables import DataError

if TYPE_CHECKING:
    import xarray as xr

_FLOOR = 1.0  # ug/m3, below it a concentration is taken as this, the logarithm's sake


class Effect(NamedTuple):
    """An intervention's effect on the mean concentration after it."""

    change_pct: float  # against what would have been
    low_pct: float
    high_pct: float
    change: float  # ug/m3
    low: float
    high: float
    raw_pct: float  # mean after against mean before, nothing adjusted
    n_before: int  # days used
    n_after: int
    words: str


@one_thread
def effect(
    field: "xr.Dataset",
    before: tuple[str, str],
    after: tuple[str, str],
    *,
    cells: Sequence[str] | None = None,
    control: "Sequence[str] | xr.DataArray | None" = None,
    steps: "xr.Dataset | None" = None,
    criteria: Criteria | None = None,
    variable: str = "pm25",
) -> Effect:
    """
    Change of treated cells after an intervention, adjusted for weather, season and the region.

    Parameters
    ----------
    field : Dataset (cell, day) or (station, day), or (day)
        ``variable``, ug/m3, by local day.
    before, after : (first, last), local days as text or datetime64, both ends included
    cells : list of str, optional
        Codes of the treated cells (or stations); default all that are not control.
    control : list of str, or DataArray (day), optional
        Cells nothing was done to, in the same air; or one series, such as the mean of
        ``regional_background`` over the treated cells. Without it the region's own change counts as effect.
    steps : Dataset (time, ...), optional
        Daily weather from ``weather_steps``; its mean over places is used.
    criteria : Criteria, optional
        Its section ``effect``.
    variable : str

    Returns
    -------
    Effect

    Raises
    ------
    DataError
        Too few days before or after have data (and weather), or a cell is not in the field.

    Notes
    -----
    Days before: ridge regression of z = log(treated / control) on season (two harmonics), log
    ventilation (without a boundary layer: wind), wind speed, both wind components, their
    squares and product, rain, temperature. Days after: ``expected = control x exp(z) x s``, s the mean of
    exp(residual) (Duan 1983). Effect = mean(observed) / mean(expected) - 1. Interval: normal in log(1 + effect); its
    variance is that of bootstraps of blocks of days before (refitted) and after, plus the mean square
    of the placebo effects: the same sum done for every control cell against the others, where nothing
    happened (Abadie 2010). So what control cells do by themselves, and what of the intervention reaches
    them, widens the interval; choose them outside the plume. A model taught before and asked after
    extrapolates when the seasons differ: give a whole year before where there is one.

    Examples
    --------
    A plant stops: 60 instead of 90 ug/m3 where the region has 50.

    >>> import xarray as xr
    >>> day = np.arange("2019-01-01", "2021-01-01", dtype="datetime64[D]").astype("datetime64[ns]")
    >>> air = 50 * np.exp(0.3 * np.sin(np.arange(day.size)))
    >>> plant = np.where(day < np.datetime64("2020-01-01"), 1.8, 1.2) * air
    >>> field = xr.Dataset({"pm25": (("cell", "day"), [plant, air])}, {"cell": ["A", "B"], "day": day})
    >>> found = effect(field, ("2019-01-01", "2019-12-31"), ("2020-01-01", "2020-12-31"), control=["B"])
    >>> round(found.change_pct, 1), found.low_pct <= found.change_pct <= found.high_pct
    (-33.3, True)
    """
    rules = (Criteria() if criteria is None else criteria).effect
    treated, reference, day, others = _series(field, cells, control, variable)
    columns = _columns(day, steps)
    z = np.log(np.maximum(treated, _FLOOR)) - np.log(np.maximum(reference, _FLOOR))
    usable = np.isfinite(z) & np.isfinite(columns).all(axis=1)
    periods = [usable & _within(day, period) for period in (before, after)]
    for name, chosen in zip(("before", "after"), periods, strict=True):
        if chosen.sum() < rules.min_days:
            raise DataError(
                f"effect: {chosen.sum()} days {name} have data{' and weather' if steps is not None else ''}, at least "
                f"{rules.min_days} are needed; choose a longer period."
            )
    first, second = (np.flatnonzero(chosen) for chosen in periods)
    if first[-1] >= second[0] and second[-1] >= first[0]:
        raise ValueError("the periods before and after overlap; leave the days of the intervention itself out.")
    spread = columns[first].std(axis=0)
    design = (columns - columns[first].mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    design = np.column_stack([np.ones(len(day)), np.clip(design, -rules.reach, rules.reach)])
    rng = np.random.default_rng(rules.seed)
    draws = [
        _compare(design, z, treated, reference, _blocks(rng, first, rules), _blocks(rng, second, rules), rules)[0]
        for _ in range(rules.n_draws)
    ]
    share, would = _compare(design, z, treated, reference, first, second, rules)
    placebo = _placebo(design, others, first, second, rules)
    spread = np.sqrt(np.var(np.log1p(draws)) + np.mean(np.square(placebo)) if placebo.size else np.var(np.log1p(draws)))
    wide = NormalDist().inv_cdf((1.0 + rules.level) / 2.0) * float(spread)
    shares = [float(np.expm1(np.log1p(share) + step)) for step in (0.0, -wide, wide)]
    percent, gain = [100.0 * one for one in shares], [would * one for one in shares]
    raw = 100.0 * float(treated[second].mean() / treated[first].mean() - 1.0)
    words = _words(control, steps, placebo.size, rules)
    return Effect(percent[0], percent[1], percent[2], gain[0], gain[1], gain[2], raw, len(first), len(second), words)


def _series(
    field: "xr.Dataset", cells: Sequence[str] | None, control: Any, variable: str
) -> tuple[Floats, Floats, Times, Floats]:
    """Treated and control series (1 where there is no control), the days, and each control cell's own series."""
    values: Any = field[variable] if hasattr(field, "data_vars") else field
    dim = "day" if "day" in values.dims else "time"
    day = values[dim].values.astype("datetime64[D]")
    place = next((name for name in values.dims if name != dim), None)
    listed = control is not None and not hasattr(control, "dims")
    if place is None:
        treated = values.values.astype(float)
    else:
        known = values[place].values.astype(str).tolist()
        others = {str(name) for name in control} if listed else set()
        wanted = [str(name) for name in cells] if cells is not None else [n for n in known if n not in others]
        lost = sorted((set(wanted) | others) - set(known))
        if lost:
            raise DataError(f"effect: {place} {lost[0]} is not in the field; check the code.")
        treated = _mean(values.sel({place: wanted}).transpose(place, dim).values)
    if control is None:
        return treated, np.ones(len(day)), day, np.empty((0, len(day)))
    if listed:
        if place is None:
            raise DataError("effect: control cells are named, but the field is one series; give the control as one.")
        single = values.sel({place: sorted(others)}).transpose(place, dim).values.astype(float)
        return treated, _mean(single), day, single
    series = control.reindex({dim: values[dim]}) if dim in control.dims else control.rename({control.dims[0]: dim})
    return treated, series.values.astype(float), day, np.empty((0, len(day)))


def _mean(values: Floats) -> Floats:
    """Mean over places of days on which most of them were seen: another mix of cells is another series."""
    values = values.astype(float)
    seen = np.isfinite(values)
    typical = np.nanmean(np.where(seen.any(axis=1, keepdims=True), values, 0.0), axis=1, keepdims=True)
    # A missing cell is filled in its usual proportion to the others, so that holes shift nothing.
    ratio = np.where(seen, values / np.where(typical > 0, typical, 1.0), 0.0).sum(axis=0) / np.maximum(
        seen.sum(axis=0), 1
    )
    return np.where(seen.mean(axis=0) >= 0.5, ratio * typical.mean(), np.nan)


def _columns(day: Times, steps: "xr.Dataset | None") -> Floats:
    """Season and weather of each day, float64[day, column]; NaN where the weather has a gap."""
    angle = 2 * np.pi * ((day - day.astype("datetime64[Y]")).astype(float) + 0.5) / 365.25
    columns = [np.sin(angle), np.cos(angle), np.sin(2 * angle), np.cos(2 * angle)]
    if steps is not None:
        known = steps["time"].values.astype("datetime64[D]")
        at = np.minimum(np.searchsorted(known, day), len(known) - 1)
        gap = np.where(known[at] == day, 0.0, np.nan)
        weather = {
            name: steps[name].mean([d for d in steps[name].dims if d != "time"]).values[at] + gap
            for name in ("ventilation", "speed", "u10", "v10", "tp", "t2m")
            if name in steps
        }
        u, v = weather["u10"], weather["v10"]
        air = weather.pop("ventilation", weather["speed"])
        columns += [np.log(np.maximum(air, 0.1)), weather["speed"], u, v, u * u - v * v, u * v]
        columns += [np.log1p(weather["tp"])] if "tp" in weather else []
        columns += [weather["t2m"]] if "t2m" in weather else []
    return np.column_stack(columns)


def _within(day: Times, period: tuple[str, str]) -> Flags:
    first, last = (np.datetime64(str(one)[:10], "D") for one in period)
    return (day >= first) & (day <= last)


def _blocks(rng: np.random.Generator, days: Ints, rules: Effect_) -> Ints:
    """The days of a period drawn again in blocks of consecutive ones."""
    n = len(days)
    length = min(rules.block_days, n)
    start = rng.integers(0, n, -(-n // length))
    return days[(start[:, None] + np.arange(length)).ravel()[:n] % n]


def _compare(
    design: Floats, z: Floats, treated: Floats, reference: Floats, first: Ints, second: Ints, rules: Effect_
) -> tuple[float, float]:
    """Relative difference between what was and what would have been on the second days, and what would have been."""
    x = design[first]
    penalty = np.full(x.shape[1], rules.ridge)
    penalty[0] = 0.0
    slope = np.linalg.solve(x.T @ x + np.diag(penalty), x.T @ z[first])
    smear = np.exp(z[first] - x @ slope).mean()
    would = (np.maximum(reference[second], _FLOOR) * np.exp(design[second] @ slope) * smear).mean()
    return treated[second].mean() / would - 1.0, float(would)


def _placebo(design: Floats, others: Floats, first: Ints, second: Ints, rules: Effect_) -> Floats:
    """log(1 + effect) of control cells, each against the mean of all: what is found where nothing was done."""
    if len(others) < rules.min_placebos:
        return np.empty(0)
    step = -(-len(others) // rules.most_placebos)
    together = _mean(others)
    found = []
    for one in others[::step]:
        z = np.log(np.maximum(one, _FLOOR)) - np.log(np.maximum(together, _FLOOR))
        early, late = (period[np.isfinite(z[period])] for period in (first, second))
        if min(len(early), len(late)) >= rules.min_days:
            found.append(np.log1p(_compare(design, z, one, together, early, late, rules)[0]))
    return np.array(found)


def _words(control: Any, steps: "xr.Dataset | None", n_placebo: int, rules: Effect_) -> str:
    """How it was adjusted, one sentence."""
    by = ["season"]
    by += ["weather"] if steps is not None else []
    by += ["control cells"] if control is not None else []
    also = f" and {n_placebo} placebo cells" if n_placebo else ""
    return f"adjusted for {', '.join(by)}; {rules.level:.0%} interval from blocks of {rules.block_days} days{also}"
