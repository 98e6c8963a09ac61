"""Stations at places that are not theirs: two exchanged, one far from what it moves with, a map's datum undeclared."""

from typing import Any

import numpy as np

from hotspot.quality.plausible.clock import anomalies
from hotspot.quality.plausible.finding import Finding
from hotspot.quality.plausible.series import Series

# Stations of which every pair is tried; of more, those that move least like their neighbours.
_PAIRS = 60
# Correlation at home over elsewhere below which nothing could be told: Wuhan -.02 to .02, Beijing .07 to .15.
_CONTRAST = 0.05
# Share of a network's stations beyond the study's reach up to which they are strays.
_FEW = 0.2


def swapped(series: Series) -> list[Finding]:
    """
    Pairs of stations that each move like the other's neighbours.

    Notes
    -----
    ``R[i, j]``: correlation of station i's ``anomalies`` with the median of those around place j, i left out. A
    pair is found where exchanging their places wins ``2 x swap_gain`` together, each some of it, and each of them
    is the other's best. Places nearer than ``swap_km`` are not told apart, and in one town's air few are.

    Examples
    --------
    >>> from hotspot.synthetic.study import synthetic_month
    >>> month = synthetic_month(size="small")
    >>> from hotspot.quality.plausible.gate import findings
    >>> [one for one in findings(month) if one.kind == "swapped" and one.changes]
    []
    """
    from hotspot.kernels import flags
    from hotspot.quality.neighbours import distance_km

    rules = series.rules
    own, others = anomalies(series.values), anomalies(series.others)
    told = flags.neighbour_medians(others, series.neighbour, rules.min_neighbours)
    home = np.array([_correlation(a, b[None], rules.min_hours)[0] for a, b in zip(own, told, strict=True)])
    tried = np.flatnonzero(np.isfinite(home))
    tried = tried[np.argsort(home[tried], kind="stable")[:_PAIRS]]
    if tried.size < 2:
        return []
    table = np.full((tried.size, tried.size), np.nan)
    for row, at in enumerate(tried):
        me = np.flatnonzero(series.other_ids == series.ids[at])
        near = np.where(np.isin(series.neighbour[tried], me), -1, series.neighbour[tried])
        around = flags.neighbour_medians(others, np.ascontiguousarray(near), rules.min_neighbours)
        table[row] = _correlation(own[at], around, rules.min_hours)
    stay = np.diag(table)
    won = table - stay[:, None]
    gain = np.where(np.isfinite(won + won.T), won + won.T, -np.inf)
    lon, lat = series.lon[tried], series.lat[tried]
    gain[distance_km(lon[:, None], lat[:, None], lon[None], lat[None]) < rules.swap_km] = -np.inf
    best = gain.argmax(axis=1)
    found = []
    for row, other in enumerate(best):
        if other <= row or best[other] != row or not gain[row, other] > 2 * rules.swap_gain:
            continue
        if min(won[row, other], won[other, row]) < rules.swap_gain / 4:
            continue
        pair = [str(series.ids[tried[n]]) for n in (row, other)]
        for mate, one, two in ((pair[1], row, other), (pair[0], other, row)):
            words = (
                f"moves with the stations around {mate} (r {table[one, two]:.2f}), not with those around its own place "
                f"(r {stay[one]:.2f}), and {mate} the other way round: are their positions exchanged?"
            )
            found.append(series.finding(int(tried[one]), "swapped", words))
    elsewhere = table[~np.eye(tried.size, dtype=bool)]
    if not found and not np.nanmedian(stay) - np.nanmedian(elsewhere) > _CONTRAST:
        words = "the stations move too much alike to tell exchanged places"
        return [Finding(series.file, "reference stations", series.month, 0, "swapped", words, "not assessed")]
    return found


