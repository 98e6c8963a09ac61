"""
The numbers that decide which sources are looked at, what the wind says of each, and in
which order they are visited. METHODS 11; nothing of it is published, so what names no
other origin is a proposal.
"""

from pydantic import Field

from hotspot.rules.rule import Rule


class Tracing(Rule):
    """Which sources are looked at, when wind says something, and who is visited first."""

    ring_km: float = Field(6.0, gt=0)  # issue of the printed sheet: in and within 6 km
    # Proposal: beyond the ring and up to here a facility is listed if the wind came from it oftener than by chance.
    upwind_km: float = Field(20.0, gt=0)

    # Wind and high hours
    months: int = Field(1, ge=1, le=12)  # proposal: the warned month and those before it, as far as delivered
    sector_deg: float = Field(45.0, gt=0, le=180)  # proposal: width of a facility's wind sector
    calm_ms: float = Field(0.5, ge=0)  # proposal: below it the direction means nothing
    # Proposal: with a larger share of calm hours the sources close by come first, whatever the wind says.
    calm_share: float = Field(0.3, gt=0, le=1)
    top_share: float = Field(0.25, gt=0, lt=1)  # proposal: "high" hours of CPF
    # Proposal: what a station measures above this quantile of the stations within so many km, hour by hour, is its
    # own; where fewer report, the concentration is taken as it is.
    background_quantile: float = Field(0.25, ge=0, lt=1)
    background_km: float = Field(60.0, gt=0)
    background_stations: int = Field(5, ge=2)
    min_upwind_hours: int = Field(30, ge=1)  # proposal, for one month of hours
    block_days: int = Field(5, ge=1, le=31)  # METHODS 9: blocks of the bootstrap
    n_draws: int = Field(1000, ge=100)  # proposal
    level: float = Field(0.95, gt=0.5, lt=1)  # proposal, the field's habit

    # Agreement of stations: a check beside the posterior
    agreement_km: float = Field(20.0, gt=0)  # proposal: a station farther from a facility is not asked about it

    # Proposal: without any wind a source at this distance from the cell's centre weighs a quarter.
    decay_km: float = Field(3.0, gt=0)

    # Posterior (METHODS 18); all proposals, chosen on worlds other than those reported in docs/tracing.md
    station_km: float = Field(20.0, gt=0)  # stations so far around a block of cells are heard
    size_sd: float = Field(0.45, gt=0)  # log error of an emission whose size is known (METHODS: sizes to +-35 %)
    unknown_sd: float = Field(1.1, gt=0)  # the same where it is not
    class_sd: float = Field(0.3, ge=0)  # log error of a class factor, shared by its plants
    scale_sd: float = Field(0.7, ge=0)  # log error that all share: of the factors and of the plume
    pair_sd: float = Field(1.2, gt=0)  # log error of a plume between one source and one place of stations
    pair_km: float = Field(1.0, gt=0)  # a cell so far from them shares a third of that error with its stations
    model_sd: float = Field(0.6, ge=0)  # error of an hour's prediction against the prediction
    hours_together: float = Field(12.0, ge=1)  # so many hours in a row are one piece of evidence
    temper: float = Field(20.0, ge=1)  # the evidence of a shape of plume counts 1 / so much
    n_shares: int = Field(200, ge=50)  # draws of the emissions
    strong_share: float = Field(0.35, gt=0, le=1)  # "strong": expected share of the increment from here
    moderate_share: float = Field(0.12, gt=0, le=1)  # "moderate" from here; calibration in docs/tracing.md

    # An unregistered source of this size is looked for on every sub-cell of a cell and its ring.
    unregistered_g_s: float = Field(5.0, gt=0)  # about 150 t a year: a large yard, a dump, a kiln
    unregistered_hours: float = Field(3.0, ge=1)  # so many hours in a row are one piece of evidence of where it stands
    unregistered_chance: float = Field(0.3, gt=0, lt=1)  # that there is one, before any station is heard
    observable: float = Field(0.7, gt=0, le=1)  # it would be found within one sub-cell with this chance
    seed: int = 20180828
