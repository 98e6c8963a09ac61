"""
From the rows of many files to one hourly series per station.

Every layout hands over ``Part``s; here rows are compared over all files of a
delivery, so that neither the order of rows nor of files matters: the same thing
said twice is a duplicate, two different things said of one station-hour are both
set aside and the hour is missing (RELIABILITY C4: 58-60, 71, 82).
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from hotspot.kernels.arrays import Flags, Floats, Ints, Objects
from hotspot.rules.standards import ACTUAL_FROM
from hotspot.sources.intake import Intake
from hotspot.sources.missing import to_numbers, unreadable_rule
from hotspot.sources.tables import DUPLICATE, QUARANTINED, USED, Table
from hotspot.text.distinct import distinct
from hotspot.variables import VARIABLES, DataError, is_share, to_unit

POLLUTANTS = ("pm25", "pm10", "so2", "no2", "o3", "co")
# Proposal (RELIABILITY C4: 71): -1..-5 ug/m3 is the noise of a working instrument and is kept; below it is a fault.
NOISE_FLOOR = {"co": -0.5} | dict.fromkeys(("pm25", "pm10", "so2", "no2", "o3"), -5.0)
YEAR_OF_HOURS = 366 * 24
_STATE_CHANGED = int(np.datetime64(ACTUAL_FROM, "h").astype(np.int64)) - 8  # that day begins in Beijing


@dataclass
class Part:
    """
    Rows of one table that carry values.

    rows : int64[n], positions in the table
    hours : int64[n], UTC hours since 1970, start of the hour
    values : float64[n, k], in the delivered unit; NaN where missing
    columns : k names in the table
    variable : our name of all columns (wide table: a column is a station), or None
    stations : k station ids (wide), or n station ids (long)
    variables : k of our names (long), or empty
    units : unit that the header itself gives, by our name
    places : object[n, 3], texts of name, lon, lat where a long table has them
    """

    table: Table
    rows: np.ndarray
    hours: np.ndarray
    values: np.ndarray
    columns: list
    stations: np.ndarray
    variable: str | None = None
    variables: tuple = ()
    units: dict = field(default_factory=dict)
    places: np.ndarray | None = None

    def keep(self, mask: Flags) -> "Part":
        """The part with only the rows where the mask is True."""
        if mask.all():
            return self
        return replace(
            self,
            rows=self.rows[mask],
            hours=self.hours[mask],
            values=self.values[mask],
            stations=self.stations if self.variable else self.stations[mask],
            places=None if self.places is None else self.places[mask],
        )


def read_values(table: Table, rows: Ints, columns: list[str], texts: Objects | None = None) -> tuple[Floats, Flags]:
    """
    Numbers of some rows and columns; unreadable text is set aside.

    A row in which nothing readable is left beside a fault is quarantined whole,
    else only the faulty value is.

    Parameters
    ----------
    rows : int64[n], positions
    columns : list of k column names
    texts : object[n, k], optional
        The cells, where the caller has them already.

    Returns
    -------
    (float64[n, k], bool[n]): the values, NaN where missing or set aside, and which rows stay in use
    """
    texts = table.cells(columns)[rows] if texts is None else texts
    values, unreadable = to_numbers(texts)
    stays = set_aside_values(table, rows, columns, values, unreadable, lambda i, j: unreadable_rule(texts[i, j]))
    return values, stays


def set_aside_values(
    table: Table, rows: Ints, columns: list[str], values: Floats, faulty: Flags, rule_of: Callable
) -> Flags:
    """
    Quarantine faulty values, or the row where no other value is left; values become NaN in place.

    Returns
    -------
    bool[n]: rows that stay in use
    """
    stays = np.ones(len(rows), bool)
    for i in np.flatnonzero(faulty.any(axis=1)):
        bad = np.flatnonzero(faulty[i])
        values[i, bad] = np.nan
        if np.isfinite(values[i]).any():
            for j in bad:
                table.set_aside_value(rows[i], columns[j], rule_of(i, j))
        else:
            table.set_aside(rows[i], columns[bad[0]], rule_of(i, bad[0]))
            stays[i] = False
    return stays


def check_range(part: Part, units: dict[str, str], intake: Intake) -> Part:
    """
    Convert a part to our units and set impossible values aside.

    Parameters
    ----------
    part : Part; its values are replaced
    units : dict of our variable name -> declared unit

    Returns
    -------
    Part without the rows in which nothing was left
    """
    names = [part.variable] * part.values.shape[1] if part.variable else list(part.variables)
    for name in dict.fromkeys(names):
        columns = [at for at, other in enumerate(names) if other == name]
        if is_share(units[name]) and part.hours.size and part.hours.min() < _STATE_CHANGED:
            raise DataError(
                f"{part.table.name}: {name} in {units[name]}, with hours before {ACTUAL_FROM}, when gases were "
                "referred to 273 K and 101.325 kPa; deliver those in ug/m3."
            )
        part.values[:, columns] = to_unit(part.values[:, columns], units[name], name)
    low = np.array([NOISE_FLOOR.get(name, VARIABLES[name].low) for name in names])
    high = np.array([VARIABLES[name].high for name in names])
    with np.errstate(invalid="ignore"):
        faulty = (part.values < low) | (part.values > high)
        n_noise = int(((part.values < 0) & ~faulty).sum())
    if n_noise:
        intake.note(f"{part.table.name}: {n_noise} values slightly below zero were kept as instrument noise")
    if not faulty.any():
        return part

    def rule(i: int, j: int) -> str:
        return f"{names[j]} outside {low[j]:g} to {high[j]:g} {VARIABLES[names[j]].unit}"

    return part.keep(set_aside_values(part.table, part.rows, part.columns, part.values, faulty, rule))


def check_scale(parts: list[Part], name: str) -> None:
    """
    Refuse PM2.5 whose size contradicts its declared unit (RELIABILITY C2: 48).

    Raises
    ------
    DataError
        The median is a thousand times too small.
    """
    values = np.concatenate([np.empty(0), *(part.values[:, _columns_of(part, "pm25")].ravel() for part in parts)])
    values = values[values > 0]
    if len(values) >= 24 and np.median(values) < 0.5:
        raise DataError(
            f"{name}: the median PM2.5 is {np.median(values):.3g} ug/m3, which no air has; "
            'the values look like mg/m3: declare unit = "mg/m3".'
        )


def _columns_of(part: Part, variable: str) -> Ints:
    if part.variable:
        return np.arange(part.values.shape[1]) if part.variable == variable else np.empty(0, np.int64)
    return np.flatnonzero([name == variable for name in part.variables])


def strays(parts: list[Part]) -> list[Part]:
    """
    Set aside rows that lie more than a year off from nearly all others: a clock that was wrong.

    Returns
    -------
    list of Part, without those rows
    """
    hours = np.concatenate([part.hours for part in parts]) if parts else np.empty(0, np.int64)
    if not len(hours):
        return parts
    unique, count = np.unique(hours, return_counts=True)
    cuts = np.flatnonzero(np.diff(unique) > YEAR_OF_HOURS) + 1
    total = np.add.reduceat(count, np.concatenate(([0], cuts)))
    island = np.searchsorted(cuts, np.searchsorted(unique, hours), side="right")
    lonely = (total < 0.01 * total.max())[island]
    kept, at = [], 0
    for part in parts:
        mask = lonely[at : at + len(part.hours)]
        at += len(part.hours)
        part.table.set_aside(part.rows[mask], "", "date lies more than a year from all other rows; the clock was wrong")
        kept.append(part.keep(~mask))
    return kept


def settle(parts: list[Part], intake: Intake) -> list[Part]:
    """
    Find duplicates and contradictions over all parts.

    Parameters
    ----------
    parts : list of Part, values in our units

    Returns
    -------
    list of Part: rows that count, contradicted values NaN
    """
    groups: dict[str, list[Part]] = {}
    for part in parts:
        groups.setdefault(part.variable or "", []).append(part)
    return [part for group in groups.values() for part in _settle_group(group, intake)]


def _settle_group(parts: list[Part], intake: Intake) -> list[Part]:
    wide = bool(parts[0].variable)
    heads = [tuple(part.stations) if wide else part.variables for part in parts]
    columns = sorted({name for head in heads for name in head})
    slots = [np.searchsorted(columns, head) for head in heads]
    keys = np.concatenate([part.hours for part in parts])
    if not wide:
        names, number = distinct(np.concatenate([part.stations for part in parts]))
        keys = keys * max(len(names), 1) + number
    order = np.argsort(keys, kind="stable")
    again = np.concatenate((keys[order][1:] == keys[order][:-1], [False]))
    again[1:] |= again[:-1].copy()
    if not again.any():
        return parts
    where = np.sort(order[again])  # positions, over all parts, of rows whose key occurs more than once
    first = np.cumsum([0] + [len(part.hours) for part in parts])
    owner = np.searchsorted(first, where, side="right") - 1
    values = np.full((len(where), len(columns)), np.nan)
    for at in np.unique(owner):
        mine = owner == at
        values[np.ix_(mine, slots[at])] = parts[at].values[where[mine] - first[at]]
    frame = pd.DataFrame(values)
    frame["key"] = keys[where]
    status = np.where(frame.duplicated().to_numpy(), DUPLICATE, USED)
    by_key = frame.groupby("key")
    spread = by_key.transform("max").to_numpy() - by_key.transform("min").to_numpy()
    clash = np.isfinite(values) & (np.nan_to_num(spread) > 0)
    if not wide:
        clash_row = clash.any(axis=1)
        # A row that is silent on the disputed variable stands.
        status[clash_row & (status == USED)] = QUARANTINED
    return [
        _apply(part, at, where, owner, first, status, clash, slots[at], wide, intake) for at, part in enumerate(parts)
    ]


def _apply(
    part: Part,
    at: int,
    where: Ints,
    owner: Ints,
    first: Ints,
    status: Ints,
    clash: Flags,
    slots: Ints,
    wide: bool,
    intake: Intake,
) -> Part:
    mine = np.flatnonzero(owner == at)
    rows = where[mine] - first[at]
    kept = np.ones(len(part.hours), bool)
    rule = "two different values for this station and hour"
    n_clash = 0
    for position, row in zip(mine, rows, strict=True):
        if status[position] == DUPLICATE:
            part.table.duplicate(part.rows[row])
            kept[row] = False
        elif clash[position].any():
            n_clash += int(clash[position].sum())
            bad = np.flatnonzero(clash[position][slots])
            if not wide:
                part.table.set_aside(part.rows[row], part.columns[bad[0]], rule)
                kept[row] = False
                continue
            for column in bad:
                part.table.set_aside_value(part.rows[row], part.columns[column], rule)
            part.values[row, bad] = np.nan
    if n_clash:
        intake.note(
            f"{part.table.name}: {n_clash} values contradict another row of the same station and hour; both set aside"
        )
    return part.keep(kept)


def to_series(parts: list[Part], wanted: Ints | None, utc_offset: float) -> tuple[list[str], Ints, dict[str, Floats]]:
    """
    Settled parts as arrays on one hourly axis.

    Parameters
    ----------
    wanted : int64[n_hour] or None
        UTC hours; None takes whole local days from the first to the last hour read.
    utc_offset : float
        The study's, for whole local days.

    Returns
    -------
    (stations, hours, values): sorted list of str, int64[n_hour], dict of variable -> float64[n_station, n_hour]
    """
    heads = [distinct(part.stations) for part in parts]
    stations = sorted({name for names, _ in heads for name in names})
    if wanted is None:
        seen = np.concatenate([part.hours for part in parts]) if parts else np.empty(0, np.int64)
        if not len(seen):
            return stations, seen, {}
        shift = round(utc_offset)
        start, stop = (seen.min() + shift) // 24 * 24 - shift, ((seen.max() + shift) // 24 + 1) * 24 - shift
        wanted = np.arange(start, stop, dtype=np.int64)
    values: dict[str, np.ndarray] = {}
    at_of = {name: at for at, name in enumerate(stations)}
    for part, (names, number) in zip(parts, heads, strict=True):
        at = np.minimum(np.searchsorted(wanted, part.hours), len(wanted) - 1)
        hit = np.flatnonzero(wanted[at] == part.hours)
        place = np.array([at_of[name] for name in names], dtype=np.int64)[number]
        for name in [part.variable] if part.variable else part.variables:
            series = values.setdefault(name, np.full((len(stations), len(wanted)), np.nan))
            if part.variable:
                rows, columns, new = np.repeat(at[hit], len(place)), np.tile(place, len(hit)), part.values[hit].ravel()
            else:
                rows, columns = at[hit], place[hit]
                new = part.values[hit, part.variables.index(name)]
            there = np.isfinite(new)  # one row of an hour may be silent where another speaks
            series[columns[there], rows[there]] = new[there]
    return stations, wanted, values
