"""
The numbers that decide which sources are looked at, what the wind says of each, and in
which order they are visited. METHODS 11; nothing of it is published, so what names no
other origin is a proposal.
"""

from typing import ClassVar

from pydantic import Field

from hotspot.rules.rule import Rule


class Tracing(Rule):
    """Which sources are looked at, when wind says something, and who is visited first."""

    UNSAID: ClassVar[tuple[str, ...]] = (
        "own_sd", "apart", "least_noise", "freedom", "unregistered_common_sd", "unregistered_model_sd",
        "unregistered_loud", "unregistered_loud_sd", "unregistered_far_price", "unregistered_size_sd",
        "alarm_nearest", "alarm_hours_together", "site_range_m", "site_error", "site_split", "site_noise",
        "site_hours_together", "site_episode_m", "site_sources",
    )  # fmt: skip

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

    # Proposals, chosen on worlds of seeds 1 to 12 (docs/tracing): of how far a plant lies from its class by its size,
    # and of how far a class lies from the middle one, so much is believed, as a power. 1: the factors as they are.
    size_power: float = Field(0.7, gt=0, le=1)
    class_power: float = Field(0.5, ge=0, le=1)

    # Posterior (METHODS 18); all proposals, chosen on worlds other than those reported in docs/tracing.md
    station_km: float = Field(20.0, gt=0)  # stations so far around a block of cells are heard
    size_sd: float = Field(0.45, gt=0)  # log error of an emission whose size is known (METHODS: sizes to +-35 %)
    unknown_sd: float = Field(1.1, gt=0)  # the same where it is not
    class_sd: float = Field(0.3, ge=0)  # log error of a class factor, shared by its plants
    scale_sd: float = Field(0.7, ge=0)  # log error that all share: of the factors and of the plume
    pair_sd: float = Field(1.2, gt=0)  # log error of a plume between one source and one place of stations
    pair_km: float = Field(1.0, gt=0)  # a cell so far from them shares a third of that error with its stations
    own_sd: float = Field(15.0, gt=0)  # ug/m3, what a station may always have above its background, and in weak wind
    least_noise: float = Field(2.0, gt=0)  # ug/m3, of a station's hour
    freedom: float = Field(4.0, gt=0)  # degrees of it of Student's t
    model_sd: float = Field(0.6, ge=0)  # error of an hour's prediction against the prediction
    hours_together: float = Field(18.0, ge=1)  # so many hours in a row are one piece of evidence
    temper: float = Field(20.0, ge=1)  # the evidence of a shape of plume counts 1 / so much
    rest_sd: float = Field(1.0, ge=0)  # log error of what is unregistered or from outside, in the range of a share
    n_shares: int = Field(200, ge=50)  # draws of the emissions
    apart: float = Field(1.15, ge=1)  # power that draws the sources of a draw apart: without it shares are too alike
    strong_share: float = Field(0.35, gt=0, le=1)  # "strong": expected share of the increment from here
    moderate_share: float = Field(0.12, gt=0, le=1)  # "moderate" from here; calibration in docs/tracing.md

    # Sources that cannot be told apart make one statement; proposals
    group_deg: float = Field(30.0, gt=0, le=180)  # direction that a group may span, as the cell sees it
    group_sure: float = Field(0.9, gt=0.5, le=1)  # chance from which one is said to add more than another
    group_share: float = Field(0.05, ge=0, lt=1)  # a source with less is in no group

    # An unregistered source of this size is looked for on every sub-cell of a cell and its ring. All proposals,
    # chosen on worlds other than those reported in docs/tracing.md.
    unregistered_g_s: float = Field(10.0, gt=0)  # about 300 t a year: a kiln, a boiler house, a large yard
    unregistered_hours: float = Field(8.0, ge=1)  # as many hours in a row are one piece of evidence of where it stands
    unregistered_chance: float = Field(0.5, gt=0, lt=1)  # that there is one, before any station is heard
    unregistered_km: float = Field(8.0, gt=0)  # a station farther from all sub-cells is not asked
    unregistered_stations: int = Field(10, ge=2)  # so many of them at most, the nearest
    unregistered_common_sd: float = Field(6.0, gt=0)  # ug/m3, what the stations of an hour have in common
    unregistered_model_sd: float = Field(0.3, ge=0)  # error of an hour's prediction against the prediction
    unregistered_loud: float = Field(0.3, gt=0)  # ug/m3 from which what a registered source adds is fitted as well, ...
    unregistered_loud_sd: float = Field(0.6, gt=0)  # ... with this error, of what the posterior has
    unregistered_far_price: float = Field(0.05, ge=0)  # log likelihood per g/s of a source farther off: mean 20 g/s
    unregistered_size_sd: float = Field(1.1, gt=0)  # log spread of sizes around ``unregistered_g_s``
    unregistered_sources: int = Field(3, ge=1)  # so many are looked for, one after the other
    unregistered_clear: float = Field(0.7, gt=0, lt=1)  # a source is told only if it is so likely ...
    unregistered_within: float = Field(0.5, gt=0, lt=1)  # ... and one sub-cell and the eight around hold so much of it
    # Where a wind turned, or steered by a valley, explains more than this share of what new sources would explain,
    # the delivered wind is in doubt and nothing is told.
    unregistered_wind: float = Field(0.05, ge=0, le=1)
    # ... or where it has so much more evidence (log) for the registered sources alone, at all stations of the block.
    unregistered_wind_around: float = Field(3.0, ge=0)
    # A plant of the register explains a source as well, and nothing is pointed at, if it emits such a share of it ...
    registered_share: float = Field(0.5, gt=0)
    registered_km: float = Field(1.0, gt=0)  # ... and stands so near to its likeliest sub-cell, east and north
    observable: float = Field(0.85, gt=0, le=1)  # share of made-up months that tell it within one sub-cell
    observable_pointed: float = Field(0.1, ge=0, le=1)  # the same where a source seems to be told, to point at it
    observable_turn_deg: float = Field(5.0, ge=0)  # in them a month's wind is turned by so much,
    observable_wind_ms: float = Field(0.5, ge=0)  # ... each hour's wind off by so much,
    observable_plume_sd: float = Field(0.3, ge=0)  # ... and the plume in log, besides the eight shapes

    # An alarm's hours; proposals
    alarm_nearest: int = Field(40, ge=1)  # so many sources and stations are asked about
    alarm_hours_together: float = Field(12.0, ge=1)  # as ``hours_together``: an episode is short

    # Where the next station should stand; proposals
    site_range_m: float = Field(1500.0, gt=0)  # correlation length of the 500 m field
    site_error: float = Field(0.15, ge=0)  # variance of a micro-station's error against the field's
    site_split: float = Field(3.0, gt=0)  # standard deviations at which a pair of sources is split by 1 - 1/e
    site_noise: float = Field(8.0, gt=0)  # ug/m3, an hour's error of a station
    site_hours_together: float = Field(6.0, ge=1)  # so many hours in a row are one piece of evidence
    site_episode_m: float = Field(583.0, gt=0)  # so far a local episode is seen: half of it is left
    site_sources: int = Field(8, ge=2)  # around a cell, the pairs of which are to be split
    seed: int = 20180828
