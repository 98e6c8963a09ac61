"""
What may be the cause: facilities in the cell, around it and upwind, and what the wind says of each.

The concentration is that of the nearest reference station, because a 3 km cell
has no hourly series of its own. So the wind is judged twice: how often it blew
from the facility to the cell, and whether the station was dirtier when it blew
from that facility to the station. The table tells which station, and how far.
"""

import numpy as np
import pandas as pd

from hotspot.rules.calendar import local_bounds, offset_hours
from hotspot.trace.cpf import sector_hours, sector_lift
from hotspot.trace.wind import wind, wind_at

COLUMNS = [
    "cell", "facility", "name", "class_", "lon", "lat", "distance_km", "bearing_deg", "where", "upwind_hours",
    "n_hours", "lift", "lift_low", "lift_high", "word", "order",
]  # fmt: skip
_URGENCY = {"strong": 0, "moderate": 1}  # the other words say nothing for or against
_WHERE = {"in_cell": 0, "ring": 1, "upwind": 2}
_LONGEST_STEP = np.timedelta64(6, "h")  # reports farther apart do not follow the wind


def trace_sources(warned, weather, facilities, *, cells, stations=None, criteria, utc_offset=None):
    """
    Possible sources of every warned cell, in the order in which to visit them.

    Parameters
    ----------
    warned : DataFrame with ``month, cell``, from ``rank_warnings``
    weather : Dataset with ``u10 v10``, or None
    facilities : GeoDataFrame ``facility name class_ lon lat``
    cells : Dataset (cell) with ``x y lon lat``, attributes ``crs``, ``spacing``
    stations : Dataset (station, time), reference stations, hourly UTC, or None
    criteria : Criteria; its ``tracing`` section
    utc_offset : float, optional
        Hours that local time is ahead of UTC; it bounds the month and its days.
        Default: what the stations or the weather carry, else Beijing's 8.

    Returns
    -------
    DataFrame, one row per warned cell and facility, sorted by cell and ``order``:
    ``cell, facility, name, class_, lon, lat, distance_km, bearing_deg`` (from the
    cell's centre to the facility, true north), ``where`` (in_cell, ring, upwind),
    ``upwind_hours`` with wind from its sector among ``n_hours``, ``lift,
    lift_low, lift_high`` of high hours, ``word``, ``order``.
    ``attrs["hours"]``: per cell the station used, its distance, hours and calm share.

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
    than six hours apart say nothing. METHODS 11: lift is CPF over base rate (``sector_lift``). Words: strong and
    moderate from the thresholds of the criteria, with the interval above 1; weak;
    not enough hours, below ``min_upwind_hours`` to the cell or to the station; no hourly data, without wind or
    station. Order: strong, moderate, then the rest; in the cell, ring, upwind;
    by distance; by facility. Removing a facility changes nothing for the others.

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
    >>> traced[["facility", "where", "word"]].values.tolist()
    [['f1', 'in_cell', 'no hourly data'], ['f2', 'ring', 'no hourly data']]
    """
    rule = criteria.tracing
    if utc_offset is None:
        carried = (data.attrs.get("utc_offset") for data in (stations, weather) if data is not None)
        utc_offset = next((float(hours) for hours in carried if hours is not None), 8.0)
    months = warned.drop_duplicates("cell").set_index("cell")["month"]
    weather = _loaded(weather, sorted(set(months)), utc_offset)
    places = _placed(facilities, cells.attrs["crs"])
    codes = sorted(months.index)
    at = cells[["lon", "lat", "x", "y"]].sel(cell=codes)
    at = zip(*(at[name].values.astype(float).tolist() for name in ("lon", "lat", "x", "y")), strict=True)
    rows, hours_of = [pd.DataFrame(columns=COLUMNS)], {}
    for cell, (lon, lat, x, y) in zip(codes, at, strict=True):
        near = _near(places, (lon, lat), (x, y), float(cells.attrs["spacing"]), rule.upwind_km)
        hours = _hours(weather, stations, lon, lat, months[cell], utc_offset, criteria)
        hours_of[cell] = hours["about"]
        if len(near):
            rows.append(_judged(cell, near, hours, rule))
    traced = pd.concat(rows[1:], ignore_index=True) if len(rows) > 1 else rows[0]
    traced.attrs["hours"] = hours_of
    return traced


