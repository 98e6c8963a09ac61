"""
Two claims about a rank, never mixed: that it was so this month, and that it would be so again (METHODS 16).

This month is a finite population: a day that was seen is what it was, and only unseen days and errors of measurement
leave a doubt. A month like this draws other days of the same kind.
"""

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from hotspot import contracts
from hotspot.estimate.unseen.residuals import DayModel, day_model
from hotspot.grid.lattice import CODED
from hotspot.kernels.arrays import Floats, Ints
from hotspot.quality.means.seen import LEAST
from hotspot.rank.warn.again import month_draws
from hotspot.rank.warn.pixels import within_pixels
from hotspot.rank.warn.posterior import posterior_draws
from hotspot.rank.warn.sets import rank_sets
from hotspot.rules.calendar import local_days, parse_month
from hotspot.rules.criteria import Criteria

if TYPE_CHECKING:
    import xarray as xr

SETS = ("p_worst", "p_top", "rank_low", "rank_high", "all_low", "all_high")
# A number of each month in the seed of its draws: lists that were published stay as they are.
_PLACE = {0: 2, 1: 1, 12: 0}
_AGAIN = 3  # what a pixel hides is drawn apart from this month's, which ends in 1 or 2
_OTHERS = 2  # added to how many months back any other month lies


class Estimate(NamedTuple):
    """Logarithms of one month's means and the covariance of their errors."""

    mean: np.ndarray
    covariance: np.ndarray

    def of(self, chosen: Ints) -> "Estimate":
        """The same of some of the cells."""
        return Estimate(self.mean[chosen], self.covariance[np.ix_(chosen, chosen)])


