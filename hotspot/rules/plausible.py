"""The numbers of the plausibility gate. METHODS 20; no document publishes any, so all of it is a proposal."""

from typing import ClassVar

from pydantic import Field

from hotspot.rules.rule import Rule


class Plausible(Rule):
    """
    When a delivered series is held back before it enters a field. METHODS 20, RELIABILITY C4 and G.

    Chosen on Beijing 2015-16, Wuhan 2020 (no stop in 1,104 station-months) and synthetic seeds 1 to 6;
    reported on others (docs/trusting-a-delivery). All proposals.
    """

    UNSAID: ClassVar[tuple[str, ...]] = (
        "told_hours", "sun_hours", "level_add", "ppb", "unit_jump", "drift_moved", "drift_steady", "drift_hours",
        "drift_days", "drift_day_hours", "drift_clean", "swap_stations", "far_share", "far_r", "datum_m", "datum_ratio",
    )  # fmt: skip

    neighbours: int = Field(8, ge=2)  # nearest stations whose median a station is held against
    neighbour_km: float = Field(60.0, gt=0)
    min_neighbours: int = Field(3, ge=2)  # with fewer that reported, an hour is not assessed
    min_hours: int = Field(120, ge=24)  # of a month, with fewer nothing is said of the month
    # A finding stops a month where the station's mean would move by more than both.
    effect_share: float = Field(0.05, gt=0)
    effect_floor: float = Field(2.0, gt=0)  # ug/m3
    scale_hours: int = Field(24, ge=1)  # hours a thousand times off
    scale_decades: float = Field(0.6, gt=0, lt=1.5)  # how near to a factor of 1000 that is, in powers of ten
    least_air: float = Field(0.5, gt=0)  # ug/m3: as a median no air has it (readings.check_scale)
    # Local hours of which level and effect are told (ozone: those of the daily maximum), and ug/m3 that a level adds to
    # both sides, so that the little of a street's night does not count as much as a noon.
    told_hours: tuple[int, int] = (0, 24)
    sun_hours: tuple[int, int] = (0, 24)  # in which the network's mean is largest (ozone): else every clock is off
    level_add: float = Field(0.0, ge=0, le=100)
    ppb: float = Field(0.0, ge=0)  # ug/m3 of one ppb (298.15 K); 0 where nothing is measured in ppb, and ...
    unit_jump: float = Field(1.4, gt=1)  # ... a jump from here on that such a unit explains is noted
    level_ratio: float = Field(3.0, gt=1)  # month of a station over its neighbours; largest real one 2.10
    level_jump: float = Field(2.5, gt=1)  # the same, against its usual month; largest real one 2.04
    network_ratio: float = Field(2.5, gt=1)  # stations over satellite, the median of all
    stuck_hours: int = Field(24, ge=6)  # hours in a row of one value
    cap_hours: int = Field(6, ge=2)  # hours at the top of the range
    repeated_share: float = Field(0.9, gt=0.5, le=1)  # equal hours that make a month a copy
    repeated_days: int = Field(3, ge=1)  # copied days in a month that stop it; a real month has none
    clock_lags: int = Field(12, ge=1)  # hours tried each way
    clock_gain: float = Field(0.1, gt=0)  # correlation won
    clock_r: float = Field(0.35, gt=0, lt=1)  # least correlation at the best lag
    clock_z: float = Field(4.0, gt=0)  # of its error, a lag below three hours; a note
    drift_floor: float = Field(11.0, gt=0)  # ug/m3 off the neighbours in clean hours, at the end of the month
    drift_moved: float = Field(0.7, gt=0)  # of that floor, from the first third of the month to the last
    drift_steady: float = Field(0.1, gt=0, lt=1)  # of that way, gone in the middle third; half in a straight drift
    drift_hours: int = Field(100, ge=24)  # of a third, and days with both values, without which nothing is fitted
    drift_days: int = Field(15, ge=5)
    drift_day_hours: int = Field(12, ge=1, le=24)  # of a day with both values, without which it is no day of the fit
    # Cleanest share of the hours: what an instrument adds stands there undiluted, what air adds is gone.
    drift_clean: float = Field(0.2, gt=0, lt=1)
    drift_slope: float = Field(0.45, gt=0)  # ug/m3 a day
    drift_t: float = Field(2.0, gt=0)  # in units of the slope's error
    swap_z: float = Field(2.5, gt=0)  # likelihood won by exchanging two places, in units of its error
    swap_left_z: float = Field(1.0, gt=0)  # the most that another exchange may win afterwards
    swap_told: float = Field(0.6, gt=0, lt=1)  # pairs whose exchange would show, as a share, or nothing is said
    swap_km: float = Field(12.0, gt=0)  # nearer places are not told apart
    swap_stations: int = Field(6, ge=4)  # and stations that report an hour, without which nothing is told
    far_share: float = Field(0.2, gt=0, lt=1)  # stations beyond the study's reach, up to which they are strays
    far_r: float = Field(0.6, gt=0)  # of the study's usual correlation, from which a stray is one of its own
    datum_m: float = Field(50.0, gt=0)  # off by more as declared, a tenth of a sub-cell, and ...
    datum_ratio: float = Field(2.0, gt=1)  # ... by more times than by the best datum: that one is asked about
    datum_stations: int = Field(3, ge=2)  # stations of a list of known places, to tell a datum
    layer_values: int = Field(16, ge=4)  # pixels that a layer needs for a repetition to mean something
    copy_r: float = Field(0.998, gt=0.9, le=1)  # correlation of two layers that are one; real months reach 0.9966
    noisy_r: float = Field(0.98, gt=0.9, le=1)  # the same of a copy with noise over it, which leaves no pattern:
    noisy_left: float = Field(0.12, gt=0, lt=1)  # Moran's I of what is left; of real months .19 and more
