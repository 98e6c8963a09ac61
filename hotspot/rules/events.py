"""Events by type, with the row that nobody names (A2): printed shares and their printed sum."""

from collections.abc import Mapping
from dataclasses import dataclass

from hotspot.rules.rounding import decimal_half_even, to_decimal


@dataclass(frozen=True)
class Shares:
    """``rows``: (type, n, per cent) with the residual row last; ``printed_sum``, and ``named`` per cent from counts."""

    rows: tuple[tuple[str, int, float], ...]
    total: int
    printed_sum: float
    named: float


def shares(counts: Mapping[str, int], total: int, *, rest: str = "其他") -> Shares:
    """
    Shares of the types that are named, and always the rest.

    Parameters
    ----------
    counts : mapping type -> n, in the order that is printed
    total : int, of all events, named or not
    rest : str, how the residual row is called

    Raises
    ------
    ValueError
        More are named than there are.

    Notes
    -----
    Each share is rounded half to even to two decimals, so the printed ones need not add up to 100 (the sum is told);
    what is named in all is taken from the counts, never from printed shares.

    Examples
    --------
    >>> told = shares({"施工扬尘": 1082, "道路扬尘": 482, "交通污染": 154, "秸秆焚烧": 112}, 3127)
    >>> [per_cent for _, _, per_cent in told.rows], told.printed_sum, told.named
    ([34.6, 15.41, 4.92, 3.58, 41.48], 99.99, 58.52)
    """
    named = sum(counts.values())
    if named > total or min(counts.values(), default=0) < 0:
        raise ValueError(f"{named} events are named, but there are {total}; count again.")

    def per_cent(n):
        return decimal_half_even(to_decimal(n) * 100 / to_decimal(total), 2) if total else to_decimal(0)

    rows = [*counts.items(), (rest, total - named)]
    printed = [per_cent(n) for _, n in rows]
    return Shares(
        tuple((name, n, float(share)) for (name, n), share in zip(rows, printed, strict=True)),
        total,
        float(sum(printed)),
        float(per_cent(named)),
    )
