"""
The numbers that decide who is on a list, as one frozen object per study.

Each field names its clause (REQUIREMENTS ids), its standard, or the word
"proposal" where the programme publishes nothing and we propose a value.
A rule profile (``profiles/*.toml``) sets them for a jurisdiction; a study may
override any of them in its own file, and both are printed in the manifest.
"""

from typing import Literal

from pydantic import Field, field_validator

from hotspot.rules.alarming import Abnormal, Alarms
from hotspot.rules.cadence import Cadence
from hotspot.rules.evidence import Evidence
from hotspot.rules.loop import (
    Assessment,
    Cases,
    CityRanking,
    Clocks,
    Events,
    Handover,
    Holds,
    IndexLadder,
    Interventions,
    ShareLadder,
    Targets,
)
from hotspot.rules.network import Network
from hotspot.rules.plausible import Plausible
from hotspot.rules.reasons import OURS, REASONS
from hotspot.rules.rule import Rule
from hotspot.rules.sensors import Calibration, Screening, Tracks
from hotspot.rules.standards import STANDARDS
from hotspot.rules.tracing import Tracing
from hotspot.rules.visiting import Visiting

_TABLE_4 = STANDARDS["2026-transition"].validity  # the numbers of 2012 and of both stages of 2026


class Validity(Rule):
    """When a mean counts. GB 3095-2026 table 4 (clause 6.4); GB 3095-2012 has the same numbers."""

    day_hours: int = Field(_TABLE_4["day_hours"], ge=1, le=24)
    month_days: int = Field(_TABLE_4["month_days"], ge=1, le=31)
    february_days: int = Field(_TABLE_4["february_days"], ge=1, le=29)
    year_days: int = Field(_TABLE_4["year_days"], ge=1, le=366)
    # Proposal: clouds leave fewer days to a satellite than to a station.
    satellite_month_days: int = Field(10, ge=1, le=31)
    # Proposal: months of twelve that a year of monthly products must hold.
    product_year_months: int = Field(12, ge=1, le=12)
    # Proposal: share of a cell's area that must have been seen.
    min_coverage: float = Field(0.5, gt=0, le=1)


class Selection(Rule):
    """The yearly hotspot list. D4, D5, D6."""

    quota_share: float = Field(0.10, gt=0, le=1)  # D5: about 10 % of the city's area
    quota_mode: Literal["per_city", "regional", "mixed"] = "per_city"  # D6: three readings
    floor_share: float = Field(0.03, ge=0, le=1)  # proposal, mixed mode: least share of a city
    cap_share: float = Field(0.20, gt=0, le=1)  # proposal, mixed mode: largest share of a city
    # D2 selects on the year before; "same_year" only where no other year was delivered.
    basis: Literal["previous_year", "same_year"] = "previous_year"
    # Proposal: a cell with less of its area inside the study is not eligible.
    min_area_share: float = Field(0.5, ge=0, le=1)
    # D4 asks for both criteria; how they are joined is not published. Proposal: a cell counts by the worse of its
    # two ranks; without a level (no weather delivered) the list rests on the concentration and says so.
    second_criterion: Literal["required", "where_available", "none"] = "where_available"
    # Proposal: which level is the second criterion; the others stand beside it in level-YEAR.parquet.
    level: Literal["inversion", "stagnant", "contrast", "richardson_lucy"] = "inversion"


class Revision(Rule):
    """Next year's list: who leaves, who enters. D8 says "significantly improved" and "relatively heavier", no more."""

    # METHODS 7: Theil-Sen slope with Mann-Kendall test, or the bootstrap interval of the change.
    test: Literal["trend", "interval"] = "trend"
    alpha: float = Field(0.05, gt=0, lt=0.5)  # proposal, one-sided, after FDR control over the tested cells
    months: int = Field(36, ge=24)  # proposal: the months that are tested, at most
    # Proposal: two of every calendar month; with fewer a cell is not tested and does not leave.
    min_months: int = Field(24, ge=24)
    # Proposal: who would not be listed even with a quota larger by it may leave; who would be with one smaller by it
    # enters in any case; between the two the list stays as it is.
    hysteresis: float = Field(0.2, ge=0, lt=1)
    n_draws: int = Field(2000, ge=100)  # proposal, of the interval
    seed: int = 20180828


class Stability(Rule):
    """How firmly a cell stands on the list. METHODS 7; nothing of it is published, so all of it is a proposal."""

    n_draws: int = Field(200, ge=20)  # lists drawn with other errors of measurement
    quota_step: float = Field(0.01, gt=0, lt=1)  # the quota one such step smaller and larger
    firm: float = Field(0.9, gt=0.5, le=1)  # share of changed lists from which a cell stands (or stays off) firmly
    provisional: float = Field(0.7, gt=0, le=1)  # mean Jaccard under redrawn errors below which a list is provisional
    seed: int = 20180828


