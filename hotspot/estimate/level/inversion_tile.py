"""
One tile of the inversion end to end: a year's days brought to a few sums, from which emission follows.

Everything is diagonal in Fourier space, so the sums of a block of days are images of one tile, and
leaving out days, months or drawing blocks anew is adding other sums: days are read once a round.
"""

from typing import Any, NamedTuple

import numpy as np
from scipy import fft

from hotspot.estimate.level.plume import Plume, Winds, daily_spectra
from hotspot.kernels.arrays import Floats, Ints, Singles
from hotspot.one_thread import one_thread
from hotspot.rules.criteria import Inversion

_MOST = 5.0  # times the usual amplitude that a day may have


class Tile(NamedTuple):
    """A part of the lattice with its days."""

    values: np.ndarray  # float32[day, row, col], ug/m3, NaN where not seen or padded
    own: tuple  # (rows, cols) slices of what is wanted of it
    free: np.ndarray  # bool[row, col], where emission is looked for
    winds: Winds
    block: np.ndarray  # int64[day], block of days
    month: np.ndarray  # int64[block], position of its month in the year
    spacing: float  # m


class Sums(NamedTuple):
    """What the days of each block say; first axis block, then wave numbers."""

    plume: np.ndarray  # float64, sum of w a^2 |K|^2 H^2
    seen: np.ndarray  # complex128, sum of w a conj(K) H Y
    both: np.ndarray  # complex128, sum of w a b K H^2
    pattern: np.ndarray  # float64[block], sum of w b^2
    mean: np.ndarray  # complex128, sum of w b H Y

    def total(self, weight: Floats) -> "Sums":
        """The sums of all blocks, each so many times."""
        return Sums(*(np.einsum("b,b...->...", weight, one) for one in self))