def strangers(series: Series, cells: Any, *, max_km: float) -> list[Finding]:
    """
    Stations beyond the study's reach that move like its own: their position is somebody else's.

    Only where such stations are few: a national delivery holds many far ones, which are not used and not looked at.

    Examples
    --------
    >>> from hotspot.synthetic.study import synthetic_month
    >>> month = synthetic_month(size="small")
    >>> from hotspot.quality.plausible.gate import findings
    >>> month.reference["lat"].values[4] += 2.0
    >>> {(one.kind, one.place) for one in findings(month) if one.changes}
    {('place', 'S05')}
    """
    from hotspot.quality.neighbours import distance_km

    centre = float(cells["lon"].mean()), float(cells["lat"].mean())
    reach = float(distance_km(cells["lon"].values, cells["lat"].values, *centre).max()) + max_km
    far = distance_km(series.lon, series.lat, *centre) > reach
    if far.all():
        words = (
            f"none of {far.size} stations stands within {reach:.0f} km of the study's middle; are the positions right?"
        )
        days = series.local[[0, -1]].astype("datetime64[D]").astype(str).tolist()
        return [Finding(series.file, "all stations", series.month, 0, "place", words, "stop", *days)]
    if not far.any() or (~far).sum() < series.rules.min_neighbours or far.mean() > _FEW:
        return []
    own = anomalies(series.values)
    with np.errstate(invalid="ignore"):
        told = _column_medians(own[~far])
    inner = _correlation(told, own[~far], series.rules.min_hours)
    usual = float(np.nanmedian(inner)) if np.isfinite(inner).any() else np.inf
    found = []
    for at in np.flatnonzero(far):
        r = float(_correlation(own[at], told[None], series.rules.min_hours)[0])
        km = float(distance_km(series.lon[at], series.lat[at], *centre))
        if not r >= max(series.rules.clock_r, 0.6 * usual):
            continue
        words = (
            f"stands {km:.0f} km from the middle of the study, yet moves hour by hour with its stations (r {r:.2f}): "
            "is the position its own?"
        )
        found.append(series.finding(int(at), "place", words))
    return found


def datum_shift(
    stations: Any, known: dict[str, tuple[float, float]], *, declared: str, least: int
) -> tuple[str, float, int] | None:
    """
    Which map datum would explain where stations stand against a list of known places (RELIABILITY C4: 85).

    Parameters
    ----------
    stations : Dataset with ``station`` and ``lon lat``, WGS 84 by the declared datum
    known : dict of station id or name -> (lon, lat), WGS 84
    declared : str, the datum from which the stations were converted
    least : int, stations without which nothing is said

    Returns
    -------
    (datum, median shift in m as declared, number of stations), or None where the declared one fits

    Examples
    --------
    >>> import xarray as xr
    >>> from hotspot.grid.datum import from_wgs84
    >>> known = {f"S{n}": (116.3 + n / 50, 39.9) for n in range(4)}
    >>> lon, lat = from_wgs84(*np.array(list(known.values())).T, "gcj02")
    >>> wrong = xr.Dataset(coords={"station": list(known), "lon": ("station", lon), "lat": ("station", lat)})
    >>> told = datum_shift(wrong, known, declared="wgs84", least=3)
    >>> told[0], round(told[1], -2), told[2]
    ('gcj02', 500.0, 4)
    """
    from hotspot.grid.datum import best_datum, from_wgs84

    names = stations["station"].values.astype(str)
    titles = stations["name"].values.astype(str) if "name" in stations.coords else names
    pairs = [(at, known.get(name) or known.get(titles[at])) for at, name in enumerate(names)]
    pairs = [(at, place) for at, place in pairs if place is not None]
    if len(pairs) < least:
        return None
    at = [row for row, _ in pairs]
    lon, lat = from_wgs84(stations["lon"].values[at], stations["lat"].values[at], declared)
    name, metres = best_datum(lon, lat, *np.array([place for _, place in pairs]).T, least=least)
    stated = "wgs84" if declared == "cgcs2000" else declared
    # Another datum: the stated one is off by more than a tenth of a sub-cell, and twice as good.
    if name == stated or metres[stated] <= 50.0 or metres[stated] <= 2 * metres[name]:
        return None
    return name, metres[stated], len(pairs)


def _column_medians(values: np.ndarray) -> np.ndarray:
    """Median of each column of what is there, NaN where nothing is."""
    seen = np.isfinite(values).any(axis=0)
    out = np.full(values.shape[1], np.nan)
    out[seen] = np.nanmedian(values[:, seen], axis=0)
    return out


def _correlation(one: np.ndarray, many: np.ndarray, least: int) -> np.ndarray:
    """Correlation of a series with each of many, over the hours both have; NaN with fewer than ``least``."""
    both = np.isfinite(one)[None] & np.isfinite(many)
    n = np.maximum(both.sum(axis=1), 1)
    a, b = np.where(both, one, 0.0), np.where(both, many, 0.0)
    a = np.where(both, a - (a.sum(axis=1) / n)[:, None], 0.0)
    b = np.where(both, b - (b.sum(axis=1) / n)[:, None], 0.0)
    norm = np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))
    sound = (norm > 0) & (both.sum(axis=1) >= least)
    return np.where(sound, (a * b).sum(axis=1) / np.where(sound, norm, 1.0), np.nan)
