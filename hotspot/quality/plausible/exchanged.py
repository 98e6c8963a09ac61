"""Two stations at each other's places: what fits the map better the other way round."""

from collections import Counter
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from hotspot.quality.plausible.finding import Finding
from hotspot.quality.plausible.series import Series

# Most stations that are held against each other; hours count up to this log ratio; redrawn days.
_LARGEST, _MOST, _DRAWS = 150, 1.2, 40
# Reach of what two stations share, km, and share of what they do not: all that are tried.
_REACH_KM, _APART = (5.0, 10.0, 20.0, 40.0, 80.0), (0.02, 0.1, 0.3, 0.6)


def agreed(found: list[Finding], months: int) -> list[Finding]:
    """
    Exchanges that two thirds of the delivered months bear out stop; one seen in fewer is a note.

    Positions are those of all months; a month in which the air does not follow the map is no exchange.

    Parameters
    ----------
    months : int, how many were judged

    Examples
    --------
    >>> one = Finding("a.csv", "S01", "2025-12", 744, "swapped", "fits the map better at the place of S06 than ...")
    >>> [agreed([one], months)[0].weight for months in (1, 3)]
    ['stop', 'note']
    """
    seen = Counter((one.place, one.looks_like.split(" than ")[0]) for one in found if one.kind == "swapped")
    out = []
    for one in found:
        if one.kind == "swapped" and one.changes:
            n = seen[one.place, one.looks_like.split(" than ")[0]]
            if 3 * n < 2 * months:
                words = f"{one.looks_like} ({n} of {months} months say so)"
                one = replace(one, weight="note", looks_like=words)
        out.append(one)
    return out


class Fit(NamedTuple):
    """
    How well a network's hours fit its map, and any exchange of two of its places.

    stations : int64[n], those with hours enough
    gain : float64[n, n], log likelihood (of one independent hour) won by exchanging two
    z : float64[n, n], the same in units of its own error over redrawn days
    km : float64[n, n]
    """

    stations: np.ndarray
    gain: np.ndarray
    z: np.ndarray
    km: np.ndarray

    def best(self, least_km: float) -> tuple[float, int, int] | None:
        """(z, station, station) of the exchange that wins most, or loses least; None where all stand close."""
        wins = np.where(np.triu(self.km >= least_km, 1), self.gain, -np.inf)
        one, other = np.unravel_index(int(wins.argmax()), wins.shape)
        if not np.isfinite(wins[one, other]):
            return None
        return float(self.z[one, other]), int(self.stations[one]), int(self.stations[other])

    def told(self, least_km: float, least_z: float) -> float:
        """Share of the pairs of which an exchange would show: undone, it loses by ``least_z`` of its errors."""
        pairs = np.triu(self.km >= least_km, 1)
        return float((self.z[pairs] < -least_z).mean()) if pairs.any() else 0.0


def swapped(series: Series) -> list[Finding]:
    """
    The pair of stations that would fit the map better at each other's places.

    Notes
    -----
    With x the hour's logarithm less the network's median and less the station's own mean of the month, what stations
    do together is taken as Gaussian with covariance ``K = (1 - g) exp(-km / L) + g``, its level and scale free (REML:
    contrasts of the stations only). L and g are those of the greatest likelihood, for every arrangement anew. A pair
    stops a month where its exchange raises the likelihood more than any other, by more than ``swap_z`` of its errors
    (days redrawn), where afterwards no other would win ``swap_left_z`` and at least ``swap_told`` of all pairs would
    lose by ``swap_z``: else nothing can be told, and that is said. Levels are left out: a plant lifts one place and
    not the next, and what air does it does to both. Pairs nearer than ``swap_km`` are not told apart.

    Examples
    --------
    >>> from hotspot.synthetic.study import synthetic_month
    >>> month = synthetic_month(size="small")
    >>> from hotspot.quality.plausible.gate import findings
    >>> for name in ("lon", "lat"):
    ...     place = month.reference[name].values
    ...     place[[0, 5]] = place[[5, 0]]
    >>> sorted({one.place for one in findings(month) if one.kind == "swapped" and one.hours})
    ['S01', 'S06']
    """
    rules, fit = series.rules, fit_to_map(series)
    best = None if fit is None else fit.best(rules.swap_km)
    if fit is None or best is None:
        return [
            _unknown(series, f"fewer than {rules.swap_stations} stations, or none apart, cannot tell exchanged places")
        ]
    z, one, other = best
    unsure = "only {:.0%} of the pairs of stations fit the map clearly better than exchanged: the rest cannot be told"
    if not z > rules.swap_z:
        told = fit.told(rules.swap_km, rules.swap_z)
        return [] if told >= rules.swap_told else [_unknown(series, unsure.format(told))]
    place = np.arange(len(series.ids))
    place[[one, other]] = other, one
    back = fit_to_map(replace(series, lon=series.lon[place], lat=series.lat[place]))
    told = 0.0 if back is None else back.told(rules.swap_km, rules.swap_z)
    left = None if back is None else back.best(rules.swap_km)
    if told < rules.swap_told:
        return [_unknown(series, unsure.format(told))]
    if left is not None and left[0] > rules.swap_left_z:
        return [_unknown(series, "more than one exchange of places would fit: this air does not follow the map")]
    found = []
    for at, mate in ((one, str(series.ids[other])), (other, str(series.ids[one]))):
        words = (
            f"its hours fit the map better at the place of {mate} than at its own, and {mate}'s the other way round "
            f"(by {z:.1f} errors): are their positions exchanged?"
        )
        found.append(series.finding(at, "swapped", words))
    return found


