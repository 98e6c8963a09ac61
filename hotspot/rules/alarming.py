"""
The numbers that decide when an hour of a 500 m cell is an alarm, and which hours of
the day and days of the week of a cell stand out.

What the programme published: the alarm is "markedly above the surrounding cells"
(People's Daily, 2020-03-31), Tongzhou's rule is 50 % above three neighbours, and the
load was about 1.5 alarms per instrumented cell and month (C11). The rest is proposed.
"""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from hotspot.rules.rule import Rule
from hotspot.rules.sensors import KnownFlags
from hotspot.rules.standards import STANDARDS, standard_on

_DAY = STANDARDS["2012+2018"]


class Alarms(Rule):
    """METHODS 10, 19: above the neighbours AND above what was expected AND lasting AND floor. ug/m3."""

    UNSAID: ClassVar[tuple[str, ...]] = (
        "budget_last_hours", "budget_past_hours", "regional_hours", "fit_hours", "fit_clip", "spread_clip",
    )  # fmt: skip

    # E2 「环境空气质量自动监测站点数据触发报警条件」: reference stations may alarm too.
    roles: tuple[Literal["micro", "reference"], ...] = Field(("micro",), min_length=1)

    ratio: float = Field(1.5, gt=1)  # Tongzhou's published rule: 50 % above the neighbours
    z_min: float = Field(1.0, gt=0)  # proposal: never lower, whatever the budget allows
    min_hours: int = Field(2, ge=1)  # proposal: hours in a row
    # Proposal: the first-grade daily limit; with the second grade's clean months have no alarm worth going for and
    # the budget stays unspent. These two and ``persistent_floor`` follow the standard, see ``on``.
    floor: float = Field(_DAY.limit("pm25", "day", 1), ge=0)
    full_level: float = Field(_DAY.limit("pm25", "day"), gt=0)  # second grade; below it z counts for less (square)
    # Proposal: of a calibrated station so many of its stated errors must be taken off and still leave the ratio
    # and the floor; fewer where what it usually reads beside its neighbours was taken off first, for most of an
    # instrument's error stays the same for days: ...
    surely: float = Field(0.75, ge=0)
    surely_usual: float = Field(0.35, ge=0)
    usual_share: float = Field(0.3, gt=0, le=1)  # ... a level that each day's median moves so far on its way, ...
    usual_hours: int = Field(8, ge=1)  # ... not with fewer hours of the day, ...
    usual_days: int = Field(3, ge=1)  # ... and unknown before so many days
    neighbours: int = Field(6, ge=3)  # proposal: nearest stations whose median is "the surroundings"
    min_neighbours: int = Field(3, ge=2)  # three in Tongzhou's rule; with fewer there is no alarm
    neighbour_km: float = Field(15.0, gt=0)  # proposal
    # What a place should read (METHODS 19); chosen on worlds that docs/alarms.md does not report on.
    expect_stations: int = Field(8, ge=1)  # proposal: neighbours that speak for a station
    fit_weeks: int = Field(6, ge=2)  # proposal: weeks of the past that teach how they speak
    ridge_hours: float = Field(20.0, gt=0)  # proposal: strength of the ridge
    fit_hours: int = Field(100, ge=24)  # proposal: hours of a station without which nothing is expected of it
    fit_clip: float = Field(2.5, gt=0)  # proposal: robust scatters beyond which an hour does not pull the fit ...
    spread_clip: float = Field(24.0, gt=0)  # ... and beyond which it does not widen the spread
    spread_weeks: int = Field(8, ge=2)  # proposal: weeks whose like hours say how unusual the rest is
    like_hours: float = Field(3.0, gt=0)  # proposal: width in hours of the day,
    like_angle: float = Field(0.4, gt=0)  # proposal: ... in radians of the wind's direction
    spread_hours: float = Field(5.0, gt=0)  # proposal: like hours that the place's overall spread is worth
    scatter_floor: float = Field(0.10, gt=0)  # proposal: least spread of the logarithm
    merge_hours: int = Field(3, ge=0)  # proposal: a pause of so many hours does not end an episode
    # METHODS 10: never on an unsupported sub-cell. "supported" adds sub-cells beside a station by the 500 m field; on
    # the synthetic study it gave no episode more and a fifth of its alarms had no local source (docs/alarms.md).
    support: Literal["measured", "supported"] = "measured"
    budget: float = Field(1.5, gt=0)  # C11: pushed alarms per instrumented cell and month
    budget_weeks: int = Field(6, ge=2)  # proposal: weeks that say what the rest of a month will bring
    # Proposal: what is left of a budget is meant to be spent in this share of what is left of the month, for a lull
    # at the end cannot be made up; ...
    budget_pace: float = Field(0.85, gt=0, le=1)
    budget_feedback: float = Field(2.0, ge=0)  # ... in less by this multiple of how far the spending is behind, ...
    budget_fastest: float = Field(0.2, gt=0, le=1)  # ... and never in less than this share, however far
    budget_last_hours: int = Field(24, ge=1)  # proposal: what is left is not thrown after the last hours of a month
    budget_past_hours: int = Field(24, ge=1)  # proposal: a rate is taken over no fewer hours of the past
    naive_neighbours: int = Field(3, ge=1)  # Tongzhou's rule, computed beside ours ...
    naive_km: float = Field(20.0, gt=0)  # ... for stations that have so many within it; what is farther is no neighbour

    # Persistent highs (LOOP 11): per sub-cell and local week.
    persistent_floor: float = Field(_DAY.limit("pm25", "day"), ge=0)  # LOOP 11; second-grade daily limit
    persistent_hours: int = Field(17, ge=1, le=168)  # proposal of LOOP 11: 10 % of 168
    persistent_days: int = Field(3, ge=1, le=7)  # proposal of LOOP 11
    persistent_close: int = Field(2, ge=1)  # LOOP 11: closes when two weeks pass without it
    persistent_budget: float = Field(0.5, gt=0)  # proposal: items sent per instrumented cell and week, at most
    # Proposal: a station with an hour so doubted in the 28 days up to the week's end, or silent for so many hours in
    # a row, is an instrument to look at first, besides those doubted for an alarm.
    persistent_doubts: KnownFlags = ("negative", "digits_heaped")
    persistent_silent: int = Field(24, ge=1)

    # What is not local (METHODS 10). A reason counts if it holds in half of the alarm's hours.
    regional_km: float = Field(40.0, gt=0)  # proposal: other cells' stations within it are asked
    regional_stations: int = Field(30, ge=3)  # proposal: so many of them at most, the nearest
    regional_share: float = Field(0.5, gt=0, le=1)  # proposal: so many of them rose ...
    regional_rise: float = Field(1.4, gt=1)  # proposal: ... to this multiple of their own last day's median
    regional_hours: int = Field(12, ge=1, le=24)  # proposal: known hours of that day, or nobody says that it rose
    regional_exempt: float = Field(2.5, gt=1)  # proposal: so far above its neighbours it is local all the same
    # Proposal, ug/m3: second-grade daily limit of PM10 (of 2012, whatever holds: dust knows no law), and ...
    dust_pm10: float = Field(_DAY.limit("pm10", "day"), gt=0)
    dust_ratio: float = Field(0.35, gt=0, lt=1)  # proposal: ... PM2.5 / PM10 below it, at ...
    dust_share: float = Field(0.5, gt=0, le=1)  # proposal: ... this share of the stations around: dust from afar
    fog_exempt: float = Field(4.0, gt=1)  # proposal: farther above its neighbours than droplets ever make it
    fog_humidity: float = Field(95.0, gt=0, le=100)  # RELIABILITY C4 75: above 90-95 % droplets are counted
    # Hours with these doubts of the screen make an alarm "unconfirmed" (RELIABILITY C4 73), never deleted.
    doubtful_flags: KnownFlags = (
        "impossible",
        "saturation",
        "spike",
        "flat_line",
        "zero_run",
        "repeated_day",
        "drift",
        "interference",
        "pm25_above_pm10",
    )
    # Proposal: a place that disagreed with its neighbours in so many of the last 24 hours is an instrument to look
    # at, no episode: planted ones last 3 to 9.
    disagree_hours: int = Field(10, ge=1)
    # Proposal: one hour this far above the neighbours is listed as unconfirmed though it did not last.
    spike_ratio: float = Field(5.0, gt=1)

    def on(self, date: str | np.datetime64) -> "Alarms":
        """
        The rule for data of a local date: floors the study does not set are limits of the standard that holds then.

        Examples
        --------
        >>> Alarms().on("2026-02-28").persistent_floor, Alarms().on("2026-03-01").persistent_floor
        (75.0, 60.0)
        >>> Alarms(persistent_floor=80).on("2026-03-01").persistent_floor
        80.0
        """
        standard = standard_on(date)
        limits = {
            name: standard.limit("pm25", "day", grade)
            for name, grade in (("floor", 1), ("full_level", 2), ("persistent_floor", 2))
            if name not in self.model_fields_set
        }
        return self.model_copy(update=limits)


class Abnormal(Rule):
    """D19, C2: hours of the day and days of the week in which a cell stands out against its city."""

    level: float = Field(0.95, gt=0.5, lt=1)  # proposal, jointly over all hours (or weekdays) of a cell
    least: float = Field(0.10, ge=0)  # proposal: an excess below 10 % is not worth a visit
    min_days: int = Field(20, ge=10)  # proposal: days of data behind an hour of the day
    min_weeks: int = Field(8, ge=4)  # proposal: days of data behind a day of the week
    least_level: float = Field(5.0, gt=0)  # proposal, ug/m3: below it a ratio of whole numbers is noise
    least_cells: int = Field(2, ge=1)  # proposal: other cells of the city that must report
    least_hours: int = Field(18, ge=1, le=24)  # proposal: hours of a day behind its mean
    block_days: int = Field(5, ge=1, le=31)  # METHODS 9: blocks of the bootstrap
    n_draws: int = Field(1000, ge=200)  # proposal
    seed: int = 20180828
