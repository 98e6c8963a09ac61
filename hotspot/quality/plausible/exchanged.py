"""Two stations at each other's places: what fits the map better the other way round."""

from collections import Counter
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from hotspot.quality.plausible.clock import anomalies
from hotspot.quality.plausible.finding import Finding
from hotspot.quality.plausible.series import Series

# Stations of which every pair is tried; of more, those that fit their place least.
_TRIED = 60
# Air two stations share falls off over so many km, hours count up to this log ratio, and days are drawn so often.
_KM, _MOST, _DRAWS = 20.0, 1.2, 40
# ug/m3 around which what is quick is set, so that nothing falls below the least value that counts.
_USUAL = 50.0
_FEWEST = 6


def agreed(found: list[Finding], months: int) -> list[Finding]:
    """
    Exchanges that most of the delivered months bear out stop; one seen in fewer is a note.

    Positions are those of all months; a month in which the air does not follow the map is no exchange.

    Parameters
    ----------
    found : list of Finding
    months : int, how many were judged

    Examples
    --------
    >>> one = Finding("a.csv", "S01", "2025-12", 744, "swapped", "is more like the stations around S06")
    >>> [agreed([one], months)[0].weight for months in (1, 3)]
    ['stop', 'note']
    """
    seen = Counter((one.place, one.looks_like.split(" than ")[0]) for one in found if one.kind == "swapped")
    out = []
    for one in found:
        if one.kind == "swapped" and one.changes:
            n = seen[one.place, one.looks_like.split(" than ")[0]]
            if 2 * n <= months:
                words = f"{one.looks_like} ({n} of {months} months say so)"
                one = replace(one, weight="note", looks_like=words)
        out.append(one)
    return out


class Fit(NamedTuple):
    """
    How well a network's likeness follows its map.

    r : correlation of likeness and nearness over all pairs of stations
    gain : float64[n, n], what r would win by exchanging two of the stations ``tried``
    z : float64[n, n], the same in units of its own error over redrawn days
    km : float64[n, n]
    tried : int64[n]
    """

    r: float
    gain: np.ndarray
    z: np.ndarray
    km: np.ndarray
    tried: np.ndarray

    def best(self, least_km: float) -> list[tuple[float, float, int, int]]:
        """(z, gain, station, station) of the pairs that are each the other's best exchange."""
        wins = np.where(self.km >= least_km, self.gain, -np.inf)
        best = wins.argmax(axis=1)
        return [
            (float(self.z[row, other]), float(wins[row, other]), int(self.tried[row]), int(self.tried[other]))
            for row, other in enumerate(best)
            if other > row and best[other] == row and np.isfinite(wins[row, other])
        ]

    def z_of(self, one: int, other: int) -> float:
        """What the exchange of two stations would win, in units of its error; 0 where it was not tried."""
        rows = [np.flatnonzero(self.tried == at) for at in (one, other)]
        return float(self.z[rows[0][0], rows[1][0]]) if all(row.size for row in rows) else 0.0


