"""What a product of the calendar is made of: the ledger at the period's end, the air, responses, targets, lists."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from hotspot.grid.city_files import city_files
from hotspot.ledger.answers.past import CellPast, pasts_of
from hotspot.ledger.assessment.figures import Facts, facts
from hotspot.ledger.chain.store import Ledger
from hotspot.rank.city.air import aqi_days
from hotspot.rules.calendar import month_minus
from hotspot.rules.index import SIX
from hotspot.rules.periods import Period, before
from hotspot.rules.standards import standard_of_month
from hotspot.sources.calendar_tables import READERS, alert_on
from hotspot.sources.intake import Intake, NothingDelivered
from hotspot.study import Study


@dataclass(frozen=True)
class Desk:
    """
    Everything that products of one period draw on; read when it is asked for, and once.

    ``whole``: the ledger at the period's end; ``now``, ``before``: what began in it and in the one before.
    """

    study: Study
    period: Period
    ledger: Ledger
    home: Path
    intake: Intake

    @property
    def asof(self) -> str:
        """The end of the period, at which everything is judged."""
        return str(self.period.end.isoformat(timespec="minutes"))

    @cached_property
    def head(self) -> str:
        """The chain's last entry that a product rests on: that one was sent changes no product made again."""
        resting = [entry.hash for entry in self.ledger.entries() if entry.kind not in ("sent", "unit", "person")]
        return resting[-1][:16] if resting else ""

    @cached_property
    def places(self) -> dict[str, tuple[str, str]]:
        """Cell -> (city, county)."""
        cells = self.study.cells
        named = (cells[name].values.astype(str).tolist() for name in ("cell", "city", "county"))
        return {cell: (city, county) for cell, city, county in zip(*named, strict=True)}

    @cached_property
    def cities(self) -> list[str]:
        """The study's cities, in order of their codes."""
        return list(city_files(self.study.cells))

    @cached_property
    def whole(self) -> Facts:
        """The ledger at the period's end."""
        criteria = self.study.criteria
        days = criteria.handover.rectify_days
        return facts(self.ledger, self.asof, criteria.clocks, self.places, rectify_days=days)

    @cached_property
    def now(self) -> Facts:
        """What began in the period."""
        return self.whole.between(self.period.first, self.period.end)

    @cached_property
    def before(self) -> Facts:
        """What began in the period before, as it stood at that one's end."""
        one, criteria = before(self.period), self.study.criteria
        asof = one.end.isoformat(timespec="minutes")
        days = criteria.handover.rectify_days
        then = facts(self.ledger, asof, criteria.clocks, self.places, rectify_days=days)
        return then.between(one.first, one.end)

    def pasts(self, cells: list[str]) -> dict[str, CellPast]:
        """What lies behind cells at the period's end."""
        return pasts_of(self.ledger, cells, self.asof, self.study.criteria.clocks)

    def table(self, name: str) -> pd.DataFrame | None:
        """A table of ``[loop]``, or None where the study names none."""
        given = getattr(self.study.loop, name)
        return None if given is None else READERS[name](self.study.root, given, self.intake)

    @cached_property
    def days(self) -> pd.DataFrame:
        """Day means of units as far as they are delivered: ``unit, day`` and the six."""
        days = self.table("days")
        days = _station_days(self) if days is None else days
        return days.groupby(["unit", "day"], sort=True)[list(SIX)].mean().reset_index()

    @cached_property
    def air(self) -> pd.DataFrame:
        """AQI of units and days by the standard of the period's month."""
        month = f"{self.period.first:%Y-%m}"
        return aqi_days(self.days, standard_of_month(month).aqi)

    def air_between(self, first: pd.Timestamp, end: pd.Timestamp) -> pd.DataFrame:
        """The part of ``air`` from a day to another, the end not inside."""
        return self.air[(self.air["day"] >= f"{first:%Y-%m-%d}") & (self.air["day"] < f"{end:%Y-%m-%d}")]

    @cached_property
    def alert(self) -> dict[str, Any] | None:
        """The heavy-pollution response in force on the period's last day, or None."""
        alerts = self.table("alerts")
        return None if alerts is None else alert_on(alerts, f"{self.period.end - pd.Timedelta(days=1):%Y-%m-%d}")


def _station_days(desk: Desk) -> pd.DataFrame:
    """Where no table of days is delivered: PM2.5 and what else the study's reference stations measured."""
    from hotspot.deliveries.opening import open_months
    from hotspot.quality.means.completeness import daily_means
    from hotspot.quality.plausible.gate import admit
    from hotspot.quality.signed.decisions import kinds_to_open

    study, month = desk.study, f"{desk.period.first:%Y-%m}"
    empty = pd.DataFrame(columns=["unit", "point", "day", *SIX])
    parts = []
    for name in (month_minus(month, 12), month):
        try:
            kinds = kinds_to_open(study, "reference")
            stations = admit(open_months(study, [name], intake=desk.intake, kinds=kinds), [name]).reference
        except NothingDelivered:
            continue
        if stations is None:
            continue
        code = np.atleast_1d(study.grid.code(*study.grid.locate(stations["lon"].values, stations["lat"].values)))
        frame = None
        for variable in (one for one in SIX if one in stations and one != "o3"):
            means = daily_means(
                stations, utc_offset=study.utc_offset, validity=study.criteria.validity, variable=variable
            )
            column = means[variable].to_series().rename(variable)
            frame = column.to_frame() if frame is None else frame.join(column)
        if frame is None:
            continue
        city = {
            str(station): desk.places.get(str(cell), ("", ""))[0]
            for station, cell in zip(stations["station"].values, code, strict=True)
        }
        frame = frame.reset_index().rename(columns={"station": "point"})
        frame["unit"], frame["day"] = frame["point"].astype(str).map(city), frame["day"].dt.strftime("%Y-%m-%d")
        parts.append(frame[frame["unit"] != ""])
    table = pd.concat(parts, ignore_index=True) if parts else empty
    return table.reindex(columns=["unit", "point", "day", *SIX])
