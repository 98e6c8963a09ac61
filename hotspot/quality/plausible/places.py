"""Stations at places that are not theirs: one far from what it moves with, a map's datum undeclared."""

from typing import Any

import numpy as np

from hotspot.quality.means.seen import median_of_seen
from hotspot.quality.plausible.clock import anomalies
from hotspot.quality.plausible.finding import Finding
from hotspot.quality.plausible.series import Series
from hotspot.rules.plausible import Plausible


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
    from hotspot.quality.hours.neighbours import distance_km

    centre = float(cells["lon"].mean()), float(cells["lat"].mean())
    reach = float(distance_km(cells["lon"].values, cells["lat"].values, *centre).max()) + max_km
    far = distance_km(series.lon, series.lat, *centre) > reach
    if far.all():
        words = (
            f"none of {far.size} stations stands within {reach:.0f} km of the study's middle; are the positions right?"
        )
        return [series.of_all("place", words)]
    if not far.any() or (~far).sum() < series.rules.min_neighbours or far.mean() > series.rules.far_share:
        return []
    own = anomalies(series.values)
    with np.errstate(invalid="ignore"):
        told = median_of_seen(own[~far])
    inner = _correlation(told, own[~far], series.rules.min_hours)
    usual = float(np.nanmedian(inner)) if np.isfinite(inner).any() else np.inf
    found = []
    for at in np.flatnonzero(far):
        r = float(_correlation(own[at], told[None], series.rules.min_hours)[0])
        km = float(distance_km(series.lon[at], series.lat[at], *centre))
        if not r >= max(series.rules.clock_r, series.rules.far_r * usual):
            continue
        words = (
            f"stands {km:.0f} km from the middle of the study, yet moves hour by hour with its stations (r {r:.2f}): "
            "is the position its own?"
        )
        found.append(series.finding(int(at), "place", words))
    return found


def datum_shift(
    stations: Any, known: dict[str, tuple[float, float]], *, declared: str, rules: Plausible
) -> tuple[str, float, int] | None:
    """
    Which map datum would explain where stations stand against a list of known places (RELIABILITY C4: 85).

    Parameters
    ----------
    stations : Dataset with ``station`` and ``lon lat``, WGS 84 by the declared datum
    known : dict of station id or name -> (lon, lat), WGS 84
    declared : str, the datum from which the stations were converted
    rules : Plausible
        ``datum_stations, datum_m, datum_ratio``

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
    >>> told = datum_shift(wrong, known, declared="wgs84", rules=Plausible())
    >>> told[0], round(told[1], -2), told[2]
    ('gcj02', 500.0, 4)
    """
    from hotspot.grid.datum import best_datum, from_wgs84

    names = stations["station"].values.astype(str)
    titles = stations["name"].values.astype(str) if "name" in stations.coords else names
    pairs = [(at, known.get(name) or known.get(titles[at])) for at, name in enumerate(names)]
    pairs = [(at, place) for at, place in pairs if place is not None]
    if len(pairs) < rules.datum_stations:
        return None
    at = [row for row, _ in pairs]
    lon, lat = from_wgs84(stations["lon"].values[at], stations["lat"].values[at], declared)
    name, metres = best_datum(lon, lat, *np.array([place for _, place in pairs]).T, least=rules.datum_stations)
    stated = "wgs84" if declared == "cgcs2000" else declared
    if name == stated or metres[stated] <= max(rules.datum_m, rules.datum_ratio * metres[name]):
        return None
    return name, metres[stated], len(pairs)


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
