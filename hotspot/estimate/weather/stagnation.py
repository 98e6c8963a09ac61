"""
Which days were stagnant: little ventilation, no rain, no convection (D3, METHODS 6.2).

The daily maximum decides, not the daily mean: a day that clears the valley for
three hours at noon is no stagnant day, however calm its night. What a delivery
cannot tell is replaced by something weaker, and that is said aloud.
"""

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from hotspot.kernels.arrays import Flags, Floats
from hotspot.rules.criteria import Criteria, Stagnation
from hotspot.variables import CoverageWarning, DataError

if TYPE_CHECKING:
    import xarray as xr

LOWEST = 10.0  # m, height of the delivered wind; no boundary layer is taken as lower


def ventilation(blh: float | Floats, speed: float | Floats, exponent: float) -> Any:
    """
    Flow of air through the boundary layer, from the wind at 10 m.

    Parameters
    ----------
    blh : float array, m
    speed : float array, m/s at 10 m
    exponent : float
        p of the wind profile ``u(z) = u10 (z / 10 m)^p``.

    Returns
    -------
    float array, m2/s

    Notes
    -----
    ``V = integral of u(z) dz from 0 to H = u10 H (H / 10 m)^p / (1 + p)``; with p = 0 the
    plain product of height and wind.

    Examples
    --------
    >>> round(float(ventilation(1000.0, 3.0, 0.0))), round(float(ventilation(1000.0, 3.0, 0.15)))
    (3000, 5205)
    """
    height = np.maximum(np.asarray(blh, float), LOWEST)
    return np.asarray(speed, float) * height * (height / 10.0) ** exponent / (1.0 + exponent)


def stagnation_arrays(arrays: dict[str, Floats], rules: Stagnation) -> dict[str, Floats]:
    """
    What stagnation is judged by, per report: to be reduced to its daily maximum.

    Parameters
    ----------
    arrays : mapping of name -> float array, all of one shape
        ``speed`` m/s; used where present: ``blh`` m, ``cape`` and ``cin`` J/kg.

    Returns
    -------
    dict: ``ventilation_top`` m2/s where there is a boundary layer; ``unstable`` 1 where
    convection is free, 0 where not, where CAPE was delivered

    Notes
    -----
    Real latent instability: CAPE above ``rules.cape`` that no inhibition of ``rules.cin``
    holds back. Where a reanalysis gives no CIN, inhibition is complete or beyond its scale.

    Examples
    --------
    >>> from hotspot.rules.criteria import Stagnation
    >>> hours = {"speed": np.array([1.0, 1.0]), "cape": np.array([500.0, 500.0]), "cin": np.array([20.0, np.nan])}
    >>> stagnation_arrays(hours, Stagnation())["unstable"].tolist()
    [1.0, 0.0]
    """
    found = {}
    if "blh" in arrays:
        found["ventilation_top"] = ventilation(arrays["blh"], arrays["speed"], rules.wind_exponent)
    if "cape" in arrays:
        held = np.nan_to_num(arrays["cin"], nan=np.inf) >= rules.cin if "cin" in arrays else False
        free = (np.asarray(arrays["cape"]) > rules.cape) & ~np.asarray(held)
        found["unstable"] = np.where(np.isnan(arrays["cape"]), np.nan, free.astype(float))
    return found


def stagnant_rows(
    steps: "Mapping[str, Any] | xr.Dataset", criteria: Criteria | Stagnation, *, per_day: int | None = None
) -> tuple[Flags, dict[str, Any]]:
    """
    Which rows of weather are stagnant.

    Parameters
    ----------
    steps : mapping of name -> float array (..., time), as ``WeatherTable.steps``, or Dataset (time, ...)
        ``speed`` m/s, and where known ``ventilation_top`` (the day's maximum, m2/s),
        ``ventilation`` (mean, m2/s), ``rain`` or ``tp`` (the day's rain, mm), ``unstable`` (1 if in any hour).
        Rows are days, or hours that carry their day's values.
    criteria : Criteria, or its section Stagnation
    per_day : int, optional
        Rows of a day, 1 or 24; default as the ``time`` of a Dataset says, else 1.

    Returns
    -------
    stagnant : bool array (..., time); False where the weather is not known
    report : dict
        ``definition`` as used, ``words`` one sentence, ``substitutes`` list of what stood in for
        what, ``share`` stagnant among the known rows, ``n`` stagnant rows (mean over places)

    Raises
    ------
    DataError
        There is no wind.

    Warns
    -----
    CoverageWarning
        Something was not delivered and a substitute was used.

    Notes
    -----
    Definition ``ventilation`` (Huang 2018): V_max < 6000 m2/s and rain < 1 mm and no real
    latent instability. ``surface_wind`` (the index of NCDC without its wind aloft, Horton
    2012): wind < 3.2 m/s and rain < 1 mm. ``relative``: ventilation (without a boundary
    layer: wind) in the lowest ``relative_share`` of the place's known rows, and rain < 1 mm.

    Examples
    --------
    >>> from hotspot.rules.criteria import Stagnation
    >>> days = {"ventilation_top": np.array([2000.0, 9000.0, 3000.0]), "speed": np.ones(3),
    ...         "tp": np.array([0.0, 0.0, 5.0]), "unstable": np.zeros(3)}
    >>> stagnant, report = stagnant_rows(days, Stagnation(min_days=5, definition="surface_wind"))
    >>> stagnant.tolist(), report["words"]
    ([True, True, False], 'wind at 10 m below 3.2 m/s, rain below 1 mm')
    """
    rules = criteria if isinstance(criteria, Stagnation) else criteria.stagnation
    arrays = _last_time(steps)
    per_day = _rows_of_a_day(steps) if per_day is None else per_day
    if "rain" not in arrays and "tp" in arrays:
        arrays["rain"] = arrays["tp"]
    if "speed" not in arrays:
        raise DataError("weather: wind speed is missing; without wind no stagnation can be told.")
    definition, substitutes = rules.definition, []
    if definition == "ventilation" and "ventilation_top" not in arrays:
        substitutes.append(_instead(arrays, rules))
        definition = "relative"
    calm, words = _calm(definition, arrays, rules)
    if definition == "ventilation":
        days = (calm & _dry(arrays, rules, [])).sum(axis=-1) / per_day
        if (days < rules.min_days).any():
            share = rules.relative_share
            substitutes.append(f"places with fewer than {rules.min_days} such days: their {share:.0%} least ventilated")
            own, _ = _calm("relative", arrays, rules)
            calm = np.where((days < rules.min_days)[..., None], own, calm)
    stagnant = calm & _dry(arrays, rules, substitutes)
    words += f", rain below {rules.rain:g} mm" if "rain" in arrays else ""
    if definition == "ventilation":
        if "unstable" in arrays:
            stagnant &= ~(arrays["unstable"] >= 0.5)
            words += ", no free convection"
        else:
            substitutes.append("no CAPE delivered: convection is not looked at")
    known = np.isfinite(arrays["speed"])
    weak = [text for text in substitutes if not text.startswith("no CAPE")]
    if weak:
        warnings.warn(f"stagnation: {'; '.join(weak)}", CoverageWarning, stacklevel=2)
    return stagnant, {
        "definition": definition,
        "words": words,
        "substitutes": substitutes,
        "share": float(stagnant.sum() / max(known.sum(), 1)),
        "n": float(stagnant.sum(axis=-1).mean()),
    }