def _loaded(weather, months, utc_offset):
    """The wind of the months in memory, read once for all cells."""
    if weather is None or not months or not {"u10", "v10"} <= set(weather):
        return weather
    bounds = [local_bounds(month, utc_offset) for month in months]
    time = weather["time"].values
    wanted = (time >= min(start for start, _ in bounds)) & (time < max(end for _, end in bounds))
    return weather[["u10", "v10"]].isel(time=wanted).load()


def _placed(facilities, crs):
    """The facilities by name, each with its place on the lattice (m)."""
    from pyproj import Transformer

    table = pd.DataFrame({name: np.asarray(facilities[name]) for name in ("facility", "name", "class_", "lon", "lat")})
    lon, lat = table["lon"].to_numpy(float), table["lat"].to_numpy(float)
    table["x"], table["y"] = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(lon, lat)
    return table.sort_values("facility", kind="stable").reset_index(drop=True)


def _near(places, centre, on_lattice, spacing, reach_km):
    """Facilities within reach of a cell's centre, with distance, bearing, and whether they stand in it."""
    from pyproj import Geod

    lon, lat, x, y = (places[name].to_numpy(float) for name in ("lon", "lat", "x", "y"))
    east, north, half = x - on_lattice[0], y - on_lattice[1], spacing / 2
    # Half-open, as the lattice is: west and south edges belong.
    inside = (east >= -half) & (east < half) & (north >= -half) & (north < half)
    # A degree of latitude is nowhere shorter than 110.5 km, so the geodesic is only asked about these.
    rows = np.flatnonzero((np.abs(lat - centre[1]) <= reach_km / 110.5) | inside)
    start = np.full(rows.size, centre[0]), np.full(rows.size, centre[1])
    bearing, _, metres = Geod(ellps="GRS80").inv(*start, lon[rows], lat[rows])
    km = np.asarray(metres, dtype=float) / 1000
    within = (km <= reach_km) | inside[rows]
    table = places.iloc[rows[within]].drop(columns=["x", "y"])
    table["distance_km"], table["bearing_deg"] = km[within], np.asarray(bearing, dtype=float)[within] % 360.0
    table["inside"] = inside[rows][within]
    return table.reset_index(drop=True)


def _hours(weather, stations, lon, lat, month, utc_offset, criteria):
    """The month's wind at the cell and, where a station is near, the concentration of the same hours."""
    nothing = np.zeros(0)
    about = {"station": "", "station_km": float("nan"), "n_hours": 0, "calm_share": float("nan")}
    empty = {"direction": nothing, "values": nothing, "block": nothing.astype(int), "joined": False, "about": about}
    empty["receptor"] = lon, lat
    if weather is None:
        return empty
    start, end = local_bounds(month, utc_offset)
    time, u10, v10 = wind_at(weather, lon, lat)
    speed, direction = wind(u10, v10, calm_ms=criteria.tracing.calm_ms)
    seen = (time >= start) & (time < end) & ~np.isnan(speed)
    time, direction = _every_hour(time[seen], direction[seen], start, end)
    if not time.size:
        return empty
    name, km, values, receptor = _concentration(stations, lon, lat, time, criteria.interpolation.max_station_km)
    joined = ~np.isnan(values)
    keep = joined if joined.any() else np.ones(time.size, bool)
    day = (time[keep] + offset_hours(utc_offset)).astype("datetime64[D]").astype(int)
    first = (start + offset_hours(utc_offset)).astype("datetime64[D]").astype(int)
    about = {
        "station": name,
        "station_km": km,
        "n_hours": int(keep.sum()),
        "calm_share": float(np.isnan(direction[keep]).mean()),
    }
    return {
        "direction": direction[keep],
        "values": values[keep],
        "block": (day - first) // criteria.tracing.block_days,
        "joined": bool(joined.any()),
        "receptor": receptor,
        "about": about,
    }