class Warning_(Rule):
    """The monthly warning classes. D9, C5; k and the unit of change are not published."""

    k: dict[str, int] = Field(default_factory=lambda: dict.fromkeys(OURS, 3))  # proposal
    mean: Literal["filled", "seen"] = "filled"  # proposal, METHODS 14: of satellite days, all of them or those seen
    # Proposal: per cent, ug/m3, or places lost in the city (patent CN110108837A, 2019: no season moves a place).
    change: Literal["percent", "absolute", "rank"] = "percent"
    decimals: int = Field(1, ge=0, le=3)  # STANDARDS 3: monthly PM2.5 to one decimal by 2025
    ties: Literal["joint"] = "joint"  # STANDARDS 4.3: competition ranks 1, 1, 3
    # Proposal: a base below it, ug/m3, makes a rate per cent unstable, and the cell is not ranked by it.
    min_base: float = Field(1.0, ge=0)

    @field_validator("k")
    @classmethod
    def _known(cls, value: dict[str, int]) -> dict[str, int]:
        for name, number in value.items():
            if name not in REASONS:
                raise ValueError(f"{name!r} is no warning class; there are: {', '.join(REASONS)}")
            if not 0 <= number <= 100:
                raise ValueError(f"{name} is {number}; give 0 to 100")
        return value


class Confidence(Rule):
    """How sure a rank is. METHODS 9, 16."""

    level: float = Field(0.95, gt=0.5, lt=1)  # proposal, the field's habit
    n_draws: int = Field(2000, ge=100)  # proposal
    # Proposal, where the product does not state it: over so many km errors of one day are shared.
    correlation_km: float = Field(25.0, gt=0)
    # Proposal: variance of cells within a pixel of m cells, over the semivariance between pixels times m - 1 / m.
    within_pixel: float = Field(0.55, ge=0)
    block_days: int = Field(5, ge=1, le=31)  # METHODS 9: 5-day blocks, of p_again alone
    seed: int = 20180828  # any fixed number; the day document D appeared
    # Words on a sheet for the share of draws in which a cell stays listed; proposal, the limits of "very
    # likely" and "likely" in the IPCC's guidance note on uncertainty (2010).
    sure: float = Field(0.9, gt=0, lt=1)
    likely: float = Field(0.66, gt=0, lt=1)


class Clusters(Rule):
    """Gi* classes. METHODS 8."""

    alpha: float = Field(0.05, gt=0, lt=1)  # proposal, after FDR control
    # How they came about, month by month; told, never ranked. The share is published for emerging hot spots.
    stands_share: float = Field(0.9, gt=0, le=1)  # of its seen months, from which a cluster stands all the time
    least_months: int = Field(10, ge=2)  # proposal: seen, below which no class is told (published: ten steps)


class Interpolation(Rule):
    """Fields from stations, and satellite fields corrected by stations. METHODS 5; nothing of it is published."""

    neighbours: int = Field(32, ge=4)  # proposal: nearest stations used per cell
    model: Literal["spherical", "exponential"] = "spherical"  # proposal
    min_stations: int = Field(5, ge=3)  # proposal: with fewer there is no field, only a constant correction
    # Proposal: with fewer, a satellite gets a constant correction, and a variogram of stations alone is not
    # fitted but taken from here:
    fit_stations: int = Field(10, ge=5)
    default_range_km: float = Field(30.0, gt=0)  # proposal, urban scale
    default_nugget_share: float = Field(0.1, ge=0, lt=1)  # proposal
    max_station_km: float = Field(50.0, gt=0)  # proposal: farther from every valid station a cell is not ranked
    residual: Literal["additive", "log_ratio"] = "log_ratio"  # proposal: station over satellite, or their difference
    # Proposal: residuals are kriged only if that lowers the left-out error of the constant to this share of it.
    kriging_gain: float = Field(0.9, gt=0, le=1)
    # Proposal: no station enters a field beyond so many robust spreads of what the others say of it; the spread is
    # at least the floor (log units, or share). No station-month of Beijing 2015-16 or Wuhan 2020 reaches 6.
    station_limit: float = Field(6.0, gt=1)
    station_floor: float = Field(0.05, gt=0)
    # Proposal: in a field of stations alone a station is believed up to so many standard deviations of what the others
    # say of it; beyond, its own error grows with its disagreement. On eight worlds 1.5 is the least that does not
    # make clean fields worse (docs/trusting-a-delivery).
    station_doubt: float = Field(1.5, gt=0.5)


