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
    months, the one farther from its neighbours).

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
        for at, name in enumerate(series.ids):
            level = series.level[at]
            if not np.isfinite(level):
                continue
            usual = [one.level[row] for one in months for row in np.flatnonzero(one.ids == name)]
            usual = sorted((one for one in usual if np.isfinite(one)), key=abs)
            base = float(np.median(usual) if len(usual) != 2 else usual[0])
            far = abs(level) > np.log(series.rules.level_ratio)
            jumped = abs(level - base) > np.log(series.rules.level_jump)
            if not (far or jumped):
                continue
            words = f"reads {np.exp(level):.2f} times its neighbours"
            words += f", in its usual month {np.exp(base):.2f} times" if len(usual) > 1 else ""
            out.append(series.finding(at, "level", words, weight="note" if series.micro else "stop"))
    return out


def against_satellite(months: list[Series], satellite: dict[str, tuple[np.ndarray, np.ndarray]]) -> list[Finding]:
    """
    A whole network off the satellite, so that no neighbour can tell.

    Parameters
    ----------
    months : list of Series
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
            days = series.local[[0, -1]].astype("datetime64[D]").astype(str)
            out.append(Finding(series.file, "all stations", series.month, 0, "network", words, "stop", *days.tolist()))
    return out