class Months:
    """What is known of the three months of a field, for whichever cells are asked for."""

    def __init__(self, field: "xr.Dataset", daily: "xr.Dataset | None", criteria: Criteria) -> None:
        self.field, self.daily, self.rule = field, daily, criteria.confidence
        self.change = criteria.warning.change
        self.month = contracts.named(field)
        self.resolution = float(field.attrs.get("native_resolution_m") or np.nan)
        self.spacing = float(field.attrs.get("spacing") or CODED)
        self.place = np.stack([field["x"].values, field["y"].values], axis=1).astype("float64")
        self._models: dict[str, tuple[DayModel | None, Floats | None]] = {}
        self._estimates: dict[Any, Any] = {}
        self._days: dict[str, Floats | None] = {}
        self._again: dict[Any, Floats] = {}

    def level(self, month: str, at: Ints) -> Floats:
        """float64[n_cell], the month's mean of some cells, ug/m3."""
        return self._values("pm25", month)[at]

    def error(self, month: str, at: Ints) -> Floats:
        """float64[n_cell], its stated error (1 sd), NaN where there is none."""
        return self._values("pm25_error", month)[at]

    def _values(self, name: str, month: str) -> Floats:
        return contracts.values_of(self.field, name, month).astype("float64")

    def days(self, month: str, at: Ints) -> Floats | None:
        """float64[n_cell, n_day] of the whole month, or None where a cell has none or the month fewer than two."""
        values = self._whole(month)
        if values is None or not np.isfinite(values[at]).any(axis=1).all():
            return None
        return values[at]

    def estimate(self, month: str, at: Ints) -> Estimate | None:
        """
        What is known of the month's true means of some cells, together; None where no error is known.

        Satellite days: ``joint_mean`` of what was seen, and what the field's error knows beyond it. Else the
        field's own error, shared in one native pixel and over ``correlation_km`` where the field states it.
        """
        key = (month, at.tobytes())
        if key not in self._estimates:
            self._estimates[key] = self._estimated(month, at)
        return self._estimates[key]

    def again(self, names: list[str], at: Ints, draw: Callable[[], Floats]) -> Floats:
        """What ``again`` says of some cells: it hangs on no length of a list, so it is drawn once."""
        key = (*names, at.tobytes())
        if key not in self._again:
            self._again[key] = draw()
        return self._again[key]

    def _estimated(self, month: str, at: Ints) -> Estimate | None:
        from hotspot.estimate.unseen.joint import joint_mean

        level = np.maximum(self.level(month, at), LEAST)
        stated = np.log1p((self.error(month, at) / level) ** 2)
        model = self._model(month)
        if model is not None and np.isfinite(self._seen(month)[at]).any(axis=1).all():
            found = joint_mean(self._seen(month), self.place / 1000, at, model)
            beyond = np.maximum(np.nan_to_num(stated) - np.diag(found.covariance), 0.0)
            if self.field.attrs.get("correction"):
                spread = np.sqrt(beyond)
                shared = self._shared(at, self.rule.correlation_km)
                return Estimate(found.mean, found.covariance + spread[:, None] * shared * spread)
            return Estimate(found.mean, found.covariance)
        if not np.isfinite(stated).all():
            if self.days(month, at) is None:
                return None
            stated = np.nan_to_num(stated)
        spread = np.sqrt(stated)
        shared = self._shared(at, self.field.attrs.get("correlation_km"))
        return Estimate(np.log(level), spread[:, None] * shared * spread)

    def _shared(self, at: Ints, distance: float | None) -> Floats:
        """Correlation of errors: 1 inside one native pixel, falling with distance where one is given."""
        place = self.place[at]
        size = self.resolution if math.isfinite(self.resolution) and self.resolution > 0 else 1.0
        pixel = np.floor(place / size).astype("int64")
        same = (pixel[:, None] == pixel[None]).all(axis=2)
        if not distance:
            return same.astype("float64")
        km = np.hypot(*(place[:, None] - place[None]).transpose(2, 0, 1)) / 1000
        return np.where(same, 1.0, np.exp(-km / distance))

    def _whole(self, month: str) -> Floats | None:
        """float64[n_cell, n_day] of the field's cells, NaN where there is none, or None."""
        if month not in self._days:
            self._days[month] = self._placed(month)
        return self._days[month]

    def _placed(self, month: str) -> Floats | None:
        """The month's days in the order of the field's cells."""
        if self.daily is None:
            return None
        wanted = local_days(month).astype("datetime64[ns]")
        part = self.daily["pm25"].transpose("cell", "day").reindex(cell=self.field["cell"].values, day=wanted)
        values = part.values.astype("float64")
        return values if np.isfinite(values).any(axis=0).sum() >= 2 else None

    def _model(self, month: str) -> DayModel | None:
        """Variances of a month of satellite days; None where the days are not of a satellite."""
        if month not in self._models:
            self._models[month] = self._modelled(month)
        return self._models[month][0]

    def _modelled(self, month: str) -> tuple[DayModel | None, Floats | None]:
        from hotspot.estimate.unseen.filled_days import lattice_of

        values = self._whole(month)
        of_stations = "satellite" not in str(self.field.attrs.get("method", "satellite"))
        if self.daily is None or values is None or of_stations or "spacing" not in self.field.attrs:
            return None, None
        if "seen" in self.daily:
            wanted = local_days(month).astype("datetime64[ns]")
            seen = self.daily["seen"].transpose("cell", "day")
            seen = seen.reindex(cell=self.field["cell"].values, day=wanted, fill_value=False).values
            values = np.where(seen, values, np.nan)
        elif np.isfinite(values).all():
            return None, None
        share = self.field.attrs.get("error_share")
        model = day_model(
            np.log(np.maximum(values, LEAST)), lattice_of(self.field), float(self.field.attrs["spacing"]) / 1000,
            error_share=math.nan if share is None else float(share),
            correlation_km=float(self.field.attrs.get("correlation_km") or self.rule.correlation_km),
        )  # fmt: skip
        return model, values

    def _seen(self, month: str) -> Floats:
        return cast(Floats, self._models[month][1])  # whoever asks has a model


