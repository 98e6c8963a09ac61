"""
The records that go from room to room: what was delivered, what a year and a month came to, what an alarm is.

Each is frozen and checked when it is made; a fault is named there, not five rooms later.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from hotspot.contracts.fields import Field, compared_months, months_in, pollutant_of
from hotspot.rules.pollutants import of_study
from hotspot.rules.reasons import months_back
from hotspot.variables import DataError

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    import numpy as np
    import pandas as pd
    import xarray as xr
    from numpy.typing import NDArray

    from hotspot.study import Study

ALARM_COLUMNS = (
    "alarm", "cell", "sub_cell", "start", "end", "hours", "peak", "mean", "neighbours", "ratio", "z", "state", "why",
)  # fmt: skip
SUPPRESSED, UNCONFIRMED, PUSHED = "suppressed", "unconfirmed", "pushed"
STATES = (PUSHED, UNCONFIRMED, SUPPRESSED)


class Account(Protocol):
    """What became of every delivered row: ``sources.intake.Intake``."""

    files: dict[str, Any]
    notes: list[str]
    once: Any

    @property
    def counts(self) -> Mapping[str, int]: ...

    def note(self, text: str) -> None: ...

    def check(self) -> None: ...

    def register(self, path: "Path") -> Any: ...


@dataclass(frozen=True, eq=False, repr=False)
class Delivered:
    """
    What was delivered for a month (``"2020-02"``) or a year (``"2020"``), already accounted for.

    satellite : DataArray (time, y, x) or None
    reference : Dataset (station, time) of regulatory stations, or None
    stations : Dataset (station, time) of micro-stations, or None
    weather : Dataset (time, ...) or None
    facilities : GeoDataFrame, empty where there are none; None where they were not asked for
    intake : Intake, the record of the reading
    """

    study: "Study"
    month: str
    satellite: "xr.DataArray | None"
    reference: "xr.Dataset | None"
    stations: "xr.Dataset | None"
    weather: "xr.Dataset | None"
    facilities: "gpd.GeoDataFrame | None"
    intake: Account

    def __post_init__(self) -> None:
        for name, dims in (
            ("satellite", ("time", "y", "x")),
            ("reference", ("station", "time")),
            ("stations", ("station", "time")),
            ("weather", ("time",)),
        ):
            part = getattr(self, name)
            had = getattr(part, "dims", ())
            if part is not None and not set(dims) <= set(had):
                raise DataError(
                    f"{self.month}: {name} lies along {', '.join(map(str, had)) or 'nothing'}; give it along "
                    f"{', '.join(dims)}, or None where it was not delivered."
                )

    def __repr__(self) -> str:
        parts = [f"{kind} {_size(getattr(self, kind))}" for kind in ("satellite", "reference", "stations", "weather")]
        parts.append(f"facilities {'-' if self.facilities is None else len(self.facilities)}")
        rows = ", ".join(f"{name} {n:,}" for name, n in self.intake.counts.items() if n)
        study = getattr(self.study, "id", "?")
        return (
            f"Delivered {self.month} of {study}: {', '.join(parts)}\n"
            f"  rows: {rows or 'none counted'}; {len(self.intake.files)} files, {len(self.intake.notes)} notes"
        )


# As it is called where one month is meant.
Month = Delivered


@dataclass(frozen=True, eq=False)
class Standing:
    """How every cell stands before the quota of a yearly list; arrays over cells."""

    city: "NDArray[np.str_]"
    area: "NDArray[np.float64]"  # m2 inside the owner city
    city_area: dict[str, float]  # m2
    pm25: "NDArray[np.float64]"  # annual mean, ug/m3
    level: "NDArray[np.float64] | None"  # ug/m3; None where the second criterion was not applied at all
    eligible: "NDArray[np.bool_]"
    rank_pm25: "NDArray[np.int64]"  # 1 for the highest of its city (of the region, unless the quota is per city)
    rank_level: "NDArray[np.int64]"  # -1 where the cell has no level
    order: "NDArray[np.int64]"  # positions of the eligible cells, heaviest first
    why: str = ""  # there is no level at all
    by: str = "stagnant"  # what the level is: inversion, contrast, ...


@dataclass(frozen=True, eq=False)
class Year:
    """
    A yearly selection before anything is written.

    hot : DataFrame, the list
    diff : DataFrame of what changed, or None without a list of the year before
    annual : Field (cell)
    months : DataArray (cell, time), valid monthly means of the basis year, or None
    level : Dataset (cell, time), or None where the second criterion is left out
    standing : Standing
    """

    hot: "pd.DataFrame"
    diff: "pd.DataFrame | None"
    annual: Field
    months: "xr.DataArray | None"
    level: "xr.Dataset | None"
    standing: Standing

    def __post_init__(self) -> None:
        _columns(self.hot, ("cell", "city", "status"), "hotspot list")
        if "time" in self.annual.dims:
            raise DataError("year: annual has months; give the mean of the year (annual_field).")
        strange = sorted(set(self.hot["cell"]) - set(self.annual["cell"].values.tolist()))
        if strange:
            raise DataError(f"hotspot list: {strange[0]} is no cell of the year's field; select on the same lattice.")


@dataclass(frozen=True, eq=False)
class Derived:
    """
    What one month came to, before anything is written.

    delivered : Delivered, what it was made from
    field : Field (cell, time) of M-12, M-1, M
    history : Field (cell, time), the thirteen months M-12 .. M
    hot, warned, not_ranked, standing, leaders : DataFrame: the hotspot list that was applied, the warning list, who was
        left out, every ranked hotspot cell, the ten first of each class for the report
    gi, emerging : Dataset (cell): clusters of the month, and how they came about, None where nobody can say
    traced, checklist, inventory, routes : DataFrame: sources, what to look for, every facility with its cell or the
        reason why it has none, the visiting plan of every city and of every warned cell
    fine : DataFrame of the warned cells' sub-cells of 500 m; None without micro-stations
    backdrop : GeoDataFrame of rivers and roads for printed maps, or None
    people : dict of cell -> who answers for it, from the register of the network; empty without one
    past : dict of cell -> lines of what lies behind it, as the ledger knew it; see ``ledger.answers.past``
    layers : GeoDataFrame of fires and bare soil seen by satellites, None where the study delivers none
    seen : dict of cell -> sentences on them (``trace.visits.seen_beside.Seen``); evidence, never a rank
    days : Dataset (cell, day) of the hotspot cells in the month, scaled to its mean; None where no days were delivered
    """

    delivered: Delivered
    field: Field
    history: Field
    hot: "pd.DataFrame"
    warned: "pd.DataFrame"
    not_ranked: "pd.DataFrame"
    standing: "pd.DataFrame"
    leaders: "pd.DataFrame"
    gi: "xr.Dataset"
    emerging: "xr.Dataset | None"
    traced: "pd.DataFrame"
    checklist: "pd.DataFrame"
    inventory: "pd.DataFrame"
    routes: "pd.DataFrame"
    fine: "pd.DataFrame | None"
    backdrop: "gpd.GeoDataFrame | None"
    people: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    past: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    layers: "gpd.GeoDataFrame | None" = None
    seen: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    days: "xr.Dataset | None" = None

    def __post_init__(self) -> None:
        month = self.delivered.month
        have = months_in(self.field)
        wanted = compared_months(month, months_back(self.delivered.study.criteria.warning.k))
        if sorted(have) != sorted(wanted):
            raise DataError(
                f"{month}: the field holds {', '.join(have)}; a month is published from {', '.join(wanted)}."
            )
        for name in ("field", "history"):
            of, asked = pollutant_of(getattr(self, name)), of_study(self.delivered.study)
            if of.name != asked.name:
                raise DataError(
                    f"{month}: the {name} is of {of.name}, the study of {asked.name}; rank the study's own."
                )
        if max(months_in(self.history), default="") != month:
            raise DataError(f"{month}: its history does not end with it; give the thirteen months up to {month}.")
        for name in ("warned", "not_ranked", "standing"):
            table = getattr(self, name)
            _columns(table, ("month", "city", "cell", "reason"), name)
            others = sorted(set(table["month"]) - {month})
            if others:
                raise DataError(f"{month}: {name} has rows of {others[0]}; rank the field of {month}.")
        strange = sorted(set(self.warned["cell"]) - set(self.hot["cell"]))
        if strange:
            raise DataError(f"{month}: {strange[0]} is warned of and no hotspot cell; warn of cells of the list only.")


def alarms(table: "pd.DataFrame") -> "pd.DataFrame":
    """
    A table of alarms, checked: one row is one alarm of one cell.

    Parameters
    ----------
    table : DataFrame of ``ALARM_COLUMNS``

    Returns
    -------
    DataFrame, the same

    Raises
    ------
    DataError
        A column is lacking, a state is none of ``STATES``, an id stands twice, or an alarm ends before it begins.

    Examples
    --------
    >>> import pandas as pd
    >>> alarms(pd.DataFrame({"alarm": ["A1"]}))
    Traceback (most recent call last):
    hotspot.variables.DataError: alarms: column cell is lacking; ...
    """
    _columns(table, ALARM_COLUMNS, "alarms")
    strange = sorted(set(table["state"]) - set(STATES))
    if strange:
        raise DataError(f"alarms: state {strange[0]!r} is none of {', '.join(STATES)}.")
    twice = table.loc[table["alarm"].duplicated(), "alarm"]
    if len(twice):
        raise DataError(f"alarms: {twice.iloc[0]} stands twice; give it once.")
    backwards = table["end"] <= table["start"]
    if backwards.any():
        raise DataError(f"alarms: {table.loc[backwards, 'alarm'].iloc[0]} ends before it begins; start, end are hours.")
    return table


def _columns(table: Any, names: tuple[str, ...], what: str) -> None:
    if not hasattr(table, "columns"):
        raise DataError(f"{what}: a {type(table).__name__} is no table; give a DataFrame of {', '.join(names)}.")
    for name in names:
        if name not in table.columns:
            raise DataError(f"{what}: column {name} is lacking; it has {', '.join(map(str, table.columns)) or 'none'}.")


def _size(part: Any) -> str:
    return "-" if part is None else " x ".join(f"{n:,} {name}" for name, n in part.sizes.items())
