"""An instrument that stopped: stuck, at the top of its range, at zero; hours copied from other hours; spikes."""

import numpy as np

from hotspot.quality.hours import single
from hotspot.quality.plausible.finding import Finding
from hotspot.quality.plausible.series import Series
from hotspot.rules.sensors import Screening


def runs(series: Series, screening: Screening) -> list[Finding]:
    """
    Stuck, saturated, zero, repeated and spiking hours, with what they do to the month.

    Each is found by the screening's own rule; it stops a month only where the station's mean would move by
    more than ``effect_share`` and ``effect_floor``, else it is a note. Copied days stop it from ``repeated_days`` on.

    Examples
    --------
    >>> from hotspot.synthetic.study import synthetic_month
    >>> from hotspot.quality.plausible.gate import findings
    >>> month = synthetic_month(size="small")
    >>> month.reference["pm25"][:, -700:] = 947.0
    >>> sorted({one.kind for one in findings(month) if one.changes})
    ['network', 'stuck']
    """
    from hotspot.kernels import flags

    rules, values = series.rules, series.values
    sound = single.possible(values, screening)
    with np.errstate(invalid="ignore"):
        top = sound >= screening.saturation
    flat = flags.flat_windows(np.where(sound > 0, sound, np.nan), rules.stuck_hours, screening.flat_tolerance)
    zero = single.zero_runs(sound, screening)
    first_hour = int((series.local[0] - series.local[0].astype("datetime64[D]")).astype(np.int64))
    copied = single.repeated_days(sound, first_hour, screening)
    told = np.exp(series.expected)
    spike = single.spikes(sound, told, screening)
    heaped = single.heaped_digits(sound, np.zeros(series.local.size, np.int64), screening)
    out = []
    for at in range(len(series.ids)):
        for kind, hours, least, words in (
            ("stuck", flat[at], 1, f"the same value for {rules.stuck_hours} hours and more"),
            ("saturated", top[at] & ~flat[at], rules.cap_hours, f"at the top of the range, {screening.saturation:g}"),
            ("zeros", zero[at], 1, f"zero for {screening.zero_hours} hours and more"),
            ("repeated", copied[at], 12, "days that copy, hour by hour, a day before"),
            ("spikes", spike[at], 3, "single hours far above both hours beside them, the neighbours calm"),
        ):
            if hours.sum() >= least and hours.any():
                out.append(_found(series, at, hours, kind, words))
        if heaped[at].any():
            out.append(series.finding(at, "digits", "its digits heap on multiples of 5", heaped[at], "note"))
    return out


def copies(months: list[Series]) -> list[Finding]:
    """
    A station's month that is another of its months, and two stations that are one.

    Examples
    --------
    >>> from hotspot.synthetic.study import synthetic_month
    >>> from hotspot.quality.plausible.gate import findings
    >>> month = synthetic_month(size="small")
    >>> month.reference["pm25"][3, -744:-24] = month.reference["pm25"][3, -744 - 720 : -744].values
    >>> [(one.kind, one.month) for one in findings(month) if one.changes]
    [('copied_month', '2025-12')]
    """
    out = []
    for number, late in enumerate(months):
        least = late.rules.min_hours
        for early in months[:number]:
            n = min(late.values.shape[1], early.values.shape[1])
            row = {name: at for at, name in enumerate(early.ids)}
            for at, name in enumerate(late.ids):
                if name not in row:
                    continue
                hours = np.zeros(late.values.shape[1], bool)
                hours[:n] = late.values[at, :n] == early.values[row[name], :n]
                if hours.sum() >= least and _share(hours[:n], late.values[at, :n]) >= late.rules.repeated_share:
                    out.append(late.finding(at, "copied_month", f"hour by hour its own {early.month}", hours))
        out += _twins(late)
    return out


def _twins(series: Series) -> list[Finding]:
    from hotspot.kernels import flags

    out, values, rules = [], np.ascontiguousarray(series.values, float), series.rules
    often = flags.alike(values, rules.min_hours, rules.repeated_share)
    for at in np.unique(often[:, 0]).tolist():
        for other in often[often[:, 0] == at, 1].tolist():
            same = values[other] == values[at]
            if np.unique(values[at, same]).size < 20:
                continue  # two that stand still are stuck, no twins
            if _share(same, values[at]) >= rules.repeated_share:
                words = f"hour by hour the values of {series.ids[other]}"
                out.append(series.finding(at, "twin", words, same, "note" if series.micro else "stop"))
                break
    return out


def _share(equal: np.ndarray, values: np.ndarray) -> float:
    return float(equal.sum() / max(np.isfinite(values).sum(), 1))


def _found(series: Series, at: int, hours: np.ndarray, kind: str, words: str) -> Finding:
    rules = series.rules
    was, instead = series.effect(at, hours)
    if np.isfinite(instead) and hours.sum() < np.isfinite(series.values[at]).sum():
        words += f"; its month is {was:.1f}, with what its neighbours say of these hours {instead:.1f} ug/m3"
    stops = series.matters(at, hours)
    if kind == "repeated":  # neighbours that were copied alike would hide what it does
        stops = not series.micro and hours.sum() > 24 * rules.repeated_days - 12
    return series.finding(at, kind, words, hours, "stop" if stops else "note")
