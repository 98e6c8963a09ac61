"""Units ranked by the composite index and by its improvement, and who is last (B16, B18, B22)."""

from decimal import Decimal

import pandas as pd

from hotspot.rules.loop import CityRanking
from hotspot.rules.ranking import ranks
from hotspot.rules.rounding import decimal_half_even, to_decimal

COLUMNS = [
    "unit", "index", "rank", "base", "improvement", "rank_improvement", "last", "computed", "note", "why",
]  # fmt: skip


def improvement(now: float | str, base: float | str) -> Decimal:
    """
    Improvement of an index in per cent, one decimal: ``(I0 - I) / I0 x 100``, from published values.

    Examples
    --------
    >>> improvement("2.63", "2.89"), improvement("2.89", "2.63")
    (Decimal('9.0'), Decimal('-9.9'))
    """
    then, today = to_decimal(base), to_decimal(now)
    return decimal_half_even((then - today) / then * 100, 1)


def rank_units(
    now: pd.DataFrame,
    base: pd.DataFrame,
    rule: CityRanking,
    *,
    computed: pd.DataFrame | None = None,
    class_two: frozenset[str] = frozenset(),
) -> pd.DataFrame:
    """
    Rank units by their index, smallest first, and by its improvement, largest first.

    Parameters
    ----------
    now, base : DataFrame ``unit, index``
        Of the month and of the same month last year; published values, NaN where not ranked.
    computed : DataFrame ``unit, index``, optional
        From ``month_index``; printed beside, and said where it differs by more than ``rule.differs``.
    class_two : units in class II in all six; left out of the worsening list where ``rule.exempt_class2``

    Returns
    -------
    DataFrame with ``COLUMNS``, by rank, then unit: ``last`` marks the smallest improvement, all of them on a tie;
    ``why`` a unit is not ranked

    Examples
    --------
    >>> now = pd.DataFrame({"unit": ["a", "b", "c"], "index": [3.0, 3.0, 4.0]})
    >>> base = pd.DataFrame({"unit": ["a", "b", "c"], "index": [3.3, 3.0, 4.4]})
    >>> rank_units(now, base, CityRanking())[["unit", "rank", "rank_improvement", "last"]].values.tolist()
    [['a', 1, 1, False], ['b', 1, 3, True], ['c', 3, 1, False]]
    """
    was, own = base.set_index("unit")["index"], None
    if computed is not None:
        own = computed.set_index("unit")["index"]
    rows: list[dict] = []
    for unit, index in now.sort_values("unit")[["unit", "index"]].itertuples(index=False):
        then = was.get(unit, float("nan"))
        better = improvement(index, then) if index == index and then == then and then > 0 else None
        beside = float("nan") if own is None else float(own.get(unit, float("nan")))
        apart = beside == beside and index == index and abs(beside - index) > rule.differs + 1e-9
        exempt = rule.exempt_class2 and unit in class_two
        rows.append(
            {
                "unit": unit,
                "index": index,
                "base": then,
                "improvement": better,
                "computed": beside,
                "note": f"计算{beside:.2f}，发布{index:.2f}" if apart else "",
                "why": _why(index, better, exempt),
                "exempt": exempt,
            }
        )
    table = pd.DataFrame(rows, columns=[*COLUMNS, "exempt"])
    table["rank"] = ranks(-table["index"].astype(float).to_numpy(), how=rule.ties)
    better = pd.Series([float(v) if v is not None else float("nan") for v in table["improvement"]])
    table["rank_improvement"] = ranks(better.where(~table["exempt"].astype(bool)).to_numpy(), how=rule.ties)
    least = last_places({row.unit: row.improvement for row in table.itertuples() if not row.exempt})
    table["last"] = table["unit"].isin(least)
    placed = table["rank"].where(table["rank"] > 0, len(table) + 1)
    order = table.assign(placed=placed).sort_values(["placed", "unit"]).index
    return table.loc[order, COLUMNS].reset_index(drop=True)


def _why(index: float, better: Decimal | None, exempt: bool) -> str:
    """Why a unit is not ranked, or not by its improvement; it is printed on Chinese papers."""
    if index != index:
        return "无本月指数"
    if better is None:
        return "无去年同期指数"
    return "六项均达二级标准，不列入改善末位" if exempt else ""


def last_places(values: dict[str, Decimal | None]) -> tuple[str, ...]:
    """
    Units in last place by improvement; a tie at the end makes all of them last, one alone is never last.

    Examples
    --------
    >>> last_places({"A": Decimal("3.1"), "B": Decimal("-0.4"), "C": Decimal("-0.4"), "D": None})
    ('B', 'C')
    >>> last_places({"A": Decimal("3.1")})
    ()
    """
    known = {unit: value for unit, value in values.items() if value is not None}
    if len(known) < 2:
        return ()
    least = min(known.values())
    return tuple(sorted(unit for unit, value in known.items() if value == least))
