"""
What may be the cause: facilities in the cell, around it and upwind, and what the wind says of each.

One posterior per cell decides (``whose``): what each facility adds by its size and
the wind, corrected by what every station around measured hour by hour. Beside it
stands what each station says alone: whether it was dirtier than the stations
around it when the wind blew from the facility, and how many say so.
"""

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from hotspot.contracts.beside import Beside
from hotspot.grid.projection import towards
from hotspot.kernels.arrays import Floats, Ints, Objects
from hotspot.one_thread import one_thread
from hotspot.rules.criteria import Criteria
from hotspot.rules.tracing import Tracing
from hotspot.sources.store import Store
from hotspot.trace.plumes.agreement import Receptors, near_box, on_lattice
from hotspot.trace.plumes.cpf import sector_hours, share_high
from hotspot.trace.plumes.groups import groups
from hotspot.trace.plumes.hours import Hours
from hotspot.trace.plumes.prior import expected_emission, prior, register_emission, with_inventory
from hotspot.trace.plumes.whose import Answer, whose
from hotspot.trace.visits.words import findings

COLUMNS = [
    "cell", "facility", "name", "class_", "lon", "lat", "distance_km", "bearing_deg", "where", "upwind_hours",
    "n_hours", "lift", "lift_low", "lift_high", "word", "agreement", "n_stations", "prior", "sized",
    "share", "share_low", "share_high", "told", "group", "order",
]  # fmt: skip