def swapped(series: Series) -> list[Finding]:
    """
    Pairs of stations that would each be more like their neighbours at the other's place.

    Notes
    -----
    With x the hour's logarithm less the network's median, C[i, k] = sum x_i x_k / sqrt(sum x_i^2 sum x_k^2) over the
    month says how alike two stations are, in level and in what they do; g = exp(-km / 20) how near. A pair is found
    where exchanging its places raises sum C g by more than ``swap_z`` of its errors (days redrawn), each of the two
    is the other's best, what is quick in their hours (``anomalies``) agrees with ``swap_quick_z``, and afterwards no
    other exchange would win ``swap_left_z``. Pairs nearer than ``swap_km`` are not told apart. Where C follows g
    with less than ``swap_fit`` (correlation over pairs, the best exchange made), the map says nothing, and so do we.

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
    rules, fit = series.rules, fit_to_map(series, series.values)
    if fit is None:
        return [_unknown(series, f"fewer than {_FEWEST} stations cannot tell exchanged places")]
    best = fit.best(rules.swap_km)
    if not fit.r + max([gain for _, gain, _, _ in best], default=0.0) >= rules.swap_fit:
        return [_unknown(series, "likeness does not follow nearness here, so exchanged places cannot be told")]
    wins = [one for one in best if one[0] > rules.swap_z]
    if not wins:
        return []
    _, gain, one, other = max(wins)
    quick = fit_to_map(series, np.exp(anomalies(series.values)) * _USUAL)
    if quick is None or not quick.z_of(one, other) > rules.swap_quick_z:
        return []
    place = np.arange(len(series.ids))
    place[[one, other]] = other, one
    back = fit_to_map(replace(series, lon=series.lon[place], lat=series.lat[place]), series.values)
    if back is None or max((left for left, *_ in back.best(rules.swap_km)), default=0.0) > rules.swap_left_z:
        return [_unknown(series, "more than one exchange of places would fit: this air does not follow the map")]
    found = []
    for at, mate in ((one, str(series.ids[other])), (other, str(series.ids[one]))):
        words = (
            f"is more like the stations around {mate} than like those around its own place, and {mate} the other way "
            f"round (likeness follows nearness with r {fit.r:.2f}, with the two exchanged {fit.r + gain:.2f}): "
            "are their positions exchanged?"
        )
        found.append(series.finding(at, "swapped", words))
    return found


def fit_to_map(series: Series, values: np.ndarray) -> Fit | None:
    """How a network's likeness follows its map, and what each exchange would do; None of too few stations."""
    from hotspot.quality.neighbours import distance_km

    logs = np.log(np.maximum(values, 1.0))
    seen = np.flatnonzero(np.isfinite(logs).sum(axis=1) >= series.rules.min_hours)
    if seen.size < _FEWEST:
        return None
    x = logs[seen]
    hours = np.isfinite(x).sum(axis=0) >= _FEWEST
    x = np.clip(x[:, hours] - np.nanmedian(x[:, hours], axis=0), -_MOST, _MOST)
    known = np.isfinite(x).astype(float)
    x = np.where(known > 0, x, 0.0)
    near = np.exp(
        -distance_km(series.lon[seen, None], series.lat[seen, None], series.lon[seen], series.lat[seen]) / _KM
    )
    alike = _alike(x @ x.T, (x**2) @ known.T, known @ (x**2).T)
    upper = np.triu_indices(seen.size, 1)
    if not (np.ptp(alike[upper]) > 0 and np.ptp(near[upper]) > 0):
        return None
    r = float(np.corrcoef(alike[upper], near[upper])[0, 1])
    unit = float(np.std(alike[upper]) * np.std(near[upper]) * upper[0].size)
    own = ((alike - alike[upper].mean()) * (near - near[upper].mean())).sum(axis=1)
    tried = np.sort(np.argsort(own, kind="stable")[:_TRIED])
    day = series.local[hours].astype("datetime64[D]").astype(np.int64)
    days = [day == one for one in np.unique(day)]
    parts = [
        np.array([one(x[:, at], known[:, at]) for at in days])
        for one in (
            lambda a, k: a[tried] @ a.T,
            lambda a, k: (a[tried] ** 2) @ k.T,
            lambda a, k: k[tried] @ (a**2).T,
        )
    ]
    won = _won(_alike(*(part.sum(axis=0) for part in parts)), near, tried)
    rng = np.random.default_rng(0)
    draws = rng.multinomial(len(days), np.full(len(days), 1 / len(days)), _DRAWS)
    redrawn = [_won(_alike(*(np.tensordot(w, part, 1) for part in parts)), near, tried) for w in draws.astype(float)]
    spread = np.std([one + one.T for one in redrawn], axis=0)
    both = won + won.T
    gain = np.where(both > 0, both / unit, -np.inf)
    km = distance_km(series.lon[seen][tried, None], series.lat[seen][tried, None], *_at(series, seen[tried]))
    return Fit(r, gain, both / np.maximum(spread, 1e-12), km, seen[tried])


def _at(series: Series, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return series.lon[at], series.lat[at]


def _alike(product: np.ndarray, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return product / np.sqrt(np.maximum(one * other, 1e-12))


def _won(alike: np.ndarray, near: np.ndarray, tried: np.ndarray) -> np.ndarray:
    """What each of two stations wins at the other's place: sum over the rest of C[i, k] (g[j, k] - g[i, k])."""
    alike, near = alike.copy(), near.copy()
    np.fill_diagonal(near, 0.0)
    alike[np.arange(tried.size), tried] = 0.0
    there = alike @ near[tried].T
    here = (alike * near[tried]).sum(axis=1)[:, None] - alike[:, tried] * near[np.ix_(tried, tried)]
    return there - here


def _unknown(series: Series, words: str) -> Finding:
    return Finding(series.file, "reference stations", series.month, 0, "swapped", words, "not assessed")
