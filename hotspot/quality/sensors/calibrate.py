"""
Micro-stations on the scale of the reference stations, with an error for every hour.

The form of the correction is not decreed: those of ``forms.candidates`` compete on hours
whose whole block of days was left out, and a richer one must clearly win.
"""

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from hotspot.kernels.arrays import Flags, Floats, Ints, Times
from hotspot.quality.hours.flags import mask_of
from hotspot.quality.means.seen import median_of_seen
from hotspot.quality.sensors import forms, targets
from hotspot.quality.sensors.forms import Form
from hotspot.quality.sensors.refusal import refused, sentences
from hotspot.quality.sensors.transfer import Learned, bring, transferred
from hotspot.rules.calendar import local_times
from hotspot.rules.criteria import Criteria
from hotspot.rules.sensors import Calibration
from hotspot.variables import VARIABLES, DataError

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


def calibrate(
    stations: "xr.Dataset",
    reference: "xr.Dataset",
    *,
    criteria: Criteria | None = None,
    variable: str = "pm25",
    learn_until: np.datetime64 | None = None,
) -> "xr.Dataset":
    """
    Bring micro-stations onto the scale of the nearest reference stations.

    Parameters
    ----------
    stations : Dataset (station, time)
        Best from ``screen``. ``rh2m`` and ``t2m`` (measured at the station) are used where there.
    reference : Dataset (station, time)
    criteria : Criteria, optional
        The study's; section ``calibration``.
    variable : str
        ``"pm25"``; gases can be asked for, and mostly cannot be mended (docs/trusting-a-sensor).
    learn_until : datetime64, optional
        Nothing at or after this UTC hour teaches, for an honest look at the time after it.

    Returns
    -------
    Dataset (station, time), the stations as they came, and

    - ``pm25``: calibrated, never below zero; missing stays missing
    - ``pm25_raw``: as delivered
    - ``pm25_error``: one standard deviation, ug/m3
    - ``pm25_reference``: the references brought to the station in the hours that may be compared
    - ``pm25_left_out``: the calibrated value of those hours when their block did not teach
    - on ``station``: ``calibration`` (``own`` beside a reference; ``network``: as the stations that
      stand beside one; ``transferred`` where none does; ``refused``, as delivered; or
      ``none``), ``reference_km``, ``n_pairs``

    and in ``attrs`` the form, its coefficients, the errors of every form, and ``calibration_refused``: a sentence
    where a slope was negative or left-out days were worse than the raw ones (``refusal``), else "".

    Notes
    -----
    Only a station beside a reference (``collocated_km``) is regressed on it. Anywhere else a
    regression would take the station's own sources for an error of the sensor and remove them: on
    the synthetic study it more than doubled the error (docs/trusting-a-sensor). Where no station stands beside a
    reference, only the growth with humidity and a large common gain are learned (``transfer.transferred``).

    Raises
    ------
    DataError
        The stations were calibrated before, or the references have not the variable.

    Examples
    --------
    >>> import xarray as xr
    >>> rng = np.random.default_rng(0)
    >>> truth = 60 + 25 * np.sin(np.arange(480) / 9)
    >>> time = np.datetime64("2020-03-01", "ns") + np.arange(480) * np.timedelta64(1, "h")
    >>> def at(name, values):
    ...     place = {"station": [name], "lon": ("station", [116.0]), "lat": ("station", [40.0]), "time": time}
    ...     return xr.Dataset({"pm25": (("station", "time"), values[None])}, place, {"utc_offset": 8.0})
    >>> done = calibrate(at("m", 10 + 1.3 * truth + rng.normal(0, 2, 480)), at("r", truth))
    >>> done.attrs["calibration_form"], str(done["calibration"].values[0]), bool(abs(done["pm25"] - truth).mean() < 2)
    ('a + b c', 'own', True)
    """
    criteria = (criteria or Criteria()).calibration
    _check(stations, reference, variable)
    local = local_times(stations).astype("datetime64[h]")
    values = np.array(stations[variable].transpose("station", "time").values, "float64")
    brought = bring(stations, reference, criteria, variable=variable)
    beside: dict[str, Any] = {"humidity": _filled(stations, "rh2m"), "temperature": _filled(stations, "t2m")}
    compared = np.isfinite(values) & brought.teaches
    fit = compared & (values > 0)
    if f"{variable}_flags" in stations:
        bits = stations[f"{variable}_flags"].transpose("station", "time").values
        fit &= (bits & mask_of(criteria.unfit_flags)) == 0
    if learn_until is not None:
        fit &= (stations["time"].values < np.datetime64(learn_until).astype("datetime64[ns]"))[None]
    judge = fit
    fit = fit & ~_outliers(values, brought.value, fit, criteria)
    n_pairs = fit.sum(axis=1)
    own = brought.collocated & (n_pairs >= criteria.min_hours)
    day = local.astype("datetime64[D]").astype(np.int64)
    fold = (day - day.min()) // criteria.block_days % criteria.folds
    asked = own if own.any() else n_pairs >= criteria.min_hours
    beside |= {"local": local, "particles": variable in ("pm25", "pm10")}  # gases take up no water
    if own.any():
        judge = judge & own[:, None]
        learned = _regress(values, brought.value, fit & own[:, None], judge, fold, criteria, **beside)
    else:
        learned = transferred(values, brought.value, fit & asked[:, None], fold, criteria, **beside)
    told = np.where(compared, brought.value, np.nan)
    left_out = np.where(compared, learned.left_out, np.nan)
    result, error = learned.values, learned.error
    if own.any():
        error = _errors(result, left_out, told, own)
    elif not asked.any():
        # Nothing to learn from: twice the EPA's target of a good sensor is a plea for a reference.
        error = np.where(np.isfinite(result), np.hypot(criteria.rmse, 2 * criteria.nrmse * result), np.nan)
    turned, why = refused(values, result, left_out, told, own)
    whole = bool(own.any()) and 2 * int(turned.sum()) >= int(own.sum())
    result, error = _as_delivered(values, told, result, error, np.full(own.size, True) if whole else turned)
    left_out = np.where((turned | whole)[:, None], np.where(compared, values, np.nan), left_out)
    word = np.select(
        [turned | whole, own, np.full(own.size, own.any()), asked], ["refused", "own", "network", "transferred"], "none"
    )
    if asked.any() and not own.any():
        word[~asked] = "network"
    word = word.astype(object)
    dims, unit = ("station", "time"), {"unit": VARIABLES[variable].unit}
    raw = stations.get(f"{variable}_raw", (dims, values, unit))
    return (
        stations.transpose("station", "time", ...)
        .assign(
            {
                variable: (dims, result, stations[variable].attrs),
                f"{variable}_raw": raw,
                f"{variable}_error": (dims, error, unit),
                f"{variable}_reference": (dims, told, unit),
                f"{variable}_left_out": (dims, left_out, unit),
                f"{variable}_uncalibrated": (dims, values, unit),
                "calibration": ("station", word),
                "reference_km": ("station", brought.km, {"unit": "km"}),
                "n_pairs": ("station", n_pairs, {"unit": "1"}),
            }
        )
        .assign_attrs(
            calibration_form=learned.words,
            calibration_common=json.dumps([float(f"{c:.6g}") for c in learned.coefficients]),
            calibration_refused=" ".join(
                sentences(why, stations["station"].values.astype(str), variable, VARIABLES[variable].unit, whole=whole)
            ),
            calibration_tried=json.dumps(learned.tried),
            calibration_design=(
                f"blocks of {criteria.block_days} local days in {criteria.folds} folds; "
                f"the stations together are worth {criteria.shrink_hours:g} hours to each"
            ),
        )
    )


