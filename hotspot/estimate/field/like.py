"""
Changes compare like with like (METHODS 15): the base of a change as this month's network would have seen it.

Stations come and go. Where a field leans on stations, the difference of two months made from different ones is partly
the difference of their places.
"""

import json
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import xarray as xr

from hotspot.contracts.records import Month
from hotspot.estimate.field.dataset import period_of
from hotspot.estimate.field.from_stations import from_stations, station_means
from hotspot.estimate.field.fuse import fuse
from hotspot.kernels.arrays import Floats
from hotspot.study import Study


def with_like(field: "xr.Dataset", delivered: Month, cells: "xr.Dataset", names: list[str]) -> "xr.Dataset":
    """
    The field with the base of every change.

    Parameters
    ----------
    field : Dataset (cell, time) of M-12, M-1, M
    cells : Dataset (cell)
    names : sequence of str, the three months

    Returns
    -------
    Dataset with ``pm25_base`` (cell, time), ug/m3, whose attribute ``networks`` is JSON: for each base month
    ``[month, stations then, stations now, in both, change with all, change like with like]``, the changes in per cent
    of the mean over the cells

    Notes
    -----
    With b and n the fields of the base month and this month made from the stations valid in **both**, and c this
    month's field, the base is ``c b / n``: so the change in per cent is that of b to n. Where all stations are the
    same, it is the base month itself. Satellite days are filled the same way in both months already.
    """
    now = len(names) - 1
    base = field["pm25"].transpose("cell", "time").values.copy()
    if delivered.reference is None:
        return _with_base(field, base, [])
    _, means = station_means(delivered, names)
    valid = np.isfinite(means["pm25"].transpose("station", "time").values)
    networks = []
    for t in range(now):
        both = valid[:, t] & valid[:, now]
        if not valid[:, t].any() or not valid[:, now].any():
            continue
        raw = _change(base[:, t], base[:, now])
        if (valid[:, t] != valid[:, now]).any():
            pair = [names[t], names[now]]
            b, n, why = _of_both(field, delivered, cells, pair, means.isel(station=both, time=[t, now]), [t, now])
            with np.errstate(invalid="ignore", divide="ignore"):
                like = base[:, now] * b / n
            lost = field["valid"].values[:, t] & ~(np.isfinite(like) & (like > 0))
            field["why"].values[lost, t] = why
            field["valid"].values[lost, t] = False
            base[:, t] = np.where(lost, base[:, t], like)
        networks.append(
            (names[t], int(valid[:, t].sum()), int(valid[:, now].sum()), int(both.sum()), raw,
             _change(base[:, t], base[:, now]))
        )  # fmt: skip
    return _with_base(field, base, networks)


def _with_base(field: xr.Dataset, base: np.ndarray, networks: list[tuple[Any, ...]]) -> xr.Dataset:
    """The field with its base; a file holds texts only, so the networks stand in it as JSON, beside their text."""
    told = {"unit": "ug/m3", "networks": json.dumps(networks)}
    return field.assign(pm25_base=(("cell", "time"), base, told)).assign_attrs(networks=str(tuple(networks)))


def stations_in_one_only(study: Study, reference: "xr.Dataset | None", names: Sequence[str]) -> list[str]:
    """
    Stations that are valid in one of two months and not in the other, in words.

    Parameters
    ----------
    reference : Dataset (station, time) of hours, or None
    names : (str, str), base month and month

    Returns
    -------
    list of str, one a station, in order of their names; one line in all for a month in which none is valid
    """
    if reference is None:
        return []
    _, means = station_means(cast(Month, _Only(study, reference)), list(names))
    valid = np.isfinite(means["pm25"].transpose("station", "time").values)
    days = means["n_valid"].transpose("station", "time").values
    if none := [(name, most) for name, ok, most in zip(names, valid.T, days.T, strict=True) if not ok.any()]:
        return [f"{name}: none of {len(days)} stations is valid ({most.max():.0f} days at most)" for name, most in none]
    told = [
        f"{station}: {n[0]:.0f} valid days in {names[0]}, {n[1]:.0f} in {names[1]}; its months do not compare"
        for station, ok, n in zip(means["station"].values.tolist(), valid, days, strict=True)
        if not ok.all()
    ]
    return sorted(told)


def _of_both(
    field: "xr.Dataset",
    delivered: Month,
    cells: "xr.Dataset",
    names: list[str],
    means: "xr.Dataset",
    columns: list[int],
) -> tuple[Floats, Floats, str]:
    """Fields of two months from the stations valid in both, and why there are none where there are none."""
    n, needed = means.sizes["station"], delivered.study.criteria.interpolation.min_stations
    why = f"only {n} stations are valid in both {names[0]} and {names[1]}; a change needs {needed}"
    if period_of(delivered.satellite) is None:
        reference = cast("xr.Dataset", delivered.reference)
        kept = reference.isel(station=np.isin(reference["station"].values, means["station"].values))
        again, _ = from_stations(cast(Month, _Only(delivered.study, kept)), cells, names, False)
        b, c = again["pm25"].transpose("cell", "time").values.T
        return b, c, why
    # The satellite itself is the field before it was corrected.
    plain = field[["pm25_plain"]].isel(time=columns).rename(pm25_plain="pm25")
    if not n:
        b, c = plain["pm25"].transpose("cell", "time").values.T
        return b, c, why
    fused = fuse(plain, means, interpolation=delivered.study.criteria.interpolation)
    b, c = fused["pm25"].transpose("cell", "time").values.T
    return b, c, why


class _Only:
    """A delivery of some stations and nothing else."""

    satellite = None

    def __init__(self, study: Study, reference: "xr.Dataset | None") -> None:
        self.study, self.reference = study, reference


def _change(base: Floats, now: Floats) -> float:
    """Change of the mean over the cells that have both, %."""
    both = np.isfinite(base) & np.isfinite(now)
    total = base[both].sum()
    return float(100 * (now[both].sum() / total - 1)) if total > 0 else float("nan")