class Downscaling(Rule):
    """The hourly field of 500 m sub-cells. D18, C1, METHODS 5; not published anywhere, so all of it is a proposal."""

    neighbours: int = Field(32, ge=4)  # stations nearest to a cell; its 36 sub-cells share them
    # Of these that must report; with fewer, the nearest ones that do report are taken instead.
    min_share: float = Field(0.5, gt=0, le=1)
    min_stations: int = Field(3, ge=1)  # with fewer around a cell in an hour, it has no value in that hour
    max_station_km: float = Field(30.0, gt=0)  # nor where the nearest station that reports is farther
    model: Literal["spherical", "exponential"] = "spherical"
    fit_hours: int = Field(48, ge=1)  # hours, evenly spread, from which variogram and left-out error are taken
    fit_km: float = Field(30.0, gt=0)  # pairs up to here make the variogram: as far as a station speaks
    # Trend: the 3 km field's (and the satellite's) pattern times a slope of each hour, from all stations reporting.
    trend_stations: int = Field(20, ge=5)  # with fewer in an hour that hour has no trend
    trend_limit: float = Field(2.0, gt=0)  # slopes lie between 0 and so many times the pattern's own
    error_floor: float = Field(1.0, gt=0)  # ug/m3; hourly values are published to 1 ug/m3, their spread is not less
    # Supported: not measured itself, but so many stations report within so many metres of its centre.
    support_stations: int = Field(2, ge=1)
    support_m: float = Field(1000.0, gt=0)
    # A reading that stands off from the field by more than so many errors of its instrument is a plume and stays.
    plume_errors: float = Field(1.5, gt=0)
    conserve: Literal["mean", "none"] = "mean"  # the mean of a cell's sub-cells is the cell's value


class Normalisation(Rule):
    """Weather taken out of concentrations. D3, METHODS 6; nothing of it is published, so all of it is a proposal."""

    months: int = Field(36, ge=12)  # learned from: the months up to the last that is asked for
    level_months: int = Field(10, ge=1, le=12)  # months of twelve that the level of a year must hold
    block_cells: int = Field(12, ge=1)  # side of a block of cells that share one model: 36 km, an ERA5 cell
    modes: int = Field(2, ge=0, le=5)  # patterns inside a block beside its mean
    folds: int = Field(5, ge=3, le=12)  # blocked cross-validation by month; no month explains itself
    # Weight of the refit without the month; 0.5 erred least on synthetic truth (docs/weather-normalised).
    unseen_share: float = Field(0.5, ge=0, le=1)
    trees: int = Field(150, ge=10)  # these three by blocked cross-validation on Beijing 2013-2017
    leaves: int = Field(8, ge=2)
    learning_rate: float = Field(0.08, gt=0, le=1)
    leaf_rows: int = Field(20, ge=1)  # days (or hours) that a leaf must hold
    bins: int = Field(63, ge=3, le=255)
    hourly_leaves: int = Field(31, ge=2)  # hours are many: larger trees
    floor: float = Field(1.0, gt=0)  # ug/m3; below it a concentration is taken as this, the logarithm's sake
    own_days: float = Field(30.0, ge=0)  # days of evidence that the block's amplitude is worth against the cell's own
    terrain_days: float = Field(0.10, gt=0, lt=1)  # of a cell's days, the cleanest, when emission matters least
    terrain_cells: float = Field(0.25, gt=0, lt=1)  # quantile over cells of like terrain: emission only ever adds
    season_days: int = Field(14, ge=1, le=60)  # each side of the same day in all years; Vu 2019: two weeks
    block_days: int = Field(5, ge=1, le=31)  # blocks of days of the intervals, METHODS 9
    level: float = Field(0.95, gt=0.5, lt=1)  # of the intervals
    min_days: int = Field(180, ge=30)  # days with data and weather, without which there is no model
    seed: int = 20180828


