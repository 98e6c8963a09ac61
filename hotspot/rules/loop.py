"""
The numbers and readings of what follows a warning: clocks, assessment, ladders, ranking, targets.

Documents disagree, and some sentences can be read in two ways (REQUIREMENTS, end; LOOP 0). Each such
sentence is one key here with a closed list of readings; ``readings.toml`` holds the words themselves.
"""

from datetime import date
from typing import Literal

from pydantic import Field

from hotspot.rules.rule import Rule


class LegalDocument(Rule):
    """One document that a profile rests on (E5)."""

    title: str
    number: str = ""
    date: str = ""


class Holds(Rule):
    """When a profile holds, and from which month its lists are published (D21)."""

    first: date | None = None
    last: date | None = None
    start_month: str = Field("", pattern=r"^(\d{4}-(0[1-9]|1[0-2]))?$")  # D21; an earlier month is a draft only
    documents: tuple[LegalDocument, ...] = ()


class Clocks(Rule):
    """How long an answer may take, h, inclusive to the minute; 0 where a document knows no such clock. B5, E2."""

    start: Literal["receipt", "push"] = "receipt"  # B: "after the instruction was received"; E: "on receipt"
    site_hours: float = Field(0.0, ge=0)  # B5: what is seen on the spot is reported
    result_hours: float = Field(0.0, ge=0)  # B5: what was done about it is reported
    answer_hours: float = Field(24.0, ge=0)  # E2; proposal for the ministry's programme
    outstanding_days: int = Field(31, ge=1)  # proposal: an alarm that nobody answered stands in letters for so long
    repeat_days: int = Field(30, ge=1)  # proposal: the same sub-cell alarms again within so many days ...
    repeat_alarms: int = Field(3, ge=2)  # ... so often: a recurring alarm
    # Operators' 规律性报警: a window of so many hours, or a weekday, holds more of a cell's alarms of a year than luck,
    # and other cells' alarms, would bring: chance at most this over all windows together (proposal, as the width is).
    regular_hours: int = Field(3, ge=1, le=12)
    regular_chance: float = Field(0.05, gt=0, lt=1)
    # Operators' 周期性报警: so many alarm days in a row whose distances differ by no more than this (proposal).
    period_alarms: int = Field(4, ge=3)
    period_apart_days: int = Field(1, ge=0)


class Handover(Rule):
    """What is due after a list was handed over. D15, D20 say "in time" and name no time, so all is a proposal."""

    feedback_workdays: int = Field(5, ge=1)  # the return form, in working days after the hand-over
    rectify_days: int = Field(30, ge=1)  # a problem found, from the day it was handed to its department
    report_hours: int = Field(24, ge=1)  # E2: what was found on the spot is reported; B5 asks for 1 hour, of alarms


class Assessment(Rule):
    """Monthly points of a unit, 30 for building up and 70 for running. B14, B23, B24; Changji 2023, annex 2."""

    construction: int = Field(10, ge=0)  # items 1-3, each all or nothing
    missed_points: int = Field(40, ge=0)  # item 4
    missed_each: int = Field(1, ge=0)
    late_points: int = Field(10, ge=0)  # items 5 and 6
    late_each: int = Field(5, ge=0)
    inspection_points: int = Field(10, ge=0)  # item 7; what it lacks is taken from the total
    inspection_each: int = Field(10, ge=0)
    bonus_each: int = Field(2, ge=0)
    bonus_most: int = Field(10, ge=0)
    media_region: int = Field(30, ge=0)  # item 9, from the operation block
    media_prefecture: int = Field(20, ge=0)  # item 10
    petitions: int = Field(3, ge=1)  # the same petition unsolved so often fails the month
    failed_months: int = Field(3, ge=1)  # in a row: special inspection
    grades: tuple[int, int, int] = (90, 80, 60)  # excellent, good, passed
    inclusive: Literal[True] = True  # Civil Code art. 1259: "以上、以下、以内" include the number
    below_60: Literal["pass_at_60", "fail_at_60"] = "pass_at_60"
    gap: Literal["continuous", "integer"] = "continuous"
    veto: Literal["item", "block", "total"] = "item"
    no_double: Literal["media", "all"] = "media"
    total_cap: Literal["none", "100"] = "none"
    annual: Literal["mean_of_months"] = "mean_of_months"  # proposal: no formula is published


class ShareLadder(Rule):
    """Share of all missed problems that falls on one unit. B15; per cent, inclusive."""

    first: int = Field(10, gt=0, le=100)
    second: int = Field(20, gt=0, le=100)


class IndexLadder(Rule):
    """Last place by improvement of the composite index. B16."""

    top: Literal["run_gt_3", "times_ge_3"] = "run_gt_3"  # body "连续三月以上"; annex 3 "三次以上"
    annual_gate: Literal["or", "and"] = "or"
    base: Literal["improvement"] = "improvement"
    tie_last: Literal["all"] = "all"


class CityRanking(Rule):
    """Ranking by the composite index. B18, B22."""

    basis: Literal["published", "computed"] = "published"
    convention: Literal["two_decimals", "three_decimals", "unrounded"] = "two_decimals"
    ties: Literal["competition", "dense"] = "competition"
    exempt_class2: bool = False  # 2017 scheme of the ministry: in class II in all six, not in the worsening list
    differs: float = Field(0.03, ge=0)  # proposal: computed and published index apart by more is said


class Cases(Rule):
    """Typical cases for the paper, trainings, the signed letters. B20, B25, B26."""

    shortest: int = Field(1000, ge=1)  # B20 「1000–1500字」
    longest: int = Field(1500, ge=1)
    reviews: int = Field(3, ge=1)  # 三审: as many different names
    proofs: int = Field(3, ge=1)  # 三校
    trainings: int = Field(1, ge=0)  # B26 「每年≥1次集中培训」, of each unit


class Events(Rule):
    """When reports of several channels are one event. A4 names the channels and no distance: proposals."""

    within_m: float = Field(500.0, ge=0)
    within_hours: float = Field(2.0, ge=0)


class Interventions(Rule):
    """Measures with a place and a day whose effect is asked for, and clusters never warned. C9; proposals."""

    min_days: int = Field(30, ge=1)  # that a measure has been in force
    before_months: int = Field(12, ge=1)
    apart_km: float = Field(9.0, ge=0)  # cells nearer than three cells are in the same plume and no control
    control_cells: int = Field(12, ge=1)
    rich_sources: int = Field(3, ge=1)  # registered in a cell, from which it is a cluster
    window_months: int = Field(12, ge=1)  # without a warning
    seen_share: float = Field(0.5, ge=0, le=1)  # of months ranked, or of mean coverage; below it, a blind spot


class Targets(Rule):
    """Monthly targets and what is left of them. B8; nothing of it is published, so all of it is a proposal."""

    attainable_percentile: float = Field(5.0, ge=0, le=100)
    flat: float = Field(0.0, ge=0)  # A3: per cent after rounding that still count as unchanged