@one_thread
def trace_sources(
    warned: pd.DataFrame,
    weather: xr.Dataset | None,
    facilities: pd.DataFrame,
    *,
    cells: xr.Dataset,
    stations: xr.Dataset | None = None,
    micro: xr.Dataset | None = None,
    criteria: Criteria,
    utc_offset: float | None = None,
    inventory: xr.DataArray | None = None,
    store: Store | None = None,
) -> pd.DataFrame:
    """
    Possible sources of every warned cell, in the order in which to visit them.

    Parameters
    ----------
    warned : DataFrame with ``month, cell``, from ``rank_warnings``
    weather : Dataset with ``u10 v10``, or None
    facilities : GeoDataFrame ``facility name class_ lon lat``, with ``size size_unit`` where delivered
    cells : Dataset (cell) with ``x y lon lat``, attributes ``crs``, ``spacing``
    stations : Dataset (station, time), reference stations, hourly UTC, or None
    micro : Dataset (station, time), micro-stations: they are only asked for their agreement
    criteria : Criteria; its ``tracing`` section
    utc_offset : float, optional
        Hours that local time is ahead of UTC; it bounds the month and its days.
        Default: what the stations or the weather carry, else Beijing's 8.
    inventory : DataArray (lat, lon), optional
        Emission inventory, t PM2.5 a year of each pixel; where it has anything it stands for our factors.
    store : Store, optional
        Where what no register holds, most of the work, is kept under what it hangs on. Default: as long as the
        process lasts.

    Returns
    -------
    DataFrame, one row per warned cell and facility, sorted by cell and ``order``:
    ``cell, facility, name, class_, lon, lat, distance_km, bearing_deg`` (from the
    cell's centre to the facility, true north), ``where`` (in_cell, ring, upwind),
    ``upwind_hours`` with wind from its sector among ``n_hours``, ``lift,
    lift_low, lift_high`` of high hours, ``word``; ``agreement`` of ``n_stations`` point to
    it; ``prior`` (of the cell's facilities by class, size and distance, adding up to 1) and whether its
    size was known (``sized``); ``share`` of the cell's increment with its 90 % range ``share_low, share_high``,
    ``told`` (0: the prior alone, 1: the stations know its emission), ``group`` (``groups.groups``), ``order``.
    ``attrs["hours"]``: per cell the station used, its distance, what was taken of it
    (``measure``: increment over the stations around, or concentration), hours, and of the
    calm hours, which are in no sector: ``calm_hours, calm_share, calm_high`` (share of them that
    were high), ``calm_month``; ``informed`` (a station told something), ``listed_share``,
    ``unregistered_share, outside_share`` of the increment.
    ``attrs["unregistered"]``: per cell where to look for what no register holds (``words.findings``).

    Raises
    ------
    DataError
        The weather has no wind, or an unknown shape.

    Notes
    -----
    Bearings and distances are geodesic (GRS80). A facility is listed in its
    cell, within ``ring_km`` of the cell's centre, or up to ``upwind_km`` away if
    the wind came from its sector at least as often as from any sector of that width on average.
    An hour has the wind of the report nearest to it, at most half a step away; reports more
    than six hours apart say nothing. Lift is CPF over base rate (``sector_lift``) of what
    the station measured above its background (``hours.increments``): a check that stands beside the
    posterior and decides nothing. Share and order: METHODS 18, ``posterior.source_shares``; without wind the
    prior. Words: strong and moderate from ``strong_share`` and ``moderate_share``, weak; not enough hours where
    the wind came from it for less than ``min_upwind_hours`` and it stands outside the cell; no hourly data, without
    wind or station. Removing a facility moves its share to the rest: to others, to what is unregistered and outside.

    Examples
    --------
    >>> import xarray as xr
    >>> from hotspot.rules.criteria import Criteria
    >>> cells = xr.Dataset(coords={"cell": ["A"], "x": ("cell", [1500.0]), "y": ("cell", [1500.0]),
    ...     "lon": ("cell", [105.0165]), "lat": ("cell", [35.0135])})
    >>> cells.attrs = {"crs": "+proj=laea +lon_0=105 +lat_0=35", "spacing": 3000.0}
    >>> places = pd.DataFrame({"facility": ["f1", "f2"], "name": ["", ""], "class_": ["steel", "cement"],
    ...     "lon": [105.02, 105.06], "lat": [35.01, 35.01]})
    >>> warned = pd.DataFrame({"month": ["2020-02"], "cell": ["A"]})
    >>> traced = trace_sources(warned, None, places, cells=cells, criteria=Criteria())
    >>> traced[["facility", "where", "word", "agreement"]].values.tolist()
    [['f1', 'in_cell', 'no hourly data', 0], ['f2', 'ring', 'no hourly data', 0]]
    """
    rule = criteria.tracing
    if utc_offset is None:
        carried = (data.attrs.get("utc_offset") for data in (stations, weather) if data is not None)
        utc_offset = next((float(hours) for hours in carried if hours is not None), 8.0)
    months = warned.drop_duplicates("cell").set_index("cell")["month"]
    places = placed(facilities, cells.attrs["crs"], rule, inventory)
    codes = sorted(months.index)
    listed = cells[["lon", "lat", "x", "y"]].sel(cell=codes)
    at = np.column_stack([listed[name].values.astype(float) for name in ("lon", "lat", "x", "y")])
    spacing = float(cells.attrs["spacing"])
    spot = dict(zip(codes, at.tolist(), strict=True))
    near = {cell: _near(places, spot[cell], spacing, rule.upwind_km) for cell in codes}
    found, about, hidden = {}, {}, {}
    for month in sorted(set(months)):
        hours = Hours(weather, month, utc_offset=utc_offset, tracing=rule)
        receptors = Receptors(hours, stations, micro, places, tracing=rule, crs=cells.attrs["crs"])
        here = [cell for cell in codes if months[cell] == month]
        asked = np.array([spot[cell] for cell in here])
        whose_it_is = whose(asked, hours, receptors, places, spacing=spacing, tracing=rule, store=store)
        answers = dict(zip(here, whose_it_is, strict=True))
        wanted = np.unique(np.concatenate([near[cell]["place"] for cell in here]))
        agreed = receptors.agreement(wanted)
        for cell in here:
            lon, lat, _, _ = spot[cell]
            evidence = _evidence(hours, receptors, lon, lat, criteria.interpolation.max_station_km)
            about[cell] = evidence["about"]
            own = {name: values[np.searchsorted(wanted, near[cell]["place"])] for name, values in agreed.items()}
            found[cell] = _judged(places, near[cell] | own, evidence, receptors, answers[cell])
            about[cell] |= _whole(answers[cell], found[cell])
            hidden[cell] = findings(answers[cell].sub_cells if answers[cell] else None)
    traced = _table(places, found)
    traced.attrs["hours"] = Beside(about)
    traced.attrs["unregistered"] = Beside(hidden)
    return traced