class Stagnation(Rule):
    """
    Which weather counts as stagnant. D3, METHODS 6.2.

    The boundary-layer stagnation index of Huang 2018 (10.5194/acp-18-7573-2018): little ventilation even at its
    daily maximum, no rain, no real latent instability. The composition was read in the paper, its numbers in a public
    implementation of it.
    """

    definition: Literal["ventilation", "surface_wind", "relative"] = "ventilation"
    ventilation: float = Field(6000.0, gt=0)  # m2/s, daily maximum; Huang 2018, from Portelli and Lewis 1987
    rain: float = Field(1.0, gt=0)  # mm in the day; Huang 2018
    cape: float = Field(100.0, ge=0)  # J/kg above which, and ...
    cin: float = Field(50.0, ge=0)  # J/kg below which convection breaks the stagnation; Huang 2018
    # Proposal: only the wind at 10 m is delivered; above it u = u10 (z / 10 m)^p, p = 0.15 as over open land in
    # neutral air, integrated up to the boundary-layer height.
    wind_exponent: float = Field(0.15, ge=0, lt=1)
    surface_wind: float = Field(3.2, gt=0)  # m/s at 10 m, definition surface_wind; NCDC, as in Horton 2012
    # Proposal, definition relative: share of the days, the least ventilated, that count as stagnant if they are dry.
    # It stands in, with a warning, where the daily maximum of ventilation or the boundary-layer height is not known.
    relative_share: float = Field(1 / 3, gt=0, lt=1)
    min_days: int = Field(20, ge=5)  # proposal: with fewer stagnant days in the record, the relative definition


class Background(Rule):
    """What comes from outside: low quantiles of the ring around a cell. METHODS 6.1; all of it a proposal."""

    inner_km: float = Field(12.0, ge=0)  # nearer than this a plume of the cell itself may lie
    outer_km: float = Field(60.0, gt=0)
    directions: int = Field(8, ge=4, le=36)  # one dirty or one high side is outvoted by the others
    angles: int = Field(3, ge=1, le=9)  # cells looked at in each direction: angles x distances
    distances: int = Field(3, ge=1, le=10)
    quantile: float = Field(0.10, gt=0, lt=1)  # of a direction; these numbers by synthetic truth
    min_samples: int = Field(3, ge=1)  # valid ones that a direction needs
    min_region: int = Field(20, ge=3)  # cells seen in a day, for the region to stand in where no direction has enough
    side: Literal["ring", "upwind"] = "ring"
    sector_deg: float = Field(90.0, gt=0, le=360)  # width of the upwind sector
    calm_ms: float = Field(0.5, ge=0)  # below it the wind has no direction: the whole ring is taken


class Inversion(Rule):
    """Emission from all days of a year together. D3, METHODS 17; nothing of it is published, so all is a proposal."""

    # What is removed: with the wind the plume; with the boundary layer each day's own dilution; with the terrain the
    # smooth pattern that stays all year. What is not removed stays in the level.
    remove: tuple[Literal["transport", "boundary_layer", "terrain"], ...] = ("transport", "boundary_layer", "terrain")
    region_cells: float = Field(6.0, gt=0)  # standard deviation of the regional air's Gaussian: 18 km
    pattern_cells: float = Field(3.0, gt=0)  # and of what stays all year; both on worlds of docs/levels-against-truth
    pattern_sd: float = Field(0.5, gt=0)  # ug/m3 of it in its own units of weight; larger than what is there
    sectors: int = Field(16, ge=4)  # classes of wind direction
    tile_cells: int = Field(32, ge=8)  # side of what is solved at once, with ...
    halo_cells: int = Field(12, ge=0)  # ... so many cells around it that are solved and thrown away
    sample_tiles: int = Field(3, ge=1)  # the best seen tiles choose the plume
    folds: int = Field(5, ge=2)  # blocks of days left out in turn
    block_days: int = Field(6, ge=1, le=31)
    # Of what the best strength explains on days left out the strongest must keep this share; see ``emission_level``.
    explained_share: float = Field(0.97, gt=0, le=1)
    # Of left-out days' local variance, without which there is no level; pure noise comes to 0.01.
    least_explained: float = Field(0.03, ge=0, lt=1)
    # Share that the neighbours, and the sharpened mean, have in a cell's level; it orders cells without own emission.
    lean: float = Field(0.05, ge=0, lt=1)
    rounds: int = Field(80, ge=10)  # of the descent
    fills: int = Field(4, ge=1)  # times the days not seen are filled anew
    n_refits: int = Field(20, ge=5)  # blocks of days drawn anew for the interval
    level: float = Field(0.95, gt=0.5, lt=1)  # of the interval
    months: int = Field(10, ge=1, le=12)  # with days that have values and wind
    min_days: int = Field(60, ge=20)  # that a cell must have been seen
    min_cells: int = Field(20, ge=5)  # that a day must have seen, for smooth air to be told from sources
    contrast_cells: float = Field(2.5, gt=0)  # local contrast: standard deviation of what surrounds a cell
    seed: int = 20180828


