"""What a rank claims, in words: of this month, of a month like this, and who else it may be (METHODS 16)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hotspot.publish.words import known

if TYPE_CHECKING:
    import pandas as pd

_MOST_CODES = 6


def may_zh(row: "dict[str, Any] | pd.Series", k: int) -> str:
    """
    The cells that may be among the k worst, one phrase; empty where it is not known.

    Parameters
    ----------
    row : mapping with ``may``, codes joined by ";"

    Examples
    --------
    >>> may_zh({"may": "A;B;C;D"}, 3)
    '本月真正居前3的在4个网格之中（A、B、C、D）'
    >>> may_zh({"may": "A;B;C"}, 3), may_zh({"may": ""}, 3)
    ('本月居前3的可以确定（A、B、C）', '')
    """
    codes = _codes(row)
    if not codes:
        return ""
    named = "、".join(codes[:_MOST_CODES]) + ("等" if len(codes) > _MOST_CODES else "")
    if len(codes) <= k:
        return f"本月居前{k}的可以确定（{named}）"
    return f"本月真正居前{k}的在{len(codes)}个网格之中（{named}）"


def may_en(row: dict[str, str], k: int) -> str:
    """
    The same in English.

    Examples
    --------
    >>> may_en({"may": "A;B;C;D", "cell": "B"}, 3)
    'the true 3 worst of this month are among 4 cells (A, B, C, D)'
    """
    codes = _codes(row)
    if not codes:
        return ""
    named = ", ".join(codes[:_MOST_CODES]) + (" ..." if len(codes) > _MOST_CODES else "")
    if len(codes) <= k:
        return f"the {k} worst of this month are certain ({named})"
    return f"the true {k} worst of this month are among {len(codes)} cells ({named})"


def again_en(row: Mapping[str, Any]) -> str:
    """
    The other claim: a month like this.

    Examples
    --------
    >>> again_en({"p_again": 0.4})
    'in a month like this it would be the worst with probability 0.40'
    """
    share = row.get("p_again")
    return f"in a month like this it would be the worst with probability {float(share):.2f}" if known(share) else ""


def n_may(row: "dict[str, Any] | pd.Series") -> int:
    """How many cells may be among the worst; 0 where it is not known."""
    return len(_codes(row))


def _codes(row: "dict[str, Any] | pd.Series") -> list[str]:
    said = row.get("may")
    return [code for code in str(said).split(";") if code] if known(said) else []
