"""A warning class with another month to compare with: one row, and its words."""

from hotspot.rules.reasons import Reason

REASON = Reason(
    id="since_autumn",
    months_back=13,
    zh="较去年秋末上升最多",
    en="worst since last autumn",
    base_zh="较去年秋末",
    base_en="since last autumn",
    colour="#5b2a86",
    shape="triangle",
)