def _every_hour(time, direction, start, end):
    """The wind of each hour that has a report within half the usual step: three-hourly reports stand for three."""
    if time.size < 2:
        return time[:0], direction[:0]
    step = np.median(np.diff(time))
    if step > _LONGEST_STEP:
        return time[:0], direction[:0]
    hours = np.arange(start, end, np.timedelta64(1, "h"))
    after = np.clip(np.searchsorted(time, hours), 1, time.size - 1)
    nearest = np.where(hours - time[after - 1] <= time[after] - hours, after - 1, after)
    near = np.abs(time[nearest] - hours) <= step / 2
    return hours[near], direction[nearest[near]]


def _concentration(stations, lon, lat, time, reach_km):
    """Nearest station with data in these hours: id, distance, values (NaN elsewhere), place."""
    from pyproj import Geod

    none = "", float("nan"), np.full(time.size, np.nan), (lon, lat)
    if stations is None or not stations.sizes["station"]:
        return none
    there = np.asarray(stations["lon"], float), np.asarray(stations["lat"], float)
    centre = np.full(there[0].size, lon), np.full(there[0].size, lat)
    km = np.asarray(Geod(ellps="GRS80").inv(*centre, *there)[2], dtype=float) / 1000
    names = stations["station"].values.astype(str)
    own = stations["time"].values.astype("datetime64[ns]")
    common, at, of = np.intersect1d(time, own, return_indices=True)
    if not common.size:
        return none
    series = stations["pm25"].transpose("station", "time")
    for i in np.lexsort((names, km)):
        if not km[i] <= reach_km:
            return none
        values = np.full(time.size, np.nan)
        values[at] = series.isel(station=int(i)).values[of]
        if not np.isnan(values).all():
            return str(names[i]), float(km[i]), values, (float(there[0][i]), float(there[1][i]))
    return none


def _judged(cell, near, hours, rule):
    """One cell's facilities with where, hours, lift, word and order."""
    table = near.copy()
    n_hours = hours["direction"].size
    found = {name: np.full(len(table), np.nan) for name in ("lift", "low", "high")} | {"hours": np.zeros(len(table))}
    upwind = np.zeros(len(table))
    if n_hours:
        values = hours["values"] if hours["joined"] else np.zeros(n_hours)
        series = hours["direction"], values, hours["block"]
        found = sector_lift(_bearing(hours["receptor"], table), *series, tracing=rule)
        upwind = sector_hours(table["bearing_deg"], hours["direction"], rule.sector_deg)
    blowing = int((~np.isnan(hours["direction"])).sum())
    often = (upwind >= blowing * rule.sector_deg / 360.0) & (upwind > 0)
    table["where"] = np.where(
        table["inside"], "in_cell", np.where(table["distance_km"] <= rule.ring_km, "ring", "upwind")
    )
    table["upwind_hours"], table["n_hours"] = upwind.astype(int), n_hours
    table["lift"], table["lift_low"], table["lift_high"] = (
        values if hours["joined"] else np.full(len(table), np.nan)
        for values in (found["lift"], found["low"], found["high"])
    )
    fewest = np.minimum(upwind, found["hours"])
    table["word"] = [
        _word(row, n, hours["joined"], rule) for row, n in zip(table.to_dict("records"), fewest, strict=True)
    ]
    table["cell"] = cell
    table = table[(table["where"] != "upwind") | often]
    key = pd.DataFrame(
        {
            "word": table["word"].map(_URGENCY).fillna(2),
            "where": table["where"].map(_WHERE),
            "km": table["distance_km"],
            "facility": table["facility"].astype(str),
        }
    )
    table = table.loc[key.sort_values(["word", "where", "km", "facility"], kind="stable").index]
    table["order"] = np.arange(1, len(table) + 1)
    return table[COLUMNS]


def _bearing(place, table):
    """Degrees from a place to each facility."""
    from pyproj import Geod

    n = len(table)
    start = np.full(n, place[0]), np.full(n, place[1])
    return Geod(ellps="GRS80").inv(*start, table["lon"].to_numpy(float), table["lat"].to_numpy(float))[0] % 360.0


def _word(row, n_hours, joined, rule):
    """What the hours say, in one of five words."""
    if not joined:
        return "no hourly data"
    if n_hours < rule.min_upwind_hours:
        return "not enough hours"
    if row["lift_low"] > 1 and row["lift"] >= rule.strong_lift:
        return "strong"
    if row["lift_low"] > 1 and row["lift"] >= rule.moderate_lift:
        return "moderate"
    return "weak"