def _as_delivered(
    values: Floats, told: Floats, result: Floats, error: Floats, refused_: Flags
) -> tuple[Floats, Floats]:
    """Refused stations as they came, with the error that they had against the references, or the largest seen."""
    if not refused_.any():
        return result, error
    away = np.where(np.isfinite(told), values - told, np.nan)
    known = np.isfinite(away).any(axis=1)
    size = np.full(len(values), np.nan)
    size[known] = np.sqrt(np.nanmean(away[known] ** 2, axis=1))
    size[~known] = np.nanmax(size) if known.any() else np.nan
    stated = np.where(np.isfinite(values), size[:, None], np.nan)
    rows = refused_[:, None]
    return np.where(rows, values, result), np.where(rows, stated, error)


def calibration_table(
    calibrated: "xr.Dataset",
    *,
    criteria: Criteria | None = None,
    variable: str = "pm25",
    since: np.datetime64 | None = None,
) -> "pd.DataFrame":
    """
    Agreement with the references before and after, hours and local days, beside the EPA's targets.

    "After" uses the values whose block of days did not teach; with ``since`` the final values of the
    time from then on, for a calibration that learned only from the time before.

    Parameters
    ----------
    calibrated : Dataset, from ``calibrate``
    criteria : Criteria, optional
    variable : str
    since : datetime64, optional

    Returns
    -------
    DataFrame: ``station calibration km step when n slope intercept r2 rmse nrmse bias meets``

    Examples
    --------
    >>> import xarray as xr
    >>> truth = 60 + 25 * np.sin(np.arange(480) / 9)
    >>> time = np.datetime64("2020-02-29T16", "ns") + np.arange(480) * np.timedelta64(1, "h")
    >>> def at(name, values):
    ...     place = {"station": [name], "lon": ("station", [116.0]), "lat": ("station", [40.0]), "time": time}
    ...     return xr.Dataset({"pm25": (("station", "time"), values[None])}, place, {"utc_offset": 8.0})
    >>> table = calibration_table(calibrate(at("m", 10 + 1.3 * truth), at("r", truth)))
    >>> print(table[["step", "when", "n", "slope", "intercept", "meets"]].round(1).to_string(index=False))
     step   when   n  slope  intercept  meets
     hour before 480    1.3       10.0  False
     hour  after 480    1.0        0.0   True
      day before  20    1.3       10.0  False
      day  after  20    1.0        0.0   True
    """
    import pandas as pd

    criteria = criteria or Criteria()
    local = local_times(calibrated).astype("datetime64[h]")
    when = (
        np.ones(local.size, bool)
        if since is None
        else calibrated["time"].values >= np.datetime64(since).astype("datetime64[ns]")
    )
    told = calibrated[f"{variable}_reference"].values
    after = calibrated[variable if since is not None else f"{variable}_left_out"].values
    rows = []
    for at, station in enumerate(calibrated["station"].values):
        pairs = np.where(when & np.isfinite(told[at]), told[at], np.nan)
        for step in ("hour", "day"):
            for word, series in (("before", calibrated[f"{variable}_uncalibrated"].values[at]), ("after", after[at])):
                both = np.stack([pairs, np.where(np.isfinite(pairs), series, np.nan)])
                both[:, ~np.isfinite(both).all(axis=0)] = np.nan
                if step == "day":
                    _, both = targets.local_daily(both, local, n_least=criteria.validity.day_hours)
                found = targets.agreement(both[1], both[0])
                rows.append(
                    {
                        "station": str(station),
                        "calibration": str(calibrated["calibration"].values[at]),
                        "km": float(calibrated["reference_km"].values[at]),
                        "step": step,
                        "when": word,
                        **found,
                        "meets": targets.meets_targets(found, criteria.calibration)["all"],
                    }
                )
    return pd.DataFrame(rows)