class Box(Rule):
    """The box model, a second opinion beside the level. METHODS 6.6; all of it a proposal."""

    min_days: int = Field(10, ge=1)  # stagnant days with data that a year's level needs
    height: float = Field(400.0, gt=0)  # m, where no boundary-layer height is delivered


class Terrain(Rule):
    """Numbers of the ground around a cell. D3; nothing of it is published, so all of it is a proposal."""

    radius_km: float = Field(12.0, gt=0)  # window of relief and valley depth
    wall_m: float = Field(200.0, gt=0)  # a rise that blocks a shallow boundary layer ...
    wall_km: float = Field(18.0, gt=0)  # ... if it stands within this distance


class Effect_(Rule):
    """Before and after an intervention. C9; nothing of it is published, so all of it is a proposal."""

    min_days: int = Field(30, ge=10)  # days with data before, and after
    ridge: float = Field(1.0, ge=0)  # weight of "no influence" against days, for standardised columns
    reach: float = Field(2.5, gt=0)  # standard deviations; weather beyond what was seen before is taken as this
    block_days: int = Field(10, ge=1)  # by the coverage on synthetic truth
    n_draws: int = Field(500, ge=100)
    min_placebos: int = Field(5, ge=2)  # control cells, without which there is no placebo part of the interval
    most_placebos: int = Field(60, ge=10)
    level: float = Field(0.95, gt=0.5, lt=1)
    seed: int = 20180828


class Escalation(Rule):
    """D11 (ministry) and D12 (city); the window of "one year" is not defined, so rolling."""

    consecutive: int = Field(3, ge=1)  # D11
    cumulative: int = Field(6, ge=1)  # D11
    window_months: int = Field(12, ge=1)  # STANDARDS 7: rolling by default
    city_consecutive: int = Field(3, ge=1)  # D12


class Report(Rule):
    """The monthly analysis report. C6."""

    leaders: int = Field(10, ge=1, le=50)  # C6: the ten highest cells, the ten largest rises
    least_hours: int = Field(5, ge=1)  # proposal: a bin of the polar plot with fewer stays empty
    nearest_km: float = Field(10.0, gt=0)  # proposal: a station farther off says nothing of a cell's own month


class Criteria(Rule):
    """Everything that decides a list, in one object that travels with the products."""

    profile: str = "mee-2018"
    legal_basis: str = "环办环监函〔2018〕293号"  # D20
    validity: Validity = Field(default_factory=Validity)
    selection: Selection = Field(default_factory=Selection)
    revision: Revision = Field(default_factory=Revision)
    stability: Stability = Field(default_factory=Stability)
    warning: Warning_ = Field(default_factory=Warning_)
    confidence: Confidence = Field(default_factory=Confidence)
    clusters: Clusters = Field(default_factory=Clusters)
    interpolation: Interpolation = Field(default_factory=Interpolation)
    downscaling: Downscaling = Field(default_factory=Downscaling)
    tracing: Tracing = Field(default_factory=Tracing)
    normalisation: Normalisation = Field(default_factory=Normalisation)
    stagnation: Stagnation = Field(default_factory=Stagnation)
    background: Background = Field(default_factory=Background)
    terrain: Terrain = Field(default_factory=Terrain)
    box: Box = Field(default_factory=Box)
    inversion: Inversion = Field(default_factory=Inversion)
    effect: Effect_ = Field(default_factory=Effect_)
    escalation: Escalation = Field(default_factory=Escalation)
    holds: Holds = Field(default_factory=Holds)
    clocks: Clocks = Field(default_factory=Clocks)
    assessment: Assessment = Field(default_factory=Assessment)
    share_ladder: ShareLadder = Field(default_factory=ShareLadder)
    index_ladder: IndexLadder = Field(default_factory=IndexLadder)
    ranking: CityRanking = Field(default_factory=CityRanking)
    targets: Targets = Field(default_factory=Targets)
    network: Network = Field(default_factory=Network)
    cadence: Cadence = Field(default_factory=Cadence)
    handover: Handover = Field(default_factory=Handover)
    evidence: Evidence = Field(default_factory=Evidence)
    cases: Cases = Field(default_factory=Cases)
    events: Events = Field(default_factory=Events)
    interventions: Interventions = Field(default_factory=Interventions)
    visiting: Visiting = Field(default_factory=Visiting)
    report: Report = Field(default_factory=Report)
    screening: Screening = Field(default_factory=Screening)
    plausible: Plausible = Field(default_factory=Plausible)
    alarms: Alarms = Field(default_factory=Alarms)
    abnormal: Abnormal = Field(default_factory=Abnormal)
    calibration: Calibration = Field(default_factory=Calibration)
    tracks: Tracks = Field(default_factory=Tracks)
