"""A station's month against its neighbours, its own other months, and the satellite above it."""

import numpy as np

from hotspot.quality.plausible.finding import Finding
from hotspot.quality.plausible.series import Series


def levels(months: list[Series]) -> list[Finding]:
    """
    Months far above or below the neighbours, or far from where the station else stands among them.

    Notes
    -----
    The level of a month is the median over its hours of ``log(c / median of neighbours)``. It is found
    beyond ``level_ratio``, and beyond ``level_jump`` from the median of the station's delivered months (of two
    months, the one farther from its neighbours). Of a gas, a level that jumped by ``unit_jump`` and
    two thirds less, were its values ppb, is a note that says so.

    Examples
    --------
    >>> from hotspot.synthetic.study import synthetic_month
    >>> from hotspot.quality.plausible.gate import findings
    >>> month = synthetic_month(size="small")
    >>> month.reference["pm25"][5, -744:] *= 3.5
    >>> [(one.kind, one.place) for one in findings(month) if one.changes]
    [('level', 'S06')]
    """
    out = []
    for series in months:
        rules = series.rules
        for at, name in enumerate(series.ids):
            level = series.level[at]
            if not np.isfinite(level):
                continue
            usual = [one.level[row] for one in months for row in np.flatnonzero(one.ids == name)]
            usual = sorted((one for one in usual if np.isfinite(one)), key=abs)
            base = float(np.median(usual) if len(usual) != 2 else usual[0])
            stops = abs(level) > np.log(rules.level_ratio) or abs(level - base) > np.log(rules.level_jump)
            unit = _unit(series, at, float(base))
            if not (stops or unit):
                continue
            words = f"reads {np.exp(level):.2f} times its neighbours"
            words += f", in its usual month {np.exp(base):.2f} times" if len(usual) > 1 else ""
            words += f"; it looks like {unit}" if unit else ""
            out.append(series.finding(at, "level", words, weight="stop" if stops and not series.micro else "note"))
    return out


def _unit(series: Series, at: int, base: float) -> str:
    """The unit that takes two thirds of a jump from the usual level away; "" where none does or nothing jumped."""
    rules, jump = series.rules, abs(series.level[at] - base)
    if not rules.ppb or not jump > np.log(rules.unit_jump):
        return ""
    units = {rules.ppb: "ppb in place of ug/m3", 1 / rules.ppb: "ppb twice made ug/m3"}
    found = [said for factor, said in units.items() if abs(series.level_of(factor)[at] - base) < jump / 3]
    return found[0] if found else ""


def against_satellite(months: list[Series], satellite: dict[str, tuple[np.ndarray, np.ndarray]]) -> list[Finding]:
    """
    A whole network off the satellite, so that no neighbour can tell.

    Parameters
    ----------
    satellite : dict of month -> (float64[n], float64[n])
        From ``rasters.at_stations``: satellite and stations where these stand.

    Examples
    --------
    >>> against_satellite([], {})
    []
    """
    out = []
    for series in months:
        seen = satellite.get(series.month)
        if seen is None:
            continue
        with np.errstate(invalid="ignore", divide="ignore"):
            apart = np.log(seen[1] / seen[0])
        apart = apart[np.isfinite(apart)]
        if apart.size < series.rules.min_neighbours:
            continue
        ratio = float(np.exp(np.median(apart)))
        if abs(np.log(ratio)) > np.log(series.rules.network_ratio):
            words = f"{apart.size} stations read {ratio:.3g} times the satellite above them (median)"
            out.append(series.of_all("network", words))
    return out