def _regress(
    values: Floats,
    told: Floats,
    fit: Flags,
    judge: Flags,
    fold: Ints,
    criteria: Calibration,
    *,
    humidity: Floats | None,
    temperature: Floats | None,
    particles: bool,
    local: Times,
) -> Learned:
    """Learned from stations beside a reference: the form that errs least on blocks left out."""
    tried = []
    there = {"humidity": humidity is not None, "temperature": temperature is not None}
    for form in forms.candidates(criteria, **there, particles=particles):
        x = forms.columns(form, values, humidity, temperature, criteria.humidity_low)
        sums = forms.moments(x, told, fit, fold, criteria.folds)
        # Outliers do not teach, but a form is judged by them too.
        test = forms.moments(x, told, judge, fold, criteria.folds)
        tried.append((form, sums, np.sqrt(max(forms.cross_validated(form, sums, test, criteria.shrink_hours), 0.0))))
    form, (xx, xy, _, n), _ = _choose(tried, criteria.gain)
    x = forms.columns(form, values, humidity, temperature, criteria.humidity_low)
    own, common = forms.solve(form, xx.sum(1), xy.sum(1), n.sum(1), criteria.shrink_hours)
    left_out = np.full(values.shape, np.nan)
    for at in range(criteria.folds):
        rest = [sums.sum(1) - sums[:, at] for sums in (xx, xy, n)]
        some, _ = forms.solve(form, rest[0], rest[1], rest[2], criteria.shrink_hours)
        here = fold == at
        left_out[:, here] = np.maximum(np.einsum("shk,sk->sh", x[:, here], some), 0.0)
    return Learned(
        np.maximum(np.einsum("shk,sk->sh", x, own), 0.0),
        left_out,
        np.full(values.shape, np.nan),
        form.words,
        common,
        {f.words: round(float(rmse), 4) for f, _, rmse in tried},
    )


