"""The wind of a unit's day and the registered sources it came over: where the consultation looks first (B7)."""

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from hotspot.grid.projection import towards
from hotspot.kernels.arrays import Flags, Floats
from hotspot.publish.office.periods.day_papers import DayWind
from hotspot.rules.cadence import Cadence
from hotspot.rules.calendar import offset_hours
from hotspot.rules.classes import source_classes
from hotspot.rules.criteria import Criteria
from hotspot.sources.intake import NothingDelivered
from hotspot.variables import CoverageWarning
from hotspot.workflows.periods.desk import Desk

if TYPE_CHECKING:
    import geopandas as gpd
    import xarray as xr


def day_winds(desk: Desk) -> dict[str, DayWind]:
    """
    The wind of the period's day in every city, with the strong registered sources upwind.

    Parameters
    ----------
    desk : Desk, of one day

    Returns
    -------
    dict city -> DayWind; empty without weather
    """
    from hotspot.deliveries.opening import open_months

    study = desk.study
    if not study.weather:
        return {}
    try:
        opened = open_months(study, [f"{desk.period.first:%Y-%m}"], intake=desk.intake, kinds=("weather", "facilities"))
    except NothingDelivered:
        return {}
    if opened.weather is None or not {"u10", "v10"} <= set(opened.weather):
        return {}
    return {city: _of_city(desk, opened.weather, opened.facilities, city) for city in desk.cities}


def _of_city(desk: Desk, weather: "xr.Dataset", facilities: "gpd.GeoDataFrame | None", city: str) -> DayWind:
    from hotspot.trace.plumes.wind import nearest_point, wind, wind_at

    study, rule = desk.study, desk.study.criteria.cadence
    cells = study.cells
    own = cells["city"].values.astype(str) == city
    lon, lat = float(cells["lon"].values[own].mean()), float(cells["lat"].values[own].mean())
    time, u, v = wind_at(weather, lon, lat)
    local = time + offset_hours(study.utc_offset)
    inside = (local >= np.datetime64(desk.period.first)) & (local < np.datetime64(desk.period.end))
    inside &= np.isfinite(u) & np.isfinite(v)
    speed, direction = wind(u[inside], v[inside], calm_ms=study.criteria.tracing.calm_ms)
    n, known = int(inside.sum()), np.isfinite(direction)
    if not n:
        return DayWind(0, 0, float("nan"), [0.0] * 8, [], [])
    sector = np.rint(direction[known] / 45).astype(int) % 8
    share = np.bincount(sector, minlength=8) / n
    upwind = sorted((k for k in range(8) if share[k] >= rule.focus_share), key=lambda k: (-share[k], k))
    sources = _sources(facilities, lon, lat, upwind, rule)
    day = weather.isel(nearest_point(weather, lon, lat)).sel(time=weather["time"].values[_hours(weather, desk)])
    calm, mean = int((~known).sum()), float(np.mean(speed))
    return DayWind(n, calm, mean, share.tolist(), upwind, sources, _stagnant(day, speed, study.criteria))


def _hours(weather: "xr.Dataset", desk: Desk) -> Flags:
    local: Any = weather["time"].values.astype("datetime64[ns]") + offset_hours(desk.study.utc_offset)
    inside: Flags = (local >= np.datetime64(desk.period.first)) & (local < np.datetime64(desk.period.end))
    return inside


def _sources(
    facilities: "gpd.GeoDataFrame | None", lon: float, lat: float, upwind: Sequence[int], rule: Cadence
) -> list[tuple[str, str, int, float]]:
    """(name, class, sector, km) of the strongest registered sources in the upwind sectors."""
    from hotspot.trace.plumes.prior import register_emission

    if facilities is None or not len(facilities) or not upwind:
        return []
    at = facilities["lon"].to_numpy(float), facilities["lat"].to_numpy(float)
    bearing, km = towards(lon, lat, *at)
    sector = np.rint(bearing / 45).astype(int) % 8
    strength, _ = register_emission(facilities)
    near = np.isin(sector, upwind) & (km <= rule.focus_km)
    names = facilities["name"].astype(str).to_numpy()
    ids = facilities["facility"].astype(str).to_numpy()
    order = sorted(np.flatnonzero(near).tolist(), key=lambda k: (-strength[k], ids[k]))[: rule.focus_sources]
    classes = source_classes()
    kind = facilities["class_"].astype(str).to_numpy()
    return [
        (names[k] if names[k] not in ("", "nan") else ids[k], classes[kind[k]].zh if kind[k] in classes else kind[k],
         int(sector[k]), float(km[k]))
        for k in order
    ]  # fmt: skip


def _stagnant(day: "xr.Dataset", speed: Floats, criteria: Criteria) -> str:
    """Whether the day counts as stagnant by the study's definition, in a word; "" where nobody can say."""
    from hotspot.estimate.weather.stagnation import stagnant_rows, ventilation

    if "blh" not in day:
        return ""
    blh = np.asarray(day["blh"].values, float)
    u, v = np.asarray(day["u10"].values, float), np.asarray(day["v10"].values, float)
    flow = ventilation(blh, np.hypot(u, v), criteria.stagnation.wind_exponent)
    if not np.isfinite(flow).any():
        return ""
    rain = float(np.nansum(day["tp"].values)) if "tp" in day else 0.0
    row = {"speed": [float(np.mean(speed))], "ventilation_top": [float(np.nanmax(flow))], "rain": [rain]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CoverageWarning)  # what is lacking of a single day is no news of the month
        told, _ = stagnant_rows({name: np.array(value) for name, value in row.items()}, criteria, per_day=1)
    return "静稳" if bool(np.asarray(told).ravel()[0]) else "非静稳"


def patrolled_sources(desk: Desk) -> dict[str, str]:
    """Facility -> the unit that patrols it: the lowest tier that owns its cell; its county without a register."""
    from hotspot.sources.places.facilities import load_facilities
    from hotspot.workflows.closing.network import joined_cells, register_of

    study = desk.study
    if not study.facilities:
        return {}
    facilities = load_facilities(study.facilities, study.root, desk.intake, bounds=study.boundaries.total_bounds)
    col, row = study.grid.locate(facilities["lon"].to_numpy(float), facilities["lat"].to_numpy(float))
    codes = np.atleast_1d(study.grid.code(col, row)).astype(str)
    units = {cell: county or city for cell, (city, county) in desk.places.items()}
    found = register_of(study, desk.intake)
    if found is not None:
        register, shapes = found
        joined = joined_cells(study, register, shapes, f"{desk.period.end - pd.Timedelta(days=1):%Y-%m-%d}")
        names = dict(zip(register.units["unit"], register.units["name"], strict=True))
        for tier in ("county", "park", "township", "village"):  # the lowest last, so that it stands
            own = joined[joined["owner"] & (joined["tier"] == tier)]
            units |= {cell: names[unit] for cell, unit in zip(own["cell"], own["unit"], strict=True)}
    pairs = zip(facilities["facility"].astype(str), codes, strict=True)
    return {facility: units[cell] for facility, cell in pairs if cell in units}