def placed(facilities: pd.DataFrame, crs: str, tracing: Tracing, inventory: xr.DataArray | None = None) -> pd.DataFrame:
    """The facilities by name, each with its place on the lattice (m) and what it may emit (g/s)."""
    table = pd.DataFrame({name: np.asarray(facilities[name]) for name in ("facility", "name", "class_", "lon", "lat")})
    table["x"], table["y"] = on_lattice(table["lon"].to_numpy(float), table["lat"].to_numpy(float), crs)
    emission, known = register_emission(facilities)
    emission = expected_emission(emission, table["class_"], known, tracing=tracing)
    if inventory is not None:
        emission, known = with_inventory(emission, known, table["lon"], table["lat"], inventory)
    table["emission"], table["sized"] = emission, known
    return table.sort_values("facility", kind="stable").reset_index(drop=True)


def _near(places: pd.DataFrame, spot: list[float], spacing: float, reach_km: float) -> dict[str, np.ndarray]:
    """Facilities within reach of a cell's centre: arrays of their place, distance, bearing, and whether inside."""
    lon, lat = places["lon"].to_numpy(float), places["lat"].to_numpy(float)
    centre_lon, centre_lat, x, y = spot
    east, north, half = places["x"].to_numpy(float) - x, places["y"].to_numpy(float) - y, spacing / 2
    # Half-open, as the lattice is: west and south edges belong.
    inside = (east >= -half) & (east < half) & (north >= -half) & (north < half)
    rows = np.flatnonzero(near_box(centre_lon, centre_lat, lon, lat, reach_km) | inside)
    bearing, km = towards(centre_lon, centre_lat, lon[rows], lat[rows])
    within = (km <= reach_km) | inside[rows]
    rows, km, bearing = rows[within], km[within], bearing[within]
    return {"place": rows, "distance_km": km, "bearing_deg": bearing, "inside": inside[rows]}


def _evidence(hours: Hours, receptors: Receptors, lon: float, lat: float, reach_km: float) -> dict[str, Any]:
    """The month's wind at a cell and, where a station is near, what it measured in the same hours."""
    direction, seen = hours.direction(lon, lat)
    about = {"station": "", "station_km": float("nan"), "measure": "", "n_hours": 0, "calm_hours": 0}
    about |= {"calm_share": float("nan"), "calm_high": float("nan"), "calm_month": False}
    values, receptor = None, None
    for station, km in receptors.nearest(lon, lat, reach_km) if seen.any() else []:
        own, _, _, measure = receptors.series(station)
        if (seen & ~np.isnan(own)).any():
            values, receptor, seen = own, station, seen & ~np.isnan(own)
            about |= {"station": str(receptors.name[station]), "station_km": km, "measure": measure}
            break
    direction = direction[seen]
    if direction.size:
        calm = np.isnan(direction)
        about |= {"n_hours": int(calm.size), "calm_hours": int(calm.sum()), "calm_share": float(calm.mean())}
        about["calm_month"] = bool(calm.mean() > receptors.tracing.calm_share)
        if values is not None:
            about["calm_high"] = share_high(values[seen], calm, share=receptors.tracing.top_share)
    return {"direction": direction, "receptor": receptor, "about": about}


