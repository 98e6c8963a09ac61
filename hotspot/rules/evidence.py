"""
What a plant's own records, cameras, satellites and meters must show to be told, and how far they speak (C14, A1, B4).

The documents name the means (「遥感、无人机巡查、在线监控、视频监控、用能监控」) and no number, so all but the
lookout's reach is a proposal. Evidence orders visits, it never decides who is on a list.
"""

from pydantic import Field

from hotspot.rules.rule import Rule


class Evidence(Rule):
    """When a record stands out; C14."""

    past_days: int = Field(30, ge=1)  # proposal: a plant is compared with itself, so many days back
    above: float = Field(1.5, gt=1)  # proposal: times its own median at the same hours
    fewest_hours: int = Field(10, ge=1)  # proposal: hours of its past that a comparison needs
    idle: float = Field(0.2, gt=0, lt=1)  # proposal: of the usual treatment per production
    running: float = Field(0.5, gt=0, le=1)  # proposal: of its usual production counts as on
    equal_hours: int = Field(6, ge=2)  # proposal: equal values in a row
    observed_hours: float = Field(24.0, gt=0)  # proposal: an observation, an overpass speaks so long before and after
    hot_k: float = Field(330.0, gt=0)  # brightness at 4 um; proposal after the nominal 330 K of MODIS by night
    vehicles: int = Field(50, ge=1)  # proposal: passages that a share of exceeding vehicles needs
    lookout_m: float = Field(5000.0, gt=0)  # A1: 「高空瞭望…半径5公里」
