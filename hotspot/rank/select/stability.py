"""
How firmly a cell stands on the list (METHODS 7).

The list is made again with everything a little different that nobody can know or
that could have been decided otherwise: the errors of measurement, the quota, the
definition of stagnation, the months that happened to be there. A cell that stands or
falls with such a change is marked.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from hotspot.contracts.list_file import write_list
from hotspot.contracts.records import Standing
from hotspot.estimate.level.shared import normal_reach
from hotspot.grid.lattice import CODED
from hotspot.kernels.arrays import Flags, Floats, Texts
from hotspot.quality.means.seen import mean_of_seen
from hotspot.rank.select.hotspots import order_cells, rank_cells
from hotspot.rank.select.quota import fill_quota
from hotspot.rank.warn.pixels import hidden_spread
from hotspot.rules.criteria import Criteria, Selection
from hotspot.study import Study

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

KINDS = ("error", "quota", "stagnation", "month")
CELL_COLUMNS: dict[str, int | str] = {
    "city": "text", "cell": "text", "county": "text", "listed": "text", "stability": 3,
    **dict.fromkeys(KINDS, 3), "marginal": "text",
}  # fmt: skip
VARIANT_COLUMNS: dict[str, int | str] = {
    "kind": "text", "variant": "text", "cells": 0, "kept": 0, "entered": 0, "left": 0, "jaccard": 4,
}  # fmt: skip


class Sensitivity(NamedTuple):
    """What small changes do to a list."""

    cells: "pd.DataFrame"  # DataFrame, one row per cell that any list held
    variants: "pd.DataFrame"  # DataFrame, one row per changed list (the drawn ones together)


def sensitivity(
    annual: "xr.Dataset", study: Study, year: int, *, level: "xr.Dataset | None" = None,
    months: "xr.DataArray | None" = None, level_months: "xr.DataArray | None" = None,
    level_without: "xr.DataArray | None" = None, levels: "dict[str, xr.Dataset] | None" = None,
    rivals: dict[str, Floats] | None = None, native_resolution: float | None = None,
) -> Sensitivity:  # fmt: skip
    """
    Make the list again under small changes, and tell which cells stand in all of them.

    Parameters
    ----------
    annual, study, year, level
        As for ``select_hotspots``. ``annual`` may carry ``pm25_error``, ``level`` may carry
        ``level_low`` and ``level_high``: their spread is what is drawn.
    months : DataArray (cell, time), optional
        Monthly means of the year, to leave out one month at a time.
    level_months : DataArray (cell, time), optional
        The same of the level; without it the level stays as it is.
    level_without : DataArray (cell, time), optional
        The level made again without each month, instead of ``level_months``.
    levels : dict of name -> Dataset (cell), optional
        Levels under other definitions of stagnation.
    rivals : dict of name -> float array (cell,), optional
        Other levels that could have been chosen; lists by them stand among the variants as the kind "level" and
        move no cell's stability.
    native_resolution : float, optional
        Metres; cells of one native pixel share the error of the mean. Default: the annual field's attribute.

    Returns
    -------
    Sensitivity
        ``cells``: ``city cell county listed stability error quota stagnation month marginal`` -
        for each kind of change the share of changed lists that hold the cell (NaN where the kind
        was not tried), ``stability`` the mean of the kinds, ``marginal`` for a listed cell below
        ``criteria.stability.firm`` in any kind, or an unlisted one above 1 - firm.
        ``variants``: ``kind variant cells kept entered left jaccard``; for the drawn lists the mean.

    Notes
    -----
    Jaccard overlap of two lists A and B: ``|A and B| / |A or B|``. The lists compared are fresh
    selections, without the hysteresis of ``rank.yearly``. The error of the annual mean is log-normal,
    shared by the cells of one native pixel and by all months of the year; where pixels are larger than cells, what
    they hide of a cell is drawn too (``rank.warn.pixels``). That of the level is normal (a
    level may be nothing) and independent from cell to cell.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> import xarray as xr
    >>> from hotspot.rules.criteria import Criteria
    >>> code = [f"C{i:02d}" for i in range(20)]
    >>> text = {n: ("cell", ["x"] * 20) for n in ("city", "label", "county", "township")}
    >>> member = {"member_cell": np.arange(20), "member_unit": np.zeros(20, int), "member_area": np.full(20, 9e6)}
    >>> unit = {"unit_city": ("unit", ["x"]), "unit_area": ("unit", [180e6]), "area_share": ("cell", np.ones(20))}
    >>> cells = xr.Dataset({k: ("member", v) for k, v in member.items()}, {"cell": code, **unit, **text})
    >>> pm25 = np.r_[np.full(17, 30.0), 59.9, 60.0, 90.0]
    >>> annual = xr.Dataset({"pm25": ("cell", pm25), "pm25_error": ("cell", np.full(20, 3.0)),
    ...     "valid": ("cell", np.ones(20, bool))}, {"cell": code})
    >>> told = sensitivity(annual, SimpleNamespace(cells=cells, criteria=Criteria()), 2020).cells.set_index("cell")
    >>> told["error"].round(1).to_dict(), told["marginal"].to_dict()
    ({'C17': 0.4, 'C18': 0.6, 'C19': 1.0}, {'C17': True, 'C18': True, 'C19': False})
    """
    import pandas as pd

    standing = rank_cells(annual, study, year, level=level)
    codes = study.cells["cell"].values.astype(str)
    again = _Again(standing, study.criteria.selection, codes)
    listed = again()
    shares: dict[str, np.ndarray] = {}
    rows: list[tuple] = []
    for kind, changed in (
        ("error", _errors(again, annual, level, study, native_resolution)),
        ("quota", _quotas(again, study.criteria.stability.quota_step)),
        ("stagnation", _stagnations(again, levels)),
        ("month", _months(again, months, level_months, level_without)),
    ):
        held, n = np.zeros(codes.size), 0
        told: list[tuple[Any, ...]] = []
        for name, mask in changed:
            held += mask
            n += 1
            told.append((kind, name, *_compare(mask, listed)))
        shares[kind] = held / n if n else np.full(codes.size, np.nan)
        rows += [_mean_row(kind, told)] if kind == "error" and told else told
    for name, other in (rivals or {}).items():
        if standing.level is not None and np.isfinite(other).any():
            rows.append(("level", name, *_compare(again(level=other.astype("float64")), listed)))
    table = pd.DataFrame({
        "city": standing.city, "cell": codes, "county": study.cells["county"].values.astype(str),
        "listed": listed, **shares,
    })  # fmt: skip
    each = table[list(KINDS)]
    table.insert(4, "stability", each.mean(axis=1))
    firm = study.criteria.stability.firm
    shaky = np.where(listed, each.min(axis=1) < firm, each.max(axis=1) > 1 - firm + 1e-12)
    table["marginal"] = shaky & each.notna().any(axis=1).to_numpy()
    table = table[listed | (each.max(axis=1) > 0)].sort_values(["city", "cell"], kind="stable")
    return Sensitivity(table.reset_index(drop=True), pd.DataFrame(rows, columns=list(VARIANT_COLUMNS)))


def write_sensitivity(folder: Path, year: int, told: Sensitivity) -> list[Path]:
    """Write ``hotspots-YEAR-stability.csv`` and ``hotspots-YEAR-sensitivity.csv``."""
    yes = told.cells.assign(
        listed=np.where(told.cells["listed"], "yes", "no"), marginal=np.where(told.cells["marginal"], "yes", "no")
    )
    return [
        write_list(folder / f"hotspots-{year}-stability.csv", yes, CELL_COLUMNS),
        write_list(folder / f"hotspots-{year}-sensitivity.csv", told.variants, VARIANT_COLUMNS),
    ]


class _Again:
    """The list made again with some values changed; what is not given stays."""

    def __init__(self, standing: Standing, rule: Selection, codes: Texts) -> None:
        self.standing, self.rule, self.codes = standing, rule, codes

    def __call__(
        self, *, pm25: Floats | None = None, level: Floats | None = None, rule: Selection | None = None
    ) -> Flags:
        rule = self.rule if rule is None else rule
        given = self.standing
        changed = replace(
            given, pm25=given.pm25 if pm25 is None else pm25, level=given.level if level is None else level
        )
        eligible = given.eligible & np.isfinite(changed.pm25)
        if changed.level is not None and rule.second_criterion == "required":
            eligible &= np.isfinite(changed.level)
        changed = order_cells(replace(changed, eligible=eligible), rule, self.codes)
        return fill_quota(changed.order, changed.city, changed.area, changed.city_area, rule)


def _errors(
    again: _Again, annual: "xr.Dataset", level: "xr.Dataset | None", study: Study, native_resolution: float | None
) -> Iterator[tuple[str, Flags]]:
    """Lists with other errors of the mean and of the level."""
    rule, standing = study.criteria.stability, again.standing
    share = _share(annual["pm25_error"].values, standing.pm25) if "pm25_error" in annual else None
    spread = None
    if standing.level is not None and level is not None and "level_low" in level:
        width = level["level_high"].values - level["level_low"].values
        spread = np.where(np.isfinite(width), width, 0.0) / (2 * normal_reach(level.attrs.get("interval", 0.95)))
    if share is None and spread is None:
        return
    pixel, hidden = np.arange(standing.pm25.size), np.zeros(standing.pm25.size)
    native = float(annual.attrs.get("native_resolution_m", np.nan) if native_resolution is None else native_resolution)
    if np.isfinite(native) and native > 0:
        place = np.column_stack([study.cells["x"].values, study.cells["y"].values])
        _, pixel = np.unique(np.floor(place / native).astype("int64"), axis=0, return_inverse=True)
        pixel = pixel.ravel()
        hidden = _hidden(standing, place, native, annual.attrs.get("spacing") or CODED, study.criteria)
    for draw in range(rule.n_draws):
        rng = np.random.default_rng([rule.seed, draw])
        shared, own = rng.standard_normal(pixel.max() + 1)[pixel], rng.standard_normal(pixel.size)
        pm25 = None if share is None else standing.pm25 * np.exp(share * shared)
        if hidden.any():
            pm25 = (standing.pm25 if pm25 is None else pm25) + hidden * rng.standard_normal(pixel.size)
        yield (
            f"draw {draw + 1}",
            again(pm25=pm25, level=None if spread is None or standing.level is None else standing.level + spread * own),
        )


def _hidden(standing: Standing, place: Floats, native: float, spacing: float, criteria: Criteria) -> Floats:
    """ug/m3 by which a cell of each city may differ from its pixel, float64[cell]."""
    found, share = np.zeros(standing.pm25.size), criteria.confidence.within_pixel
    for city in np.unique(standing.city):
        own = np.flatnonzero((standing.city == city) & np.isfinite(standing.pm25))
        found[own] = hidden_spread(standing.pm25[own][:, None], place[own], native, spacing, share=share)
    return found


def _quotas(again: _Again, step: float) -> Iterator[tuple[str, Flags]]:
    """Lists with the quota one step smaller and one larger; floor and cap stay."""
    for sign, factor in (("-", -step), ("+", step)):
        share = min(max(again.rule.quota_share + factor, 1e-6), 1.0)
        yield f"quota {sign}{step:.0%}", again(rule=again.rule.model_copy(update={"quota_share": share}))


def _stagnations(again: _Again, levels: "dict[str, xr.Dataset] | None") -> Iterator[tuple[str, Flags]]:
    """Lists with the level under other definitions of stagnation."""
    for name, other in (levels or {}).items():
        yield name, again(level=other["level"].values.astype("float64"))


def _months(
    again: _Again,
    months: "xr.DataArray | None",
    level_months: "xr.DataArray | None",
    level_without: "xr.DataArray | None",
) -> Iterator[tuple[str, Flags]]:
    """Lists without one of the months; a cell's mean is that of its other months."""
    if months is None or months.sizes["time"] < 3:
        return
    pm25 = months.transpose("cell", "time").values.astype("float64")
    names = np.datetime_as_string(months["time"].values, unit="M")
    stagnant = again_without = None
    if again.standing.level is not None and level_without is not None:
        again_without = level_without.reindex(time=months["time"]).transpose("cell", "time").values.astype("float64")
    if again.standing.level is not None and level_months is not None:
        stagnant = level_months.sel(time=months["time"]).transpose("cell", "time").values.astype("float64")
    for t, name in enumerate(names):
        left = np.arange(names.size) != t
        level = None if stagnant is None else mean_of_seen(stagnant[:, left], 1)
        if again_without is not None and np.isfinite(again_without[:, t]).any():
            level = again_without[:, t]
        yield f"without {name}", again(pm25=mean_of_seen(pm25[:, left], 1), level=level)


def _share(error: Floats, value: Floats) -> Floats:
    """Standard deviation of the logarithm that a stated error means; 0 where none is stated."""
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.sqrt(np.log1p((error / value) ** 2))
    return np.where(np.isfinite(share), share, 0.0)


def _compare(mask: Flags, listed: Flags) -> tuple[int, int, int, int, float]:
    """Numbers of cells, kept, entered, left, and the Jaccard overlap with the list."""
    kept, union = int((mask & listed).sum()), int((mask | listed).sum())
    return (
        int(mask.sum()),
        kept,
        int((mask & ~listed).sum()),
        int((listed & ~mask).sum()),
        kept / union if union else 1.0,
    )


def _mean_row(kind: str, told: list[tuple[Any, ...]]) -> tuple[str | float, ...]:
    """One row for many drawn lists: their means."""
    numbers = np.array([row[2:] for row in told], dtype="float64").mean(axis=0)
    return (kind, f"mean of {len(told)} draws", *numbers.tolist())
