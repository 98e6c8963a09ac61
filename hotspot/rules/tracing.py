"""
The numbers that decide which sources are looked at, what the wind says of each, and in
which order they are visited. METHODS 11; nothing of it is published, so what names no
other origin is a proposal.
"""

from typing import Literal

from pydantic import Field, field_validator

from hotspot.rules.classes import source_classes
from hotspot.rules.rule import Rule

# Proposal: what one plant of a class emits against one of the largest, in three grades.
_LARGE = ("power", "steel", "coking", "cement", "building_materials")
_SMALL = ("catering", "car_repair", "gas_station", "livestock")


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
    strong_lift: float = Field(1.5, gt=1)  # proposal: "strong" from here, with the interval above 1
    moderate_lift: float = Field(1.15, gt=1)  # proposal: "moderate" from here, with the interval above 1
    block_days: int = Field(5, ge=1, le=31)  # METHODS 9: blocks of the bootstrap
    n_draws: int = Field(1000, ge=100)  # proposal
    level: float = Field(0.95, gt=0.5, lt=1)  # proposal, the field's habit

    # Agreement of stations
    agreement_km: float = Field(20.0, gt=0)  # proposal: a station farther from a facility is not asked about it
    joint_km: float = Field(5.0, gt=0)  # proposal: at this distance a station's lift weighs a quarter in the joint lift
    lift_limit: float = Field(5.0, gt=1)  # proposal: one station's lift counts in it as at most so much, or 1/so

    # Prior: size and distance
    decay_km: float = Field(3.0, gt=0)  # proposal: at this distance from the cell's centre a source weighs a quarter
    size_limit: float = Field(5.0, ge=1)  # proposal: a plant counts at most so many times its class's median, or 1/so
    large: tuple[str, ...] = _LARGE  # weigh 1
    small: tuple[str, ...] = _SMALL  # weigh small_weight; all other classes medium_weight
    medium_weight: float = Field(0.3, gt=0, le=1)
    small_weight: float = Field(0.03, gt=0, le=1)

    @field_validator("large", "small")
    @classmethod
    def _known(cls, value):
        strange = sorted(set(value) - set(source_classes()))
        if strange:
            raise ValueError(f"{strange[0]!r} is no class; there are: {', '.join(source_classes())}")
        return value

    # Proposal. "word": strong or in the cell, moderate, then the rest, each by score; "score": by score alone.
    order: Literal["word", "score"] = "word"
    seed: int = 20180828