def _last_time(steps: Any) -> dict[str, Floats]:
    """Arrays with time last, from a Dataset or a mapping."""
    if hasattr(steps, "data_vars"):
        return {str(name): steps[name].transpose(..., "time").values for name in steps.data_vars}
    return {name: np.asarray(values) for name, values in steps.items()}


def _rows_of_a_day(steps: Any) -> int:
    """24 where a Dataset has one row an hour, else 1."""
    time = steps["time"].values if hasattr(steps, "data_vars") and "time" in steps.coords else []
    return 24 if len(time) > 1 and time[1] - time[0] <= np.timedelta64(1, "h") else 1


def _instead(arrays: dict[str, Floats], rules: Stagnation) -> str:
    """What stands in for the daily maximum of ventilation, in words."""
    lack = "the daily maximum of ventilation is not known" if "ventilation" in arrays else "no boundary-layer height"
    what = "ventilation" if "ventilation" in arrays else "wind"
    return f"{lack}: the {rules.relative_share:.0%} of the days with the least {what} stand in"


def _calm(definition: str, arrays: dict[str, Floats], rules: Stagnation) -> tuple[Flags, str]:
    """Rows with too little wind by one definition, and it in words."""
    if definition == "ventilation":
        words = f"daily maximum of ventilation below {rules.ventilation:g} m2/s"
        return arrays["ventilation_top"] < rules.ventilation, words
    if definition == "surface_wind":
        return arrays["speed"] < rules.surface_wind, f"wind at 10 m below {rules.surface_wind:g} m/s"
    name = next(name for name in ("ventilation_top", "ventilation", "speed") if name in arrays)
    values = arrays[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a place without any weather: NaN, no row is stagnant
        limit = np.nanquantile(values, rules.relative_share, axis=-1, keepdims=True)
    what = "wind" if name == "speed" else "ventilation"
    return values <= limit, f"{what} in the lowest {rules.relative_share:.0%} of the record"


def _dry(arrays: dict[str, Floats], rules: Stagnation, substitutes: list[str]) -> Flags:
    """Rows without rain; without a rain gauge every row counts as dry, and it is said."""
    if "rain" not in arrays:
        substitutes.append("no rain delivered: wet days are not left out")
        return np.ones(arrays["speed"].shape, bool)
    return ~(arrays["rain"] >= rules.rain) & np.isfinite(arrays["speed"])


def variants(rules: Stagnation) -> dict[str, Stagnation]:
    """
    Other ways to say what stagnant is, to see what hangs on the definition.

    Returns
    -------
    dict of name -> Stagnation, the first ("as set") the criteria's own; every other differs from it in one thing

    Examples
    --------
    >>> from hotspot.rules.criteria import Stagnation
    >>> list(variants(Stagnation()))
    ['as set', 'ventilation -33 %', 'ventilation +33 %', 'surface wind', 'relative', 'rain ignored']
    """
    return {
        "as set": rules,
        "ventilation -33 %": rules.model_copy(update={"ventilation": rules.ventilation * 2 / 3}),
        "ventilation +33 %": rules.model_copy(update={"ventilation": rules.ventilation * 4 / 3}),
        "surface wind": rules.model_copy(update={"definition": "surface_wind"}),
        "relative": rules.model_copy(update={"definition": "relative"}),
        "rain ignored": rules.model_copy(update={"rain": 1e6}),
    }
