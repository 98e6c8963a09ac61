"""
Who looks after the cells: tiers, how each is staffed, what each may write into the ledger (B1, B2, B3, D17, E1).

Tiers go by name and never by number: "一级" is the prefecture in Changji and the district in Urumqi.
"""

from types import MappingProxyType
from typing import Any, Literal

from pydantic import Field, field_validator

from hotspot.rules.rule import Rule

TIERS = MappingProxyType(
    {
        "prefecture": "州（市）", "county": "县（市、区）", "park": "园区", "township": "乡镇（街道）",
        "village": "村（社区）", "key": "重点网格", "cell": "热点网格",
    }
)  # fmt: skip
ROLES = MappingProxyType(
    {
        "chief": "网格长", "co_chief": "网格长（双）", "deputy_chief": "副网格长", "supervisor_full": "专职监督员",
        "supervisor_part": "兼职监督员", "lead": "工作负责人", "liaison": "联络员",
    }
)  # fmt: skip
# A6 「监测、预警、指挥、执法、管理五位一体」: what the member offices of a command centre do between them.
FUNCTIONS = MappingProxyType(
    {"monitor": "监测", "warn": "预警", "command": "指挥", "enforce": "执法", "manage": "管理"}
)
RANKS = MappingProxyType({"county_deputy": "副处级", "township_deputy": "副科级", "other": "其他"})
# What a duty of document B lets somebody write: step of a problem -> the duties that allow it.
ALLOWS = MappingProxyType(
    {
        "found": frozenset({"patrol", "inspect", "report", "verify", "spot_check", "stop"}),
        "assigned": frozenset({"assign", "hand_down"}),
        "rectifying": frozenset({"rectify", "urge", "enforce"}),
        "claimed": frozenset({"rectify"}),
        "accepted": frozenset({"accept", "verify"}),
        "closed": frozenset({"accept", "verify"}),
        "spot_checked": frozenset({"spot_check"}),
        "reopened": frozenset({"accept", "verify", "spot_check"}),
        "handed_up": frozenset({"hand_up", "report"}),
    }
)
_ORDER = ("other", "township_deputy", "county_deputy")
DUTIES = frozenset(duty for duties in ALLOWS.values() for duty in duties) | {"assess", "consequence"}


def rank_reaches(rank: str, needed: str) -> bool:
    """
    Whether a rank is at least another.

    Examples
    --------
    >>> rank_reaches("county_deputy", "township_deputy"), rank_reaches("other", "township_deputy")
    (True, False)
    """
    return needed == "" or (rank in _ORDER and _ORDER.index(rank) >= _ORDER.index(needed))


class Staffing(Rule):
    """How one tier is staffed; 0 and "" where the document asks for nothing. All numbers inclusive."""

    chiefs: int = Field(0, ge=0, le=10)  # 双网格长: 2
    deputy_rank: Literal["", "county_deputy", "township_deputy"] = ""  # of the deputy who answers for each unit
    deputy_most: int = Field(0, ge=0, le=100)  # units that one deputy may answer for
    least: int = Field(0, ge=0, le=1000)  # supervisors in all
    most: int = Field(0, ge=0, le=1000)
    full_time: int = Field(0, ge=0, le=1000)  # of them full-time


class Duty(Rule):
    """The duties of a tier in the document's words, and as what they let its people write."""

    words: str
    may: tuple[str, ...]

    @field_validator("may")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if name not in DUTIES:
                raise ValueError(f"{name!r} is no duty; there are: {', '.join(sorted(DUTIES))}")
        return value


class Network(Rule):
    """The network of one jurisdiction. B1-B3, B12; annexes 1 and 2 of Changji 2023; D17; E1."""

    words: dict[str, str] = Field(default_factory=dict)  # how the document calls a tier
    staffing: dict[str, Staffing] = Field(default_factory=dict)
    # Annex 1 art. 13 "3-5名"; body (三) "若干名（专职至少3名）".
    township_total: Literal["3-5", "3 or more"] = "3-5"
    counts: dict[str, int] = Field(default_factory=dict)  # units that the document counts, by tier
    duties: dict[str, Duty] = Field(default_factory=dict)
    key_radius_m: float = Field(1000.0, gt=0)  # proposal: cells whose centre lies so near a key grid's point
    overlap: Literal["park_first", "county_first"] = "park_first"  # proposal: who owns a cell that a park shares

    @field_validator("words", "staffing", "counts", "duties")
    @classmethod
    def _tiers(cls, value: dict[str, Any]) -> dict[str, Any]:
        for name in value:
            if name not in TIERS:
                raise ValueError(f"{name!r} is no tier; there are: {', '.join(TIERS)}")
        return value

    def staffing_of(self, tier: str) -> Staffing | None:
        """What a tier needs under the reading of ``township_total`` that is applied; None where nothing is asked."""
        found = self.staffing.get(tier)
        if found is not None and tier == "township" and self.township_total == "3 or more":
            return found.model_copy(update={"most": 0})
        return found

    def name_of(self, tier: str) -> str:
        """How the documents of this jurisdiction call a tier."""
        return self.words.get(tier, TIERS[tier])