def this_month(months: Months, names: list[str], at: tuple[Ints, Ints], k: int) -> dict[str, np.ndarray]:
    """
    Rank sets and probabilities of this month, for the ranked cells of one city and class.

    Parameters
    ----------
    names : sequence of str
        The month, and its base for a change.
    at : (int64[n_all], int64[n_cell])
        Positions of the city's cells in the field, and of those that are ranked among them.

    Returns
    -------
    dict as ``rank_sets`` gives it; NaN, and nothing claimed, where an error is not known
    """
    city, own = at
    known = [part for name in names if (part := months.estimate(name, city)) is not None]
    if len(known) < len(names):
        unknown = np.full(own.size, np.nan)
        return dict.fromkeys(SETS, unknown) | {"may_top": np.full(own.size, np.nan)}
    parts = [part.of(own) for part in known]
    place, rule = months.place[city[own]] / 1000, months.rule
    seed = [rule.seed, *parse_month(names[0]), *(_place(names[0], name) for name in names)]
    if len(parts) == 1:
        draws = posterior_draws(parts[0].mean, parts[0].covariance, place, rule.n_draws, seed)
    elif months.change == "rank":
        draws = _places_lost(
            [posterior_draws(p.mean, p.covariance, place, rule.n_draws, [*seed, i]) for i, p in enumerate(parts)]
        )
    else:
        change = _difference(parts, months.change)
        draws = posterior_draws(change.mean, change.covariance, place, rule.n_draws, seed)
    return rank_sets(_of_cells(draws, months, city[own], [*seed, len(parts)]), k=k, level=rule.level)


def _of_cells(draws: Floats, months: Months, own: Ints, seed: list[int]) -> Floats:
    """Draws of the cells themselves, where what was seen are pixels larger than they are."""
    share = months.rule.within_pixel
    return within_pixels(draws, months.place[own], months.resolution, months.spacing, share=share, seed=seed)


def _place(month: str, name: str) -> int:
    """The number of a month in the seed, by how many months it lies before the list's."""
    (year, of_year), (then, of_then) = parse_month(month), parse_month(name)
    back = 12 * (year - then) + of_year - of_then
    return _PLACE.get(back, back + _OTHERS)


def again(months: Months, names: list[str], own: Ints) -> Floats:
    """
    Share of months like this in which each cell would be the worst of its class.

    Days are drawn anew in blocks, the same ones for all cells, and errors of measurement with them.

    Parameters
    ----------
    names : as for ``this_month``
    own : int64[n_cell], positions in the field

    Returns
    -------
    float64[n_cell], NaN where neither days nor errors are known
    """
    return months.again(names, own, lambda: _again(months, names, own))


def _again(months: Months, names: list[str], own: Ints) -> Floats:
    from hotspot.kernels import ranks

    drawn = [
        month_draws(
            months.level(name, own), months.error(name, own), months.place[own],
            name, months.rule, native_resolution=months.resolution, days=months.days(name, own),
        )
        for name in names
    ]  # fmt: skip
    parts = [part for part in drawn if part is not None]
    if len(parts) < len(drawn):
        return np.full(own.size, np.nan)
    if len(parts) == 1:
        draws = parts[0]
    elif months.change == "rank":
        draws = _places_lost(parts)
    else:
        draws = parts[0] - parts[1] if months.change == "absolute" else parts[0] / parts[1]
    seed = [months.rule.seed, *parse_month(names[0]), *(_place(names[0], name) for name in names), _AGAIN]
    draws = _of_cells(draws, months, own, seed)
    return ranks.rank_shares(np.ascontiguousarray(np.round(draws, 8)), 1)[0]


def _difference(parts: list[Estimate], change: str) -> Estimate:
    """Estimate of the change between two months whose errors are independent."""
    now, base = parts
    if change == "percent":
        return Estimate(now.mean - base.mean, now.covariance + base.covariance)
    levels = [np.exp(part.mean) for part in parts]
    spread = [
        level[:, None] * part.covariance * level for level, part in zip(levels, parts, strict=True)
    ]  # fmt: skip
    return Estimate(levels[0] - levels[1], spread[0] + spread[1])


def _places_lost(draws: Sequence[Floats]) -> Floats:
    """By how many places a cell stands nearer to the worst than in the base month, for every draw."""
    from hotspot.kernels import ranks

    now, base = (sum(ranks.draw_ranks(np.ascontiguousarray(part))) / 2 for part in draws)
    return np.asarray(base - now)
