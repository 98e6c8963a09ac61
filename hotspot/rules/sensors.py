"""
The numbers that decide when an hour of a sensor is doubted, how micro-stations are
set on the reference scale, and when a driven track says something about a cell.

The numeric parts of the ministry's guides for PM2.5 grid monitoring were not found
(STANDARDS 10.1), so what has no source is a proposal and says so.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from hotspot.rules.rule import Rule

FLAGS = (
    "impossible",
    "negative",
    "saturation",
    "spike",
    "rate_of_change",
    "flat_line",
    "zero_run",
    "repeated_day",
    "neighbours",
    "drift",
    "humidity",
    "pm25_above_pm10",
    "digits_heaped",
    "interference",
    "replaced",
    "excluded",
)


def _known(value: tuple[str, ...]) -> tuple[str, ...]:
    """Names of flags, or an error that lists those there are."""
    strange = sorted(set(value) - set(FLAGS))
    if strange:
        raise ValueError(f"{strange[0]!r} is no flag; there are: {', '.join(FLAGS)}")
    return value


KnownFlags = Annotated[tuple[str, ...], AfterValidator(_known)]


class Screening(Rule):
    """
    When an hour of a station gets a flag. METHODS 4, RELIABILITY C4.

    A flag never takes an hour out by itself: all valid data take part in statistics
    (GB 3095-2026 6.4). ``excluding_flags`` names the flags whose hours do not count.
    Concentrations are ug/m3 of PM2.5 or PM10.
    """

    UNSAID: ClassVar[tuple[str, ...]] = ("clock_hours",)

    excluding_flags: KnownFlags = ("impossible",)  # only what no air can be; more needs an accepted rule
    low: float = -5.0  # proposal (C4: 71): -1..-5 is the noise of a working instrument, below it a fault
    high: float = Field(2000.0, gt=0)  # the range of PM2.5 in variables.py; beyond it no instrument here reports
    saturation: float = Field(985.0, gt=0)  # C4: 72; 985 is the ceiling seen at a national point in CUMCM 2019 D
    # Spike (QARTOD spike test, "differential"): up and down again, or down and up, within one hour each.
    spike_height: float = Field(30.0, gt=0)  # proposal, ug/m3, and ...
    spike_ratio: float = Field(2.0, gt=0)  # proposal: ... in units of the local level (median of spike_hours)
    spike_hours: int = Field(13, ge=5)  # proposal: window of the local level, hours, odd
    spike_shared: float = Field(0.5, gt=0)  # proposal: no spike if the neighbours show this share of it
    change_per_hour: float = Field(150.0, gt=0)  # proposal: QARTOD rate of change, ug/m3 in one hour
    flat_hours: int = Field(6, ge=3)  # C4: 69, proposal there
    flat_tolerance: float = Field(0.0, ge=0)  # proposal: range within the hours, ug/m3
    flat_level: float = Field(10.0, ge=0)  # proposal: below it whole numbers repeat by rounding
    zero_hours: int = Field(7, ge=3)  # C4: 68: more than six hours of zero
    repeated_lookback_days: int = Field(7, ge=1)  # proposal: a copy of one of these days before
    repeated_hours: int = Field(12, ge=6)  # proposal: equal hours that make a copy
    # Neighbours: residual probability after Wu 2018 (10.1007/s00376-018-8067-9).
    neighbour_km: float = Field(15.0, gt=0)  # proposal
    neighbour_count: int = Field(8, ge=3)  # proposal: nearest stations looked at
    min_neighbours: int = Field(3, ge=2)  # proposal: with fewer there is no opinion
    residual_hours: int = Field(7, ge=3)  # proposal: window of the estimate from the station's own hours, odd
    residual_floor: float = Field(10.0, gt=0)  # proposal: ug/m3 added before the logarithm, so that 2 against 4 is calm
    residual_scale: float = Field(0.08, gt=0)  # proposal: least standard deviation of a residual, log units
    residual_probability: float = Field(1e-6, gt=0, lt=0.05)  # proposal; Wu 2018 marks 0.65-5.68 % of hours
    residual_z: float = Field(4.0, gt=0)  # proposal: and the neighbours must disagree this strongly,
    sustained_z: float = Field(3.0, gt=0)  # proposal: or in the median of ...
    sustained_hours: int = Field(25, ge=13)  # proposal: ... so many hours around, odd, this strongly
    # Drift: slope of the difference to the neighbours in the cleaner half of each day. C4: 74 plants +1 ug/m3 a day.
    drift_days: int = Field(21, ge=10)  # proposal: length of the window
    drift_per_day: float = Field(0.5, gt=0)  # proposal, ug/m3 per day
    drift_scatter: float = Field(5.0, gt=0)  # proposal: the change over the window in units of the scatter about it
    drift_tau: float = Field(0.6, gt=0, lt=1)  # proposal: Kendall's tau, how steadily it moves
    humid: float = Field(90.0, gt=0, le=100)  # C4: 75: bias above 90 to 95 % relative humidity
    heaped_share: float = Field(0.8, gt=0, le=1)  # proposal: share of values that are multiples of 5 or 10
    heaped_values: int = Field(72, ge=24)  # proposal: values of a month needed to say so
    # Possible interference. C4: 76: a sudden fall to 20-40 % of the neighbours.
    fall_ratio: float = Field(0.4, gt=0, lt=1)  # C4: 76, proposal there
    fall_from: float = Field(0.7, gt=0, le=1)  # proposal: at least this before the fall ...
    fall_recovered: float = Field(0.55, gt=0, le=1)  # proposal: the event lasts until the ratio is back here
    fall_hours: int = Field(2, ge=1)  # proposal: ... within so many hours; an event is as long at least
    fall_level: float = Field(20.0, gt=0)  # proposal: ug/m3 expected from the neighbours
    fall_longest: int = Field(72, ge=2)  # proposal: hours; what stays low longer is another fault
    humidity_rise: float = Field(5.0, gt=0)  # proposal: per cent against the neighbours' change: water near the inlet
    flow_fall: float = Field(0.1, gt=0, lt=1)  # STANDARDS 6: flow within 10 % of its set value
    office_hours: tuple[int, int] = (8, 18)  # proposal: local hours, half-open
    repeated_events: int = Field(3, ge=2)  # proposal: days with an event in office hours that make a habit
    clock_gain: float = Field(0.1, gt=0)  # proposal: correlation won by shifting a clock, C4: 64
    clock_lags: int = Field(12, ge=1)  # proposal: hours tried each way
    clock_hours: int = Field(
        240, ge=48
    )  # proposal: enough to tell a shifted clock from weather; half of them in common
    replacement: Literal["daily", "hourly"] = "daily"  # B19 「按日计算…当月最高值」: the month's highest day; or hour

    @field_validator("office_hours")
    @classmethod
    def _hours(cls, value: tuple[int, int]) -> tuple[int, int]:
        if not 0 <= value[0] < value[1] <= 24:
            raise ValueError(f"{value[0]} to {value[1]} are no hours of a day; give (8, 18)")
        return value


class Calibration(Rule):
    """Micro-stations on the reference scale. METHODS 4; targets of EPA/600/R-20/280 as METHODS 4 gives them."""

    UNSAID: ClassVar[tuple[str, ...]] = ("outlier",)

    collocated_km: float = Field(0.5, ge=0)  # proposal: nearer than this both breathe the same air
    max_km: float = Field(30.0, gt=0)  # proposal: references farther away are not asked
    references: int = Field(5, ge=2)  # proposal: nearest references averaged, weight 1/distance
    mixed_spread: float = Field(0.2, gt=0)  # proposal: references that differ by less: the air is mixed, compare
    envelope: float = Field(0.2, gt=0, lt=0.5)  # proposal: quantile of the ratio at which local sources are silent
    common_gain: float = Field(0.2, ge=0)  # proposal: a common gain nearer to 1 is not told from where stations stand
    min_hours: int = Field(72, ge=24)  # proposal: pairs without which a station has no calibration of its own
    shrink_hours: float = Field(168.0, ge=0)  # proposal: evidence the network's coefficients are worth
    block_days: int = Field(7, ge=1)  # proposal: blocks of the cross-validation; weather lasts days
    folds: int = Field(5, ge=3)  # proposal
    # Humidity growth 1 + kappa / (100/RH - 1), RH within bounds. Nilson 2022 (10.5194/amt-15-3315-2022): 0.24, 30..70.
    kappa: tuple[float, ...] = (0.0, 0.02, 0.05, 0.1, 0.24, 0.4)
    humidity_low: float = Field(30.0, ge=0, lt=100)  # Nilson 2022
    humidity_high: tuple[float, ...] = (70.0, 85.0, 95.0)  # 70: Nilson 2022; the others compete in cross-validation
    gain: float = Field(0.02, ge=0, lt=1)  # proposal: a richer form must lower the left-out error by this share
    # Proposal: robust spreads of log(reference / sensor) beyond which an hour does not teach.
    outlier: float = Field(4.0, gt=0)
    # Proposal: hours with these flags do not teach the calibration; they are calibrated all the same.
    unfit_flags: KnownFlags = (
        *("impossible", "saturation", "spike", "flat_line", "zero_run"),
        *("repeated_day", "neighbours", "interference", "replaced"),
    )

    @field_validator("kappa", "humidity_high")
    @classmethod
    def _physical(cls, value: tuple[float, ...], info: ValidationInfo) -> tuple[float, ...]:
        wrong = [number for number in value if not 0 <= number <= 100]
        if wrong or not value:
            raise ValueError(f"{wrong[0] if wrong else 'nothing'} is no {info.field_name}; give numbers of 0 to 100")
        return value

    slope: float = Field(0.35, gt=0)  # EPA target: slope within 1 +- 0.35
    intercept: float = Field(5.0, gt=0)  # EPA target: intercept within +-5 ug/m3
    r2: float = Field(0.70, gt=0, le=1)  # EPA target
    rmse: float = Field(7.0, gt=0)  # EPA target, ug/m3, or
    nrmse: float = Field(0.30, gt=0)  # EPA target, share of the reference mean


class Tracks(Rule):
    """Mobile monitoring. A7, D18."""

    drive_days: int = Field(8, ge=1)  # A7: at least 4 to 8 drive-days; the safe end
    few_drive_days: int = Field(4, ge=1)  # A7: from here a value is shown as preliminary
    visit_gap_minutes: float = Field(30.0, gt=0)  # proposal: a later return is another visit
    min_samples: int = Field(5, ge=1)  # proposal: samples of a day that make a drive-day in a cell
    max_speed: float = Field(40.0, gt=0)  # proposal: m/s between two fixes; faster is a jump of the receiver
    max_share: float = Field(0.1, gt=0, le=1)  # proposal: tolerated standard error of a cell's mean, share of it