def fit_to_map(series: Series) -> Fit | None:
    """How a network's hours fit its map, and what each exchange would do; None of too few stations."""
    from hotspot.quality.hours.neighbours import distance_km

    # Hours that stand still have no opinion, nor has a station that is off by a factor: other findings are theirs.
    rules, sound = series.rules, series.others[: len(series.ids)]
    logs = np.log(np.maximum(sound, 1.0))
    off = np.abs(series.level) > np.log(rules.level_ratio)
    spoke = np.isfinite(logs).sum(axis=1) >= rules.min_hours
    seen = _nearest_middle(series, np.flatnonzero(spoke & ~off))
    x = logs[seen]
    hours = np.isfinite(x).sum(axis=0) >= rules.swap_stations
    if not hours.any():
        return None
    x = np.clip(x[:, hours] - np.nanmedian(x[:, hours], axis=0), -_MOST, _MOST)
    known = np.isfinite(x).astype(float)
    many = np.maximum(known.sum(axis=1, keepdims=True), 1.0)
    x = np.where(known > 0, x - np.nansum(x, axis=1, keepdims=True) / many, 0.0)
    lon, lat = series.lon[seen], series.lat[seen]
    km = distance_km(lon[:, None], lat[:, None], lon, lat)
    day = series.local[hours].astype("datetime64[D]").astype(np.int64)
    days = [day == one for one in np.unique(day)]
    sums = np.array([x[:, at] @ x[:, at].T for at in days])
    counts = np.array([known[:, at] @ known[:, at].T for at in days])
    drawn = np.random.default_rng(0).multinomial(len(days), np.full(len(days), 1 / len(days)), _DRAWS)
    weight = np.r_[np.ones((1, len(days))), drawn]
    together = np.tensordot(weight, sums, 1) / np.maximum(np.tensordot(weight, counts, 1), 1.0)
    if not (np.trace(together, axis1=1, axis2=2) > 0).all():
        return None
    gain = _gains(together, km)
    return Fit(seen, gain[0], gain[0] / np.maximum(gain[1:].std(axis=0), 1e-12), km)


def _gains(together: np.ndarray, km: np.ndarray) -> np.ndarray:
    """
    float64[d, n, n], above the diagonal: what exchanging two stations wins in log likelihood, for covariances
    float64[d, n, n].
    """
    from hotspot.kernels.exchange import least_squares

    # Gaussian log likelihood of contrasts, their scale profiled out: -(n - 1) / 2 log(squares x their determinant's
    # share). It is greatest where what stands in the logarithm is least.
    n = len(km)
    stays, moved = np.full(len(together), np.inf), np.full(together.shape, np.inf)
    for reach in _REACH_KM:
        for apart in _APART:
            inverse = np.linalg.inv((1 - apart) * np.exp(-km / reach) + apart * np.eye(n))
            total = inverse.sum()
            q = inverse - np.outer(inverse.sum(axis=1), inverse.sum(axis=0)) / total  # contrasts only
            scale = float(np.exp((np.log(total) - np.linalg.slogdet(inverse)[1]) / (n - 1)))
            here = np.einsum("ij,dij->d", q, together)
            stays = np.minimum(stays, np.maximum(here, 1e-12) * scale)
            least_squares(together, q, q @ together, here, scale, moved)
    moved = np.where(np.triu(np.ones((n, n), bool), 1), moved, stays[:, None, None])
    return -0.5 * (n - 1) * (np.log(moved) - np.log(stays)[:, None, None])


def _nearest_middle(series: Series, seen: np.ndarray) -> np.ndarray:
    """At most ``_LARGEST`` stations, those nearest to the middle of all: a country's far ones enter no field."""
    if seen.size <= _LARGEST:
        return seen
    lon, lat = series.lon[seen], series.lat[seen]
    far = np.hypot((lon - np.median(lon)) * np.cos(np.radians(np.median(lat))), lat - np.median(lat))
    return np.sort(seen[np.argsort(far, kind="stable")[:_LARGEST]])


def _unknown(series: Series, words: str) -> Finding:
    return Finding(series.file, "reference stations", series.month, 0, "swapped", words, "not assessed")