class Days:
    """
    The days of a tile under one plume, and what is known of each: amplitude of the plumes, of the pattern, weight.

    Notes
    -----
    Day d, smooth regional air b(d), H = 1 - G with G a Gaussian of ``region_cells``:

        y(d) = b(d) + alpha(d) K(d) q + beta(d) g + error

    q >= 0 is the emission, g a pattern that stays the whole year and is smooth over ``pattern_cells``:
    what terrain, secondary particles and habits of the region do, at a strength of each day's own. G removes b(d):
    with M the cells seen, ``H y = y - G(M y) / G(M)``. Cells that were not seen are filled with what the other
    cells and days say of them, once a round.
    """

    def __init__(self, tile: Tile, plume: Plume, rules: Inversion) -> None:
        self.tile, self.rules = tile, rules
        self.seen = np.isfinite(tile.values)
        self.shape = tile.values.shape[1:]
        self.low = _gaussian(self.shape, rules.region_cells)
        self.high = (1.0 - self.low).astype(np.float32)
        self.cover = np.maximum(self._blur(self.seen.astype(np.float32)), np.float32(1e-3))
        values = np.where(self.seen, tile.values, np.float32(0))
        self.y = self.sharp(values)
        number = self.seen.sum(axis=(1, 2))
        spread = np.einsum("dij,dij->d", self.y, self.y) / np.maximum(number, 1)
        direction = "transport" in rules.remove
        plume = plume if direction else plume._replace(pace=0.0)
        self.spectra, self.scale, self.own = daily_spectra(tile.winds, plume, self.shape, tile.spacing)
        # A day with few cells has no smooth air to be told from, a day without wind no plume.
        self.use = (number >= rules.min_cells) & (spread > 0) & (self.own > 0)
        self.weight = np.where(self.use, 1.0 / np.where(self.use, spread, 1.0), 0.0)
        self.number = number
        level = values.sum(axis=(1, 2), dtype=np.float64) / np.maximum(number, 1)
        usual = level[self.use].mean() if self.use.any() else 1.0
        self.alpha = self.use.astype(float)
        self.usual = self.beta = np.where(self.use, level / usual, 0.0)

    def _blur(self, images: Singles) -> Singles:
        return fft.irfft2(self.low * fft.rfft2(images), self.shape)

    def sharp(self, images: Singles) -> Singles:
        """Images less their smooth part, zero where a day saw nothing."""
        inside = np.where(self.seen, images, np.float32(0))
        return np.where(self.seen, inside - self._blur(inside) / self.cover, np.float32(0))

    def local(self, q: Floats, days: Ints | slice = slice(None)) -> Singles:
        """Concentration of the emission q on days, ug/m3."""
        strength = self.alpha[days].astype(np.float32)[:, None, None]
        return fft.irfft2(strength * self.spectra[days] * fft.rfft2(q.astype(np.float32)), self.shape)

    def sums(self, q: Floats | None, g: Floats | None) -> Sums:
        """What the days say, cells not seen filled by emission q and pattern g as known so far."""
        filled, left = 0, self.y
        if q is not None:
            known = self.local(q) + (self.beta[:, None, None] * g).astype(np.float32)
            filled = self.high * fft.rfft2(known)
            left = self.y - self.sharp(known)
        y = fft.rfft2(left) + filled
        n = int(self.tile.block.max()) + 1
        size = (n, *self.high.shape)
        found = Sums(
            np.zeros(size), np.zeros(size, complex), np.zeros(size, complex), np.zeros(n), np.zeros(size, complex)
        )
        high = self.high.astype(float)
        for d in np.flatnonzero(self.use):
            b, k = int(self.tile.block[d]), self.spectra[d]
            w, a, p = self.weight[d], self.alpha[d], self.beta[d]
            found.plume[b] += (w * a * a) * (k.real.astype(float) ** 2 + k.imag.astype(float) ** 2) * high**2
            found.seen[b] += (w * a) * np.conj(k) * high * y[d]
            found.both[b] += (w * a * p) * k * high**2
            found.pattern[b] += w * p * p
            found.mean[b] += (w * p) * high * y[d]
        return found

    def adjust(self, q: Floats, g: Floats) -> None:
        """
        The amplitudes of each day: least squares on plume and pattern, drawn towards what is usual.

        Notes
        -----
        With f = H K q, h = H g, r = 0.4 x median |f|^2 (|h|^2): minimise ``|y - alpha f - beta h|^2
        + r_f (alpha - 1)^2 + r_h (beta - level / mean level)^2``.
        """
        if "boundary_layer" not in self.rules.remove:
            return
        self.alpha = self.use.astype(float)
        f = self.sharp(self.local(q))
        h = self.sharp(np.broadcast_to(g.astype(np.float32), self.y.shape))
        ff, hh, fh, fy, hy = (
            np.einsum("dij,dij->d", a, b).astype(float) for a, b in ((f, f), (h, h), (f, h), (f, self.y), (h, self.y))
        )
        usual = self.usual
        draw_f, draw_h = (0.4 * np.median(one[self.use]) + 1e-9 for one in (ff, hh))
        a11, a22, b1, b2 = ff + draw_f, hh + draw_h, fy + draw_f, hy + draw_h * usual
        det = a11 * a22 - fh**2
        alpha = np.clip((b1 * a22 - b2 * fh) / det, 0.0, _MOST)
        beta = np.clip((b2 * a11 - b1 * fh) / det, 0.0, _MOST)
        mean = alpha[self.use].mean()
        self.alpha = np.where(self.use, alpha / mean if mean > 0 else 1.0, 0.0)
        self.beta = np.where(self.use, beta, 0.0)

    def left_out(self, sums: Sums, q: Floats | None, strength: float, folds: int) -> float:
        """Share of the days' local variance that emission and pattern of the other days do not explain."""
        error = total = 0.0
        n = sums.plume.shape[0]
        for fold in range(folds):
            inside = np.arange(n) % folds != fold
            one, g = self.solve(sums.total(inside.astype(float)), strength, q, rounds=self.rules.rounds // 2)
            days = np.flatnonzero(self.use & ~inside[self.tile.block])
            known = self.local(one, days) + (self.beta[days, None, None] * g).astype(np.float32)
            seen = self.seen[days]
            known = np.where(seen, known, np.float32(0))
            rest = np.where(seen, self.y[days] - known + self._blur(known) / self.cover[days], 0)
            error += float((np.einsum("dij,dij->d", rest, rest) * self.weight[days]).sum())
            total += float(self.number[days].sum())
        return error / max(total, 1.0)

    def solve(
        self, total: Sums, strength: float, start: Floats | None = None, rounds: int | None = None
    ) -> tuple[Floats, Floats]:
        """
        Emission and pattern from sums.

        Notes
        -----
        The pattern follows from the emission, wave by wave: ``g = (mean - both q) / (pattern H^2 + 1 / P)``
        with P the spectrum of a smooth field of ``pattern_sd``; put into the sums, what is left is
        ``min over q >= 0 of q' A q / 2 - B q + strength max(plume) |q|^2 / 2``, by accelerated projected gradient
        (Beck and Teboulle 2009, 10.1137/080716542).

        Returns
        -------
        float64[row, col] q, float64[row, col] g
        """
        prior = _pattern_spectrum(self.shape, self.rules) if "terrain" in self.rules.remove else None
        if prior is None:
            a, b = total.plume, total.seen
        else:
            down = total.pattern * self.high.astype(float) ** 2 + 1.0 / prior
            a = np.maximum(total.plume - np.abs(total.both) ** 2 / down, 0.0)
            b = total.seen - np.conj(total.both) * total.mean / down
        ridge = strength * float(total.plume.max())
        step = 1.0 / (float(a.max()) + ridge) if ridge > 0 else 0.0
        q = np.zeros(self.shape) if start is None else start
        ahead, pace = q, 1.0
        for _ in range(self.rules.rounds if rounds is None else rounds):
            slope = fft.irfft2(a * fft.rfft2(ahead) - b, self.shape) + ridge * ahead
            moved = np.where(self.tile.free, np.maximum(ahead - step * slope, 0.0), 0.0)
            faster = (1 + np.sqrt(1 + 4 * pace * pace)) / 2
            ahead, q, pace = moved + (pace - 1) / faster * (moved - q), moved, faster
        if prior is None:
            return q, np.zeros(self.shape)
        return q, fft.irfft2((total.mean - total.both * fft.rfft2(q)) / down, self.shape)


def _gaussian(shape: tuple[int, int], width: float) -> Singles:
    """Spectrum of a Gaussian mean of ``width`` cells."""
    ky, kx = 2 * np.pi * np.fft.fftfreq(shape[0])[:, None], 2 * np.pi * np.fft.rfftfreq(shape[1])[None, :]
    return np.exp(-0.5 * width**2 * (kx**2 + ky**2)).astype(np.float32)


def _pattern_spectrum(shape: tuple[int, int], rules: Inversion) -> Floats:
    """Variance by wave number of a field of ``pattern_sd`` that is smooth over ``pattern_cells``."""
    width = rules.pattern_cells
    blur = _gaussian(shape, width).astype(float)
    return np.maximum(rules.pattern_sd**2 * 4 * np.pi * width**2 * blur**2, 1e-12)


@one_thread
def explained(
    job: tuple[Tile, tuple[float, float, float, float], tuple[float, ...], Inversion],
) -> tuple[Floats, float]:
    """
    How much the left-out days of a tile are explained, for each strength of regularisation.

    Parameters
    ----------
    job : (Tile, Plume, strengths, Inversion of the criteria)

    Returns
    -------
    float64[strength], 1 less the left-out error over the days' own variance; float, weight of the tile
    """
    tile, plume, strengths, rules = job
    days = Days(tile, Plume(*plume), rules)
    if not days.use.any():
        return np.zeros(len(strengths)), 0.0
    q = g = None
    for _ in range(2):
        sums = days.sums(q, g)
        q, g = days.solve(sums.total(np.ones(len(tile.month))), strengths[len(strengths) // 2], q)
        days.adjust(q, g)
    sums = days.sums(q, g)
    return np.array([1 - days.left_out(sums, q, one, rules.folds) for one in strengths]), float(
        days.number[days.use].sum()
    )


@one_thread
def invert_tile(job: tuple[Tile, tuple[float, float, float, float], float, Inversion]) -> dict[str, Any] | None:
    """
    Emission of a tile, what it makes of the concentration, and its refits.

    Parameters
    ----------
    job : (Tile, Plume, strength, Inversion of the criteria)

    Returns
    -------
    dict of the tile's own part: ``emission`` ug/m3 (own increment of a mean day), ``refits`` [refit, ...] of drawn
    blocks of days, ``without`` [month, ...], ``local`` and ``background``, means over the days seen, which add up to
    the mean seen; and of the whole tile ``scale``, ``stagnant``, ``n_days``. None where no day can be used.

    Notes
    -----
    Emission is ``q + lean G1 q`` with G1 a Gaussian of one cell: where nothing is found (q = 0) cells stand in the
    order of their neighbours instead of all alike.
    """
    tile, plume, strength, rules = job
    days = Days(tile, Plume(*plume), rules)
    rows, cols = tile.own
    ones = np.ones(len(tile.month))
    if not days.use.any():
        return None
    sums = days.sums(None, None)
    q, g = days.solve(sums.total(ones), strength)
    for _ in range(rules.fills - 1):
        days.adjust(q, g)
        sums = days.sums(q, g)
        q, g = days.solve(sums.total(ones), strength, q)
    rng = np.random.default_rng(rules.seed)
    n = len(ones)
    drawn = [np.bincount(rng.integers(0, n, n), minlength=n).astype(float) for _ in range(rules.n_refits)]
    left = [(tile.month != month).astype(float) for month in range(int(tile.month.max()) + 1)]
    near = 1 + rules.lean * _gaussian(days.shape, 1.0).astype(float)

    def leaning(image: Floats) -> Floats:
        return fft.irfft2(near * fft.rfft2(image), days.shape)[rows, cols]

    again = [leaning(days.solve(sums.total(one), strength, q, rounds=rules.rounds // 2)[0]) for one in drawn + left]
    local, background = split_days(days, q, g)
    third = np.sort((days.own * days.alpha)[days.use])[-max(int(days.use.sum()) // 3, 1) :].mean()
    return {
        "emission": leaning(q), "refits": np.array(again[: len(drawn)]), "without": np.array(again[len(drawn) :]),
        "local": local[rows, cols], "background": background[rows, cols], "scale": days.scale,
        "stagnant": float(third / (days.own * days.alpha)[days.use].mean()), "n_days": int(days.use.sum()),
    }  # fmt: skip


def split_days(days: Days, q: Floats, g: Floats) -> tuple[Floats, Floats]:
    """
    Mean over the days each cell was seen of what is local and of what is background; NaN where never seen.

    Notes
    -----
    ``background = G(M (y - f - p)) / G(M) + p``, ``local = f + (y - f - background)``: pattern p and smooth air,
    plumes f and with them what neither explains. Their sum is y, whatever f and p.
    """
    seen = days.seen & days.use[:, None, None]
    plumes = days.local(q).astype(float)
    pattern = days.beta[:, None, None] * g
    y = np.where(seen, days.tile.values, 0.0).astype(float)
    rest = np.where(seen, y - plumes - pattern, 0.0)
    smooth = fft.irfft2(days.low.astype(float) * fft.rfft2(rest), days.shape) / days.cover
    background = smooth + pattern
    n = seen.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        local = np.where(seen, plumes + (y - plumes - background), 0.0).sum(axis=0) / n
        behind = np.where(seen, background, 0.0).sum(axis=0) / n
    return np.where(n > 0, local, np.nan), np.where(n > 0, behind, np.nan)
