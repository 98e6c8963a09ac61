"""What goes out with the alarms of a period: cards, letters that remember, forms, chat texts, the table of cities."""

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import xarray as xr

from hotspot.contracts.records import PUSHED
from hotspot.grid.sub_cells import centre_of
from hotspot.kernels.arrays import Flags, Floats, Times
from hotspot.ledger.answers.alarms import answers
from hotspot.ledger.answers.past import past_of, pasts_of
from hotspot.ledger.answers.watch import alarm_table
from hotspot.ledger.chain.store import Ledger
from hotspot.rules.calendar import local_times
from hotspot.study import Study
from hotspot.text.labels import label_of
from hotspot.workflows.monthly.other_pollutants import only_pm25

AROUND = 4  # proposal: hours shown before and after an alarm; their wind also carries its plume


def write_alarm_desk(
    folder: Path,
    *,
    study: Study,
    period: str,
    watched: dict[str, Any],
    ledger: Ledger,
    first: Any,
    last: Any,
    letter: bool,
    cards: bool,
) -> list[Path]:
    """
    Write the letters of a period with what goes with them, and the cards of its pushed alarms.

    Parameters
    ----------
    watched : dict, from ``derive_alarms``: ``alarms, stations, weather``
    ledger : Ledger, the period's alarms already recorded
    first, last : datetime-like, bounds of the period; what waits is judged at ``last``
    """
    only_pm25(study, "the alarm desk")
    from hotspot.publish.office.alarmed.alarm_desk import write_desk
    from hotspot.publish.office.alarmed.letter import write_letters

    asof = pd.Timestamp(last).isoformat(timespec="minutes")
    alarms, clocks = watched["alarms"], study.criteria.clocks
    answered, files = answers(ledger), []
    waiting = _waiting(alarm_table(ledger, asof, clocks), first, asof, study)
    cells = sorted({*alarms["cell"].astype(str), *waiting["cell"].astype(str)})
    past = pasts_of(ledger, cells, asof, clocks)
    if letter:
        files += write_letters(
            folder, study=study, alarms=alarms, period=period, answered=answered, outstanding=waiting, past=past,
            persistent=watched["persistent"], head=ledger.head, signer=study.office.signer or study.office.name,
        )  # fmt: skip
        files += write_desk(folder, study=study, alarms=alarms, period=period, answered=answered, outstanding=waiting)
    if cards:
        files += _cards(folder, study, watched, ledger)
    return files


def _waiting(table: pd.DataFrame, first: Any, asof: str, study: Study) -> pd.DataFrame:
    """Pushed before the period, within ``clocks.outstanding_days``, and not answered: with the hours since."""
    since = pd.Timestamp(first)
    pushed = pd.to_datetime(table["pushed"])
    recent = pushed >= since - pd.Timedelta(days=study.criteria.clocks.outstanding_days)
    waits = table[(table["answered"] == "") & (pushed < since) & recent].reset_index(drop=True)
    hours = (pd.Timestamp(asof) - pd.to_datetime(waits["pushed"])) / pd.Timedelta(hours=1)
    return waits.assign(waited=hours.astype("float64"))