def _choose(
    tried: list[tuple[Form, tuple[Floats, Floats, Floats, Ints], float]], gain: float
) -> tuple[Form, tuple[Floats, Floats, Floats, Ints], float]:
    """The plainest form that no richer one beats clearly."""
    best = tried[0]
    # One growth form speaks for all of them: kappa and the bound of the humidity are its parameters.
    order = ["raw", "gain", "linear", "growth", "weather", "weather product"]
    for name in order[1:]:
        rivals = [entry for entry in tried if entry[0].name == name]
        if rivals:
            rival = min(rivals, key=lambda entry: entry[2])
            if rival[2] < (1 - gain) * best[2]:
                best = rival
    return best


def _errors(result: Floats, left_out: Floats, told: Floats, own: Flags) -> Floats:
    """One standard deviation per hour: the left-out error grows with the value, and each station has its own size."""
    from scipy.optimize import nnls

    residual = left_out - told
    seen = np.isfinite(residual) & own[:, None]
    size, square = left_out[seen], residual[seen] ** 2
    # Means of twenty classes of equal count: steady against single hours.
    classes = np.array_split(np.argsort(size, kind="stable"), min(20, max(1, size.size // 30)))
    x = np.array([[1.0, (size[part] ** 2).mean()] for part in classes])
    y = np.maximum(np.array([square[part].mean() for part in classes]), 1e-12)
    scale = np.array([1.0, max(x[:, 1].mean(), 1.0)])
    floor, share = nnls(x / scale / y.mean(), y / y.mean())[0] / scale
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(seen, residual**2 / np.maximum(floor + share * left_out**2, 1e-12), 0.0)
    # Hours hang together, so a station's own size counts from days, not hours.
    days = seen.sum(axis=1) / 24
    sizes = (ratio.sum(axis=1) / 24 + 7.0) / (days + 7.0)
    # A station that nothing taught carries the spread between stations as well.
    sizes[~own] = 2.0 * max(float(sizes[own].max()), 1.0)
    return np.sqrt((floor + share * result**2) * sizes[:, None])


def _outliers(values: Floats, told: Floats, fit: Flags, criteria: Calibration) -> Flags:
    """Hours whose ratio to the reference is far from the station's usual one."""
    with np.errstate(invalid="ignore", divide="ignore"):
        log = np.where(fit, np.log((told + 5.0) / (values + 5.0)), np.nan)
    rows = np.isfinite(log).any(axis=1)
    away = np.zeros(values.shape)
    middle = np.nanmedian(log[rows], axis=1, keepdims=True)
    spread = 1.4826 * np.nanmedian(np.abs(log[rows] - middle), axis=1, keepdims=True)
    away[rows] = np.nan_to_num(np.abs(log[rows] - middle) / np.maximum(spread, 0.05))
    return away > criteria.outlier


def _filled(stations: "xr.Dataset", name: str) -> Floats | None:
    """Humidity or temperature of every station-hour: where one is silent, the others speak, then the usual value."""
    if name not in stations:
        return None
    data = np.array(stations[name].transpose("station", "time").values, "float64")
    if not np.isfinite(data).any():
        return None
    hour = median_of_seen(data)
    return np.where(np.isfinite(data), data, np.where(np.isfinite(hour), hour, np.nanmedian(data)))


def _check(stations: "xr.Dataset", reference: "xr.Dataset", variable: str) -> None:
    if "calibration_form" in stations.attrs:
        raise DataError("stations: they were calibrated before; start from the screened stations.")
    for name, data in (("stations", stations), ("reference", reference)):
        if variable not in data:
            raise DataError(f"{name}: there is no {variable}; there are: {', '.join(map(str, data.data_vars))}.")
