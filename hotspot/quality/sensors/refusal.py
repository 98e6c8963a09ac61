"""
Calibrations that are refused: a negative slope, or an error on left-out days that is no less than the raw one.

A regression always has an answer. Where the answer turns a sensor upside down, or is worse than what
was delivered on days that did not teach it, the reading stands as delivered and a sentence says so.
"""

import numpy as np

from hotspot.kernels.arrays import Flags, Floats

WORDS = {
    "slope": "it would turn the sensor upside down (slope {slope:.2f})",
    "error": "on days that did not teach it errs by {after:.3g} {unit}, as delivered by {before:.3g}",
}


def refused(
    values: Floats, result: Floats, left_out: Floats, told: Floats, asked: Flags
) -> tuple[Flags, dict[int, tuple[str, dict[str, float]]]]:
    """
    Stations whose calibration is refused.

    Parameters
    ----------
    values, result, left_out : float64[n_station, n_hour]
        As delivered; calibrated; calibrated by the days left out.
    told : float64[n_station, n_hour]
        References, in the hours that may be compared.
    asked : bool[n_station], beside a reference and with enough hours

    Returns
    -------
    (bool[n_station], dict): refused or not; for each refused position (reason, numbers for ``WORDS``)

    Examples
    --------
    >>> told = np.array([np.linspace(20, 80, 100)])
    >>> over = 100.0 - told
    >>> mask, why = refused(over, 100.0 - over, 100.0 - over, told, np.array([True]))
    >>> mask.tolist(), why[0][0], round(why[0][1]["slope"], 2)
    ([True], 'slope', -1.0)
    """
    mask, why = np.zeros(len(values), bool), {}
    for at in np.flatnonzero(asked):
        known = np.isfinite(told[at]) & np.isfinite(left_out[at]) & np.isfinite(values[at])
        if known.sum() < 24:
            continue
        raw, after, truth = values[at, known], left_out[at, known], told[at, known]
        before, then = (float(np.sqrt(np.mean((x - truth) ** 2))) for x in (raw, after))
        both = np.isfinite(values[at]) & np.isfinite(result[at])
        away = values[at, both] - values[at, both].mean()
        slope = float((away * result[at, both]).sum() / max((away**2).sum(), 1e-12))
        if slope < 0:
            mask[at], why[int(at)] = True, ("slope", {"slope": slope})
        elif then > before:
            mask[at], why[int(at)] = True, ("error", {"before": before, "after": then})
    return mask, why


def sentences(
    why: dict[int, tuple[str, dict[str, float]]], names: np.ndarray, variable: str, unit: str, *, whole: bool
) -> list[str]:
    """
    What is said of the refused, one sentence a variable.

    Parameters
    ----------
    why : dict, from ``refused``
    names : sequence of str, station ids
    whole : bool, the calibration of the whole network is refused

    Examples
    --------
    >>> sentences({0: ("slope", {"slope": -1.0})}, ["M1"], "o3", "ug/m3", whole=True)
    ['o3: the calibration is refused for all stations: at M1 it would turn the sensor upside down (slope -1.00).']
    """
    said = [
        f"at {names[at]} {WORDS[reason].format(unit=unit, **numbers)}" for at, (reason, numbers) in sorted(why.items())
    ]
    if not said:
        return []
    more = f"; and at {len(said) - 3} more" if len(said) > 3 else ""
    extent = "for all stations" if whole else f"for {len(said)} of the stations, which stay as delivered"
    return [f"{variable}: the calibration is refused {extent}: {'; '.join(said[:3])}{more}."]