def _cards(folder: Path, study: Study, watched: dict[str, Any], ledger: Ledger) -> list[Path]:
    """A card per pushed alarm; the register and the wind are read once."""
    from hotspot.deliveries.opening import around
    from hotspot.deliveries.run import Deliveries
    from hotspot.publish.paper.alarm_card import Card, write_cards
    from hotspot.sources.places.emission_raster import read_inventory
    from hotspot.workflows.hourly.evidence import named_evidence

    alarms = watched["alarms"]
    alarms = alarms[alarms["state"] == PUSHED]
    deliveries = Deliveries(study)
    facilities = deliveries.facilities(bounds=study.boundaries.total_bounds) if study.facilities else ()
    evidence = named_evidence(deliveries, facilities) if study.evidence and len(facilities) else None
    inventory = read_inventory(study.inventory, study.root, deliveries.intake(), bounds=around(study))
    stations, weather = watched["stations"], watched["weather"]
    local = local_times(stations)
    sub_cell = np.atleast_1d(study.grid.child(stations["lon"].values, stations["lat"].values)).astype(str)
    x, y = study.grid.project(stations["lon"].values, stations["lat"].values)
    table = pd.DataFrame({"x": np.asarray(x, float), "y": np.asarray(y, float), "sub_cell": sub_cell})
    cards = []
    for row in alarms.to_dict("records"):
        start, end = pd.Timestamp(row["start"]), pd.Timestamp(row["end"])
        window = pd.Timedelta(hours=AROUND)
        at = np.flatnonzero((local >= np.datetime64(start - window)) & (local < np.datetime64(end + window)))
        values = _undoubted(stations.isel(time=at), study.criteria.alarms)
        place = _place(study, row)
        times = pd.DatetimeIndex(local[at])
        inside = (times >= start) & (times < end)
        wind = _wind(weather, stations["time"].values[at], place)
        hours = _hours(times, values, table, row, place, wind, inside, study.criteria.alarms)
        told = None if evidence is None else (evidence, start, end)
        sources, note = _sources(study, table, values, wind, np.asarray(inside), place, facilities, inventory, told)
        asof = (start - pd.Timedelta(minutes=1)).isoformat(timespec="minutes")
        cards.append(
            Card(
                row | place.to_dict(),
                hours,
                _measured(values, table, row, inside),
                sources,
                past_of(ledger, str(row["cell"]), asof, study.criteria.clocks),
                note,
            )
        )
    return write_cards(folder, cards, study=study)


def _undoubted(stations: xr.Dataset, rule: Any) -> Floats:
    """Values as the alarm saw them: float64[station, hour], NaN in an hour that the screen doubts."""
    from hotspot.rank.alarm.network import doubts

    values = stations["pm25"].transpose("station", "time").values.astype("float64")
    if "pm25_flags" not in stations:
        return values
    return np.where(doubts(stations["pm25_flags"].transpose("station", "time").values, rule) > 0, np.nan, values)


def _place(study: Study, row: Any) -> pd.Series:
    """Centre of the sub-cell on the lattice and in degrees, with the names of its cell."""
    x, y = centre_of(str(row["sub_cell"]), study.grid, fine=study.lattice.fine)
    lon, lat = study.grid.unproject(x, y)
    cell = study.cells.sel(cell=str(row["cell"]))
    named = {name: str(cell[name].values) for name in ("county", "township", "label")}
    return pd.Series({"x": x, "y": y, "lon": float(lon), "lat": float(lat)} | named)


def _wind(weather: xr.Dataset | None, time: Times, place: Any) -> Floats:
    """u, v of each hour at a place, NaN where no report lies within an hour: float64[hour, 2]."""
    from hotspot.trace.plumes.wind import wind_at

    found = np.full((len(time), 2), np.nan)
    if weather is None or not {"u10", "v10"} <= set(weather):
        return found
    told, u, v = wind_at(weather, float(place["lon"]), float(place["lat"]))
    if not len(told):
        return found
    wanted = time.astype("datetime64[ns]")
    after = np.clip(np.searchsorted(told, wanted), 1, max(len(told) - 1, 1))
    before = after - 1
    after = np.minimum(after, len(told) - 1)
    nearest = np.where(wanted - told[before] <= told[after] - wanted, before, after)
    close = np.abs(told[nearest] - wanted) <= np.timedelta64(90, "m")
    found[close] = np.column_stack([u, v])[nearest[close]]
    return found