def _judged(
    places: pd.DataFrame,
    found: dict[str, np.ndarray],
    evidence: dict[str, Any],
    receptors: Receptors,
    answer: Answer | None,
) -> dict[str, np.ndarray]:
    """One cell's facilities in visiting order: arrays of where, hours, lift, word, agreement, prior, share."""
    rule, direction, receptor = receptors.tracing, evidence["direction"], evidence["receptor"]
    n = found["place"].size
    lift = {name: np.full(n, np.nan) for name in ("lift", "low", "high")}
    if receptor is not None:
        lift = receptors.says(receptor, found["place"])
    upwind = sector_hours(found["bearing_deg"], direction, rule.sector_deg) if direction.size else np.zeros(n)
    blowing = int((~np.isnan(direction)).sum())
    often = (upwind >= blowing * rule.sector_deg / 360.0) & (upwind > 0)
    ring = np.where(found["distance_km"] <= rule.ring_km, "ring", "upwind")
    where = np.where(found["inside"], "in_cell", ring).astype(object)
    emission = places["emission"].to_numpy()[found["place"]]
    found = found | {
        "where": where,
        "upwind_hours": upwind.astype(int),
        "n_hours": np.full(n, direction.size),
        "lift": lift["lift"],
        "lift_low": lift["low"],
        "lift_high": lift["high"],
        "prior": prior(emission, found["distance_km"], tracing=rule),
    }
    found |= _shared(found, answer)
    found["word"] = _words(found, answer is not None and answer.informed, rule)
    # What matters is listed wherever it stands; what does not, if it is near or the wind came from it often.
    kept = (where != "upwind") | often | (found["share"] >= rule.moderate_share)
    found = {name: values[kept] for name, values in found.items()}
    found["prior"] = found["prior"] / found["prior"].sum() if kept.any() else found["prior"]
    found["group"] = groups(found, answer, rule)
    order = _order(found)
    return {name: values[order] for name, values in found.items()}


def _shared(found: dict[str, np.ndarray], answer: Answer | None) -> dict[str, Floats]:
    """The posterior of a cell's facilities; the prior where there is no wind."""
    if answer is None:
        nothing = np.zeros(found["place"].size)
        return {"share": found["prior"], "share_low": nothing, "share_high": nothing + 1, "told": nothing}
    of = np.searchsorted(answer.place, found["place"]) if answer.place.size else np.zeros(found["place"].size, int)
    of = np.minimum(of, max(answer.place.size - 1, 0))
    known = answer.place[of] == found["place"] if answer.place.size else np.zeros(of.size, bool)
    names = {"share": answer.share, "share_low": answer.low, "share_high": answer.high, "told": answer.told}
    return {name: np.where(known, values[of], 0.0) if known.any() else np.zeros(of.size)
            for name, values in names.items()}  # fmt: skip


def _whole(answer: Answer | None, found: dict[str, np.ndarray]) -> dict[str, Any]:
    """What the listed facilities leave to others, for a cell's note."""
    listed = float(found["share"].sum())
    if answer is None:
        return {"informed": False, "listed_share": listed, "unregistered_share": np.nan, "outside_share": np.nan}
    rest = {"unregistered_share": answer.unregistered, "outside_share": answer.outside}
    return {"informed": answer.informed, "listed_share": listed} | rest


def _words(found: dict[str, np.ndarray], informed: bool, rule: Tracing) -> Objects:
    """What the posterior says, in one of five words."""
    if not informed:
        return np.full(found["place"].size, "no hourly data", dtype=object)
    share = found["share"]
    words = np.full(share.size, "weak", dtype=object)
    words[share >= rule.moderate_share] = "moderate"
    words[share >= rule.strong_share] = "strong"
    # What stands in the cell reaches it in any wind.
    words[(found["upwind_hours"] < rule.min_upwind_hours) & ~found["inside"]] = "not enough hours"
    return words


def _order(found: dict[str, np.ndarray]) -> Ints:
    """Positions of a cell's facilities in visiting order."""
    # No order out of the last digits; places are sorted by facility, so that the place breaks ties.
    return np.lexsort((found["place"], -found["prior"].round(9), -found["share"].round(6)))


def _table(places: pd.DataFrame, found: dict[str, dict[str, np.ndarray]]) -> pd.DataFrame:
    """All cells' facilities as one table."""
    cells = sorted(cell for cell, rows in found.items() if rows["place"].size)
    if not cells:
        return pd.DataFrame(columns=COLUMNS)
    size = [found[cell]["place"].size for cell in cells]
    columns = {name: np.concatenate([found[cell][name] for cell in cells]) for name in found[cells[0]]}
    table = places.iloc[columns["place"]][["facility", "name", "class_", "lon", "lat", "sized"]].reset_index(drop=True)
    table = table.assign(cell=np.repeat(np.array(cells, dtype=object), size), **columns)
    table["order"] = np.concatenate([np.arange(1, n + 1) for n in size])
    return table[COLUMNS]
