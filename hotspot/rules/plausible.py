"""The numbers of the plausibility gate. METHODS 20; no document publishes any, so all of it is a proposal."""

from pydantic import Field

from hotspot.rules.rule import Rule


class Plausible(Rule):
    """
    When a delivered series is held back before it enters a field. METHODS 20, RELIABILITY C4 and G.

    Chosen on Beijing 2015-16, Wuhan 2020 (no stop in 1,104 station-months) and synthetic seeds 1 to 6;
    reported on others (docs/trusting-a-delivery). All proposals.
    """

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
    drift_slope: float = Field(0.45, gt=0)  # ug/m3 a day
    drift_t: float = Field(2.0, gt=0)  # in units of the slope's error
    swap_z: float = Field(4.5, gt=0)  # won by exchanging two places, in units of its error
    swap_quick_z: float = Field(2.0, gt=0)  # the same by what is quick alone
    swap_left_z: float = Field(3.5, gt=0)  # the most that exchanges of others may win
    swap_km: float = Field(12.0, gt=0)  # nearer places are not told apart
    swap_fit: float = Field(0.25, gt=0, lt=1)  # how far likeness follows nearness where anything can be told
    datum_stations: int = Field(3, ge=2)  # stations of a list of known places, to tell a datum
    layer_values: int = Field(16, ge=4)  # pixels that a layer needs for a repetition to mean something
    copy_r: float = Field(0.998, gt=0.9, le=1)  # correlation of two layers that are one; real months reach 0.9963