def _hours(
    times: Times, values: Floats, table: pd.DataFrame, row: Any, place: Any, wind: Floats, inside: Flags, rule: Any
) -> pd.DataFrame:
    """The station's hours against the median of its neighbours, with the wind of each."""
    from hotspot.trace.plumes.wind import wind as speed_and_direction

    own = (table["sub_cell"] == str(row["sub_cell"])).to_numpy()
    away = np.hypot(table["x"] - place["x"], table["y"] - place["y"]).to_numpy()
    others = np.flatnonzero(~own & (away <= 1000 * rule.neighbour_km))
    others = others[np.argsort(away[others], kind="stable")[: rule.neighbours]]
    speed, direction = speed_and_direction(wind[:, 0], wind[:, 1])
    pm25 = np.fmax.reduce(values[own], axis=0) if own.any() else np.full(len(times), np.nan)
    around = pd.DataFrame(values[others], columns=times).median().to_numpy()  # NaN where none of them reports
    return pd.DataFrame(
        {"time": times, "pm25": pm25, "around": around, "speed": speed, "direction": direction, "inside": inside}
    )


def _measured(values: Floats, table: pd.DataFrame, row: Any, inside: Flags) -> dict[int, float]:
    """What the cell's stations measured in the alarm's highest hour, by number of the sub-cell."""
    own = np.flatnonzero((table["sub_cell"] == str(row["sub_cell"])).to_numpy())
    hours = np.flatnonzero(inside)
    if not own.size or not hours.size:
        return {}
    peak = hours[int(np.argmax(np.nan_to_num(values[own[0]][hours], nan=-1.0)))]
    found = {}
    for k in np.flatnonzero(table["sub_cell"].str.startswith(f"{row['cell']}-").to_numpy()):
        if not np.isnan(values[k, peak]):
            found[int(str(table["sub_cell"].iloc[k]).rsplit("-", 1)[-1])] = float(values[k, peak])
    return found


def _sources(
    study: Study,
    table: pd.DataFrame,
    values: Floats,
    wind: Floats,
    inside: Flags,
    place: Any,
    facilities: gpd.GeoDataFrame,
    inventory: xr.DataArray | None,
    evidence: Any = None,
) -> tuple[list[Any], str]:
    """Registered sources in visiting order as a card prints them, and how the order was made."""
    from hotspot.publish.maps.symbols import SYMBOLS
    from hotspot.publish.paper.sheet_words import away_zh, class_of
    from hotspot.trace.visits.alarm_sources import sources_of_hours
    from hotspot.trace.visits.evidence import visiting_order
    from hotspot.workflows.hourly.evidence import card_evidence

    found = sources_of_hours(
        table, values, wind, inside, place, facilities, crs=study.cells.attrs["crs"], spacing=study.lattice.fine,
        criteria=study.criteria, inventory=inventory,
    )  # fmt: skip
    informed = found.attrs["informed"]
    told = []
    if evidence is not None:
        delivered, start, end = evidence
        told = card_evidence(delivered, found, start, end, study.criteria.evidence)
    found = visiting_order(found, told)  # evidence moves the visits, never the share
    rows = []
    for row in found.to_dict("records"):
        kind = class_of(row["class_"])
        col, line = study.grid.locate(row["lon"], row["lat"])
        same = str(study.grid.code(col, line)) == str(study.grid.code(*study.grid.locate(place["lon"], place["lat"])))
        child = str(np.atleast_1d(study.grid.child(row["lon"], row["lat"]))[0]).rsplit("-", 1)[-1]
        rows.append(
            {
                "name": row["name"] or row["facility"],
                "class_zh": kind.zh,
                "x": row["x"],
                "y": row["y"],
                "away_zh": away_zh(row["bearing_deg"], row["distance_km"]),
                "where_zh": child if same else "格外",
                "symbol": SYMBOLS[kind.problem],
                "word_zh": f"约{100 * row['share']:.0f}%" if informed else label_of("no_wind"),
            }
        )
    note = (
        "顺序按报警时段的风、各站升幅和登记规模推算，百分数为估计份额，不等于认定来源。"
        if informed
        else "报警时段没有可用的风，顺序按距离和登记规模排列。"
    )
    names = dict(zip(found["facility"], found["name"], strict=True))
    said = [f"旁证：{names[one.facility] or one.facility} {one.zh}。" for one in told]
    return rows, "".join([note, *said]) if rows else ""
